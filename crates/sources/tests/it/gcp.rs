//! Tests of `gcp`.
