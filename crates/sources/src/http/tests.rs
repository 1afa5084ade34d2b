use super::line;
use super::xfcc::{self, Element};

#[test]
fn a_header_is_read_hop_by_hop() {
    let header = concat!(
        "By=spiffe://w.example/ns/a/sa/gw;Hash=00ff;Subject=\"CN=a, OU=\\\"b;c\\\"\";URI=spiffe://w.example/ns/a/sa/web,",
        "By=spiffe://w.example/ns/a/sa/pay;URI=;URI=spiffe://w.example/ns/a/sa/gw;DNS=x"
    );
    let hops = xfcc::read(header);
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        hops,
        [
            Element {
                by: text("spiffe://w.example/ns/a/sa/gw"),
                uri: text("spiffe://w.example/ns/a/sa/web"),
                hash: text("00ff"),
                subject: text("CN=a, OU=\"b;c\""),
            },
            Element {
                by: text("spiffe://w.example/ns/a/sa/pay"),
                uri: text("spiffe://w.example/ns/a/sa/gw"),
                ..Element::default()
            },
        ]
    );
    for odd in ["", ",", ";=;", "By", "\"", "By=\"x", ",,,;;;"] {
        let _ = xfcc::read(odd);
    }
}

#[test]
fn lines_of_others_are_none() {
    for text in [
        "",
        "GET / HTTP/1.1",
        "10.0.0.1 - - [13/Jan/2016:19:31:16 +0000] \"GET / HTTP/1.1\" OK 1",
        "10.0.0.1 - - [yesterday] \"GET / HTTP/1.1\" 200 1",
        "10.0.0.1 - - [13/Jan/2016:19:31:16 +0000] GET / 200 1",
        "10.0.0.1 - - [13/Jan/2016:19:31:16 +0000] \"GET / HTTP/1.1\" 200 many",
        "10.0.0.1 - - [13/Jan/2016:19:31:16 +0000] \"GET / HTTP/1.1\" 200 1 more",
        "Nov 29 07:01:43 wharf-1 app: [1] \"x\" 200 1",
        "some words [13/Jan/2016:19:31:16 +0000] \"GET / HTTP/1.1\" 200 1",
    ] {
        assert!(line::read(text).is_none(), "{text}");
    }
}

#[test]
fn requests_with_quotes_in_them_and_cut_lines_are_read() {
    let call =
        line::read(r#"::1 - a b [13/Jan/2016:19:31:16 +0200] "GET /?q="200 1" HTTP/1.0" 404 9 "-" "cut"#).unwrap();
    assert_eq!((call.user.as_deref(), call.status.as_deref(), call.truncated), (Some("a b"), Some("404"), true));
    assert_eq!(call.target.as_deref(), Some(r#"/?q="200 1""#));
}
