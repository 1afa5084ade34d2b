//! Tests of `vault`.
