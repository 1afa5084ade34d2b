//! Tests of `ocsf`.
