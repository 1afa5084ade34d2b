use super::*;

const RECEIVED_AT: Millis = Millis(1_795_168_800_000);

fn line(text: &str) -> Line<'_> {
    Line::read(text, RECEIVED_AT).unwrap_or_else(|| panic!("{text}"))
}

fn nanos(text: &str) -> i64 {
    crate::time::parse(text).unwrap().nanos
}

#[test]
fn the_examples_of_rfc_5424_are_read() {
    let one = line("<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{feff}'su root' failed");
    assert_eq!((one.priority, one.severity(), one.host), (Some(34), Some(2), Some("mymachine.example.com")));
    assert_eq!((one.app, one.pid, one.id), (Some("su"), None, Some("ID47")));
    assert_eq!(one.message, "'su root' failed");
    let two = line(concat!(
        "<165>1 2003-10-11T22:14:15.003Z host app 8710 - ",
        r#"[exampleSDID@32473 iut="3" text="a \"b\" \] \\ \x"][examplePriority@32473 class="high"] An event"#
    ));
    assert_eq!((two.pid, two.message), (Some("8710"), "An event"));
    let parameters = line::parameters(two.data.unwrap());
    let of: Vec<_> = parameters.iter().map(|(id, name, value)| (*id, *name, value.as_str())).collect();
    assert_eq!(
        of,
        [
            ("exampleSDID@32473", "iut", "3"),
            ("exampleSDID@32473", "text", r#"a "b" ] \ \x"#),
            ("examplePriority@32473", "class", "high"),
        ]
    );
    let bare = line("<165>1 - - - - - [empty]");
    assert_eq!((bare.time, bare.host, bare.message, bare.data), (None, None, "", Some("[empty]")));
}

#[test]
fn what_rfc_3164_found_in_use_is_read() {
    let one = line("<34>Oct 11 22:14:15 mymachine su: 'su root' failed");
    assert_eq!((one.host, one.app, one.message), (Some("mymachine"), Some("su"), "'su root' failed"));
    // The last October before it came.
    assert_eq!(one.time.unwrap().nanos, nanos("2026-10-11T22:14:15Z"));
    assert_eq!(line("Dec  5 01:02:03 h a[7]: m").time.unwrap().nanos, nanos("2025-12-05T01:02:03Z"));
    assert_eq!(line("Feb 29 01:02:03 h a[7]: m").time.unwrap().nanos, nanos("2024-02-29T01:02:03Z"));
    let file = line("2026-11-20T10:41:07.123456+01:00 web-1 sshd[4711]: Accepted");
    assert_eq!(
        (file.app, file.pid, file.time.unwrap().nanos),
        (Some("sshd"), Some("4711"), nanos("2026-11-20T09:41:07.123456Z"))
    );
    let none = line("<13>no header at all");
    assert_eq!((none.time, none.app, none.message), (None, None, "no header at all"));
    assert_eq!(line("<13>app[1]: m").pid, Some("1"));
}

#[test]
fn lines_of_others_are_none() {
    for text in [
        "",
        "hello world",
        "<999>1 x",
        "<>x",
        "<1x>y",
        "<html>",
        "Nov is a month",
        "Nov 20 10:41 x",
        "2026-11-20 10:41:07.000 UTC,\"u\",\"d\",1,\"h:1\",s,1",
        "2026-11-20T10:41:07Z no tag here",
        "{\"a\":1}",
        "CEF: not quite",
    ] {
        assert_eq!(Line::read(text, RECEIVED_AT), None, "{text}");
    }
}

#[test]
fn cef_is_read_with_its_escapes() {
    let text = r"CEF:0|Security\|Inc|threat\\manager|1.0|100|a \| b|10|src=192.0.2.1 suser=alice b act=blocked a \= c dst=x msg=l1\nl2 filePath=C:\\x y=";
    let payload = Payload::read(text).unwrap();
    assert_eq!((payload.vendor.as_ref(), payload.product.as_ref()), ("Security|Inc", r"threat\manager"));
    assert_eq!(
        (payload.id.as_ref(), payload.name.as_deref(), payload.severity.as_deref()),
        ("100", Some("a | b"), Some("10"))
    );
    let any = |name: &str| payload.any(&[name]);
    assert_eq!(any("suser").as_deref(), Some("alice b"));
    assert_eq!(any("act").as_deref(), Some("blocked a = c"));
    assert_eq!(any("msg").as_deref(), Some("l1\nl2"));
    assert_eq!(any("filePath").as_deref(), Some(r"C:\x"));
    assert_eq!((any("y"), any("z")), (None, None));
    assert_eq!(Payload::read("CEF:0|a|b|c|d|e|7"), None, "a field is missing");
}

#[test]
fn leef_is_read_with_any_delimiter() {
    for (text, user) in [
        ("LEEF:1.0|Microsoft|MSExchange|2013 SP1|15345|src=192.0.2.0\tusrName=joe b\tsev=8", "joe b"),
        ("LEEF:2.0|Lancope|StealthWatch|1.0|41|^|src=192.0.2.0^usrName=joe^sev=8", "joe"),
        ("LEEF:2.0|Lancope|StealthWatch|1.0|41|x7C|src=192.0.2.0|usrName=joe|sev=8", "joe"),
        ("LEEF:2.0|Lancope|StealthWatch|1.0|41|src=192.0.2.0\tusrName=a|b\tsev=8", "a|b"),
    ] {
        let payload = Payload::read(text).unwrap();
        assert_eq!(payload.any(&["usrName"]).as_deref(), Some(user), "{text}");
        assert_eq!(payload.severity.as_deref(), Some("8"), "{text}");
        assert_eq!(payload.any(&["SRC"]).as_deref(), Some("192.0.2.0"));
    }
}

#[test]
fn json_behind_a_header_is_what_its_own_module_reads() {
    assert_eq!(object(r#"<134>1 2026-11-20T10:41:07Z h vault 1 - - {"a":1}"#), Some(r#"{"a":1}"#));
    assert_eq!(object(r#"<134>Nov 20 10:41:07 h vault[1]: @cee: {"a":1}"#), Some(r#"{"a":1}"#));
    assert_eq!((object(r#"{"a":1}"#), object("<134>x {")), (None, None));
}
