//! Tests of `gcp`.

use crate::golden;

#[test]
fn goldens() {
    golden::all("gcp", 18);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("gcp", 3);
}
