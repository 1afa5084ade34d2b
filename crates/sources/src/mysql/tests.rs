use super::{about_the_trail, account, record};

#[test]
fn the_account_of_a_statement_is_found_without_its_host() {
    for (statement, verb, name) in [
        ("create user 'app'@'127.0.0.1' identified by x", "CREATE", "app"),
        ("CREATE USER IF NOT EXISTS `a b`@`%`", "CREATE", "a"),
        ("drop user if exists app", "DROP", "app"),
        ("grant select on shop.* to 'app'@'%'", "GRANT", "app"),
        ("REVOKE ALL ON *.* FROM \"app\"@\"%\"", "REVOKE", "app"),
        ("SET PASSWORD FOR 'app'@'%' = x", "SET", "app"),
    ] {
        assert_eq!(account(statement, verb).as_deref(), Some(name), "{statement}");
    }
}

#[test]
fn statements_about_the_trail_are_told_from_others() {
    let of = |text: &str| {
        let words: Vec<String> = text.split_whitespace().map(str::to_ascii_uppercase).collect();
        about_the_trail(&words, text).map(|(activity, _)| activity)
    };
    assert_eq!(of("set global server_audit_logging=OFF"), Some(10));
    assert_eq!(of("set global server_audit_logging = 1"), Some(9));
    assert_eq!(of("set global server_audit_excl_users='x'"), Some(99));
    assert_eq!(of("UNINSTALL PLUGIN audit_log"), Some(10));
    assert_eq!(of("select * from audit_trail"), None);
    assert_eq!(of("insert into t values ('audit')"), None);
}

#[test]
fn lines_of_others_are_none() {
    for text in [
        "",
        "20261129 07:08:35,h,u,c,1,2,SELECT,,,0",
        "20261129 07:08,h,u,c,1,2,QUERY,,,0",
        "2026-11-20 10:41:07.000 UTC,\"u\",\"d\",1,\"h:1\",s,1,\"SELECT\"",
        "1,2,3,4,5,6,READ,8,9,0",
    ] {
        assert!(!record::begins(text), "{text}");
    }
    assert!(record::begins("1795936115123456,h,u,c,1,2,READ,a,b,"));
}
