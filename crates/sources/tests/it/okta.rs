//! Tests of `okta`.
