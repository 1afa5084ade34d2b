//! From a delivery to its records.
