//! Tests of `github`.
