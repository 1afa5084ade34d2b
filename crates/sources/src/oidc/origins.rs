//! Where the columns of a provider and of its keys come from.

use crate::{Origin, origin};

pub(super) static ORIGINS: &[Origin] = &[
    origin("authority", &["/issuer"]),
    origin("inventory_uri", &["/thumbprint", "/issuer"]),
    origin("inventory_name", &["/jwk/kid", "/jwk/alg", "/issuer"]),
    origin("inventory_purpose", &["/jwk/use"]),
    origin("inventory_state", &["/state"]),
];
