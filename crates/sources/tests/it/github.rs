//! Tests of `github`.

use crate::golden;

#[test]
fn goldens() {
    golden::all("github", 18);
}

#[test]
fn a_refused_act_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("github", 2);
}
