//! Where the columns come from: values of a line have no names, so their place is told.

use crate::{Origin, origin};

/// The number of the value, from 0, as in a list.
pub(super) static ORIGINS: &[Origin] = &[
    origin("inventory_uri", &["/0"]),
    origin("inventory_name", &["/0"]),
    origin("inventory_owners", &["/1"]),
    origin("inventory_team", &["/2"]),
    origin("inventory_purpose", &["/3"]),
    origin("inventory_sensitivity", &["/4"]),
    origin("inventory_kind", &["/5"]),
    origin("inventory_is_human", &["/5"]),
    origin("inventory_state", &["/6"]),
];
