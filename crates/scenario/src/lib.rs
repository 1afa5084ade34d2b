//! Native logs of a fictional company with ground truth, by seed.
