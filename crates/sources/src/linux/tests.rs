use super::audit;
use super::ssh::Proof;

#[test]
fn a_certificate_is_its_authoritys_by_its_serial_number() {
    let text = "ED25519-CERT SHA256:i+FB ID deploy (serial 9) bot (serial 7301) CA ED25519 SHA256:zF3u";
    let proof = Proof::read(text).unwrap();
    // What stands in the id is free text, a serial number too.
    assert_eq!(
        (proof.key_id, proof.serial, proof.authority),
        (Some("deploy (serial 9) bot"), Some("7301"), Some("zF3u"))
    );
    assert_eq!(proof.credential().uri, "nhi:cred:ssh:zF3u:cert/7301");
    let unnumbered = Proof { serial: Some("0"), ..proof };
    assert_eq!(unnumbered.credential().uri, "nhi:cred:ssh:zF3u:cert-key-id/~deploy%20%28serial%209%29%20bot");
    assert_eq!(Proof::read("ED25519 SHA256:uJdB").unwrap().credential().uri, "nhi:cred:ssh:self:key/uJdB");
    assert_eq!(Proof::read("nothing of the kind"), None);
}

#[test]
fn records_of_the_audit_subsystem_are_told_from_other_lines() {
    for text in [
        "type=A msg=audit(1.0:1): x=1",
        "node=h type=A msg=audit(1.0:1):",
        "msg=audit(1.0:1): a",
        "type= msg=audit(1.0:1): a",
    ] {
        assert!(audit::begins(text), "{text}");
    }
    for text in ["type=A", "type=A message", "msg=hello", "node=h", "time->Sun", "----"] {
        assert!(!audit::begins(text), "{text}");
    }
    assert_eq!(audit::in_syslog("[1.2] audit: type=1400 audit(1.0:1): a=b"), Some("type=1400 audit(1.0:1): a=b"));
    assert_eq!(audit::in_syslog("audit: rate limit exceeded"), None);
}
