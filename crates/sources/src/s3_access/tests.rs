use super::record::{begins, key_of_query, of_line, rfc3339};

#[test]
fn a_quote_in_a_user_agent_does_not_end_it() {
    let line = r#"79a59df900b949e55d96 b [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - R REST.GET.OBJECT k "GET /k HTTP/1.1" 200 - 1 1 1 1 "-" "a"b c" - hostid SigV4 - - h TLSv1.2"#;
    let access = of_line(line).unwrap();
    assert_eq!(access.user_agent.as_deref(), Some("a\"b c"));
    assert_eq!(access.tls_version.as_deref(), Some("TLSv1.2"));
    assert!(begins(line));
    assert!(!begins("79a59df900b949e55d96 b 192.0.2.3"));
    assert!(of_line("79a59df900b949e55d96 b [06/Feb/2019:00:00:38 +0000] 192.0.2.3").is_none());
}

#[test]
fn a_time_in_brackets_is_read_with_its_zone() {
    assert_eq!(rfc3339("[06/Feb/2019:00:00:38 +0000]").as_deref(), Some("2019-02-06T00:00:38+00:00"));
    assert_eq!(rfc3339("06/Foo/2019:00:00:38 +0000"), None);
}

#[test]
fn of_a_signed_url_only_the_id_of_the_key_is_taken() {
    let uri = "GET /k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261120%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Signature=00 HTTP/1.1";
    assert_eq!(key_of_query(uri).as_deref(), Some("AKIAIOSFODNN7EXAMPLE"));
    assert_eq!(
        key_of_query("GET /k?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x HTTP/1.1").as_deref(),
        Some("AKIAIOSFODNN7EXAMPLE")
    );
    assert_eq!(key_of_query("GET /k?X-Amz-Credential=a%20b HTTP/1.1"), None);
}
