//! Tidy tests: what a reader may rely on in this repository, kept by tests in `tests/it`.
