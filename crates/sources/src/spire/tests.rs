use super::facts::hex_of_decimal;
use crate::spiffe;

#[test]
fn a_serial_number_has_one_form_in_every_notation() {
    // The same number, converted by an independent calculator.
    let decimal = hex_of_decimal("214933908099603316458134831733103562640").unwrap();
    assert_eq!(decimal, "a1b2c3d4e5f60718293a4b5c6d7e8f90");
    assert_eq!(spiffe::hex("00:a1:B2:c3:d4:e5:f6:07:18:29:3a:4b:5c:6d:7e:8f:90"), decimal);
    for (text, hex) in [("0", Some("0")), ("16", Some("10")), ("", None), ("1f", None), ("-1", None)] {
        assert_eq!(hex_of_decimal(text).as_deref(), hex, "{text}");
    }
    assert_eq!(hex_of_decimal(&"9".repeat(65)), None);
}

#[test]
fn what_is_no_spiffe_id_has_no_uri() {
    let uri = spiffe::principal("spiffe://Example.org/ns/prod/sa/api").unwrap();
    assert_eq!(uri, "nhi:principal:spiffe:example.org:workload/ns/prod/sa/api");
    let domain = spiffe::principal("spiffe://example.org").unwrap();
    assert_eq!(domain, "nhi:principal:spiffe:example.org:trust-domain/example.org");
    for text in ["", "spiffe://", "https://example.org/x", "spiffe://a b/c", "spiffe://u@h/c"] {
        assert_eq!(spiffe::principal(text), None, "{text}");
    }
}
