//! Times and names in the forms that platforms write.

use super::*;

#[test]
fn times_are_read_in_every_form() {
    let expected = 1_790_675_467_000_000_000;
    for text in [
        "2026-09-29T09:51:07Z",
        "2026-09-29 09:51:07",
        "2026-09-29 02:51:07 -0700",
        "2026-09-29 09:51:07.000000000",
        "2026-09-29 09:51:07 UTC",
        "1790675467",
        "1790675467000",
        "1790675467.0",
        "20260929095107.000",
        "20260929095107",
    ] {
        assert_eq!(instant(text).map(|parsed| parsed.nanos), Some(expected), "{text}");
    }
    assert_eq!(instant("1790675467.25").map(|parsed| parsed.nanos), Some(1_790_675_467_250_000_000));
    for text in ["", "0", "yesterday", "x.y", "1.x"] {
        assert_eq!(instant(text), None, "{text}");
    }
}

#[test]
fn types_have_one_spelling() {
    for (native, kind) in [
        ("OrgMember", "org-member"),
        ("ORG_MEMBER", "org-member"),
        ("org member", "org-member"),
        ("REALM_ROLE_MAPPING", "realm-role-mapping"),
        ("APIToken", "api-token"),
        ("SAMLIdentityProvider", "saml-identity-provider"),
        ("__", "object"),
        ("oauth2Client", "oauth2-client"),
    ] {
        assert_eq!(kebab(native), kind);
    }
}
