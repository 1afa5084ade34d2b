#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::*;

fn spelled(text: &str) -> Option<String> {
    Dn::parse(text).map(|dn| dn.text)
}

#[test]
fn spellings_of_one_name_are_one() {
    for (one, other) in [
        ("CN=Steve Kille,O=Isode Limited,C=GB", "cn=steve  kille, o = Isode Limited ,c=gb"),
        ("UID=jsmith+CN=J.  Smith,DC=example,DC=net", "cn=J. Smith+uid=jsmith,dc=example,dc=net"),
        (r"CN=Before\0dAfter,DC=example", "cn=before\\0Dafter,dc=example"),
        (r"CN=Lu\C4\8Di\C4\87", "cn=Lučić"),
        (r"cn=Smith\, James,o=x", r"CN=Smith\2C James,O=X"),
        ("1.3.6.1.4.1.1466.0=#04024869", "OID.1.3.6.1.4.1.1466.0=\\#04024869"),
    ] {
        assert_eq!(spelled(one).unwrap(), spelled(other).unwrap(), "{one} and {other}");
    }
    assert_ne!(spelled("cn=a,o=b"), spelled("o=b,cn=a"), "the order of relative names counts");
    assert_ne!(spelled(r"cn=a\,o=b"), spelled("cn=a,o=b"));
    assert_ne!(spelled(r"cn=a\ "), spelled("cn=a"), "an escaped blank counts");
}

#[test]
fn a_spelling_is_its_own() {
    for text in [r"cn=smith\, james,ou=r\+d\;x,dc=example", r"cn=\#a\\b\=c\ ", "cn=a+uid=b,dc=x"] {
        let once = spelled(text).unwrap();
        assert_eq!(spelled(&once).as_ref(), Some(&once), "{text}");
    }
}

#[test]
fn what_is_no_name_is_none() {
    for text in ["", "cn", "=x", "cn=a,", "cn=a\\", "cn=a\\4", "cn=\\ff", "c n=a", "cn=a,,o=b"] {
        assert_eq!(spelled(text), None, "{text:?}");
    }
}

#[test]
fn a_security_identifier_is_read_from_its_bytes() {
    // S-1-5-21-1004336348-1177238915-682003330-512, of Microsoft's documentation.
    let bytes = [
        1, 5, 0, 0, 0, 0, 0, 5, 0x15, 0, 0, 0, 0xdc, 0xf4, 0xdc, 0x3b, 0x83, 0x3d, 0x2b, 0x46, 0x82, 0x8b, 0xa6, 0x28,
        0, 2, 0, 0,
    ];
    assert_eq!(sid(&bytes).unwrap(), "S-1-5-21-1004336348-1177238915-682003330-512");
    assert_eq!(sid(&bytes[..27]), None, "cut");
    assert_eq!(sid(&[1, 255, 0, 0, 0, 0, 0, 5]), None, "fewer parts than it says");
}

#[test]
fn times_of_directories_are_read() {
    assert_eq!(generalized("20261120104107Z"), Some(1_795_171_267_000_000_000));
    assert_eq!(generalized("20261120104107.0Z"), Some(1_795_171_267_000_000_000));
    assert_eq!(generalized("2026-11-20"), None);
    assert_eq!(since_1601("134396448670000000"), Some(1_795_171_267_000_000_000));
    for never in ["0", "9223372036854775807", "-1", "x"] {
        assert_eq!(since_1601(never), None, "{never}");
    }
}
