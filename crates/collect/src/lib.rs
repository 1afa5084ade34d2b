//! Files, folders, globs and stdin: positions, splitting, scrubbing, backpressure.
