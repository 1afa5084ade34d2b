use super::*;

#[test]
fn values_are_found_by_pointer_whatever_is_beside_them() {
    let record = r#"{"a":{"b.c":[1,{"d":"x"},[],""],"n":null},"a2":true,"e":{}}"#;
    let record = Document::read(record).unwrap();
    let get = |pointer: &str| record.get(pointer).map(Cow::into_owned);
    assert_eq!(get("/a/b.c/0").as_deref(), Some("1"));
    assert_eq!(get("/a/b.c/1/d").as_deref(), Some("x"));
    assert_eq!(get("/a2").as_deref(), Some("true"));
    for nothing in ["/a", "/a/n", "/a/b.c/3", "/a/b.c/4", "/a/b.c/x", "/e", "/e/0", "/z", ""] {
        assert_eq!(get(nothing), None, "{nothing}");
    }
    assert!(record.has("/e") && record.has("/a/n") && !record.has("/e/0"));
    let keys: Vec<_> = record.items("/a").map(View::key).collect();
    assert_eq!(keys, ["b.c", "n"]);
    assert_eq!(record.items("/a/b.c").count(), 4);
}

#[test]
fn a_key_that_comes_twice_is_an_error_as_it_is_of_a_typed_record() {
    let error = Document::read(r#"{"a":1,"b":{"a":1},"a":2}"#).map(|_| ()).unwrap_err();
    assert_eq!(error.kind, crate::RejectKind::NotJson);
    assert!(Document::read(r#"{"a":1,"b":{"a":1}}"#).is_ok());
    assert!(Document::read(r#"{"a":1"#).is_err());
    assert!(Document::read(r#"{"a":1} x"#).is_err());
}

#[test]
fn values_without_number_cost_no_more_than_their_limit() {
    let many = format!(r#"{{"a":[{}],"b":"behind"}}"#, vec!["1"; VALUES_MAX * 2].join(","));
    let record = Document::read(&many).unwrap();
    assert!(record.values.len() <= VALUES_MAX);
    assert_eq!(record.get("/a/7").as_deref(), Some("1"));
    assert_eq!(record.get("/b"), None);
}
