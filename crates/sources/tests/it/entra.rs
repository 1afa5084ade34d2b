//! Tests of `entra`.
