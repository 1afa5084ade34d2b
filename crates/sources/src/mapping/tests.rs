//! The language of mapping files: what it reads, and what it refuses with which words.

use model::Status;

use super::{FILE_BYTES_MAX, ITEMS_MAX, Mapping, Mappings, PATH_STEPS_MAX, ROWS_MAX};
use crate::{Context, Probe, RejectKind, Scratch};

const BASE: &str = r#"
platform = "test-acme"
recognise = ["/type"]
[event]
api_operation = "/type"
[act.rows]
"*" = "6003/99 other"
"#;

fn compiled(more: &str) -> Mapping {
    let text = format!("{BASE}{more}");
    Mapping::compile(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn read(more: &str, record: &str) -> serde_json::Value {
    let mapping = compiled(more);
    let event = mapping.normalise(record, &Context::default()).unwrap();
    serde_json::to_value(&event).unwrap()
}

fn refused(text: &str) -> String {
    Mapping::compile(text).map(|mapping| mapping.name()).unwrap_err().to_string()
}

#[test]
fn what_is_wrong_is_said_with_line_key_value_and_remedy() {
    let long = "x".repeat(FILE_BYTES_MAX + 1);
    let deep = format!("/a{}", "/a".repeat(PATH_STEPS_MAX));
    let rows: String = (0..=ROWS_MAX).map(|row| format!("\"r{row}\" = \"6003/1 create\"\n")).collect();
    for (text, said) in [
        (
            long,
            format!(
                "line 1: the file has {} bytes, limit is {FILE_BYTES_MAX}; split it by platform",
                FILE_BYTES_MAX + 1
            ),
        ),
        ("platform = ".to_owned(), "line 1: not TOML: ".to_owned()),
        (
            "platform = \"gitlab\"".to_owned(),
            "line 1: platform: `gitlab` is taken by the product itself; take another name".to_owned(),
        ),
        (
            "platform = \"A b\"".to_owned(),
            "line 1: platform: `A b` is no name: 1 to 32 of a to z, digits and dashes".to_owned(),
        ),
        ("platform = \"test-x\"".to_owned(), "`recognise` is missing".to_owned()),
        (
            "platform = \"test-x\"\nrecognise = [{ value = \"/a\", exists = false }]".to_owned(),
            "line 2: recognise: says of no path that it is there".to_owned(),
        ),
        (
            BASE.replace("[event]", "[event]\nsrc_up = \"/ip\""),
            "line 5: event.src_up: `src_up` is no key of a mapping file at this place; did you mean `src_ip`?"
                .to_owned(),
        ),
        (
            BASE.replace("[event]", "[event]\nsrc_ip = \"$ip\""),
            "`$ip` is no value named before this place; there: ".to_owned(),
        ),
        (
            BASE.replace("[event]", &format!("[event]\nsrc_ip = \"{deep}\"")),
            format!("has {} steps, limit is {PATH_STEPS_MAX}", PATH_STEPS_MAX + 1),
        ),
        (
            BASE.replace("[event]", "[event]\nsrc_ip = \"/a/*/ip\""),
            "has one value for each item of a list; say which item (`/a/0`), or look at all with `each = \"/a/*\"`"
                .to_owned(),
        ),
        (
            BASE.replace("[event]", "[event]\nsrc_port = \"http\""),
            "\"http\" is not what the column takes, a port".to_owned(),
        ),
        (
            BASE.replace("[event]", "[event]\ntime = { value = \"/at\", format = \"%H:%M\" }"),
            "says no time: year, month, day and hour are wanted".to_owned(),
        ),
        (BASE.replace("\"*\" =", "\"login\" ="), "has no row `\"*\"`".to_owned()),
        (BASE.replace("6003/99 other", "6003 other"), "line 7: act.rows.*: \"6003 other\" has no class".to_owned()),
        (
            BASE.replace("6003/99 other", "6003/99 peek"),
            "\"peek\" in \"6003/99 peek\" is none of: read, create".to_owned(),
        ),
        (format!("{BASE}{rows}"), format!("has row {} of the file, limit is {ROWS_MAX}", ROWS_MAX + 2)),
        (format!("{BASE}[[actor]]\nuri = \"user\""), "\"user\" names nothing; write `type/{/path}`".to_owned()),
        (
            format!("{BASE}[[actor]]\nuri = \"user/{{/id}}\"\nhuman = \"human\""),
            "says `human` but not by which `rule`".to_owned(),
        ),
        (
            format!("{BASE}[[resource]]\neach = \"/a\"\nuri = \"x/{{/id}}\""),
            "`/a` names no items: the path of a list ends with /*".to_owned(),
        ),
        (format!("{BASE}[[resource]]\nuri = \"x/{{/a/*/b/*/c}}\""), "has two `*`, limit is one".to_owned()),
    ] {
        let error = refused(&text);
        assert!(error.contains(&said), "{error}\nwanted: {said}");
    }
}

#[test]
fn a_value_is_the_first_that_is_there() {
    let more = "[[resource]]\nuri = \"x/{/id}\"\nname = [{ value = \"/a\", when = { value = \"/k\", is = [\"p*\", \"q\"] } }, \"/b\", \"none\"]\n";
    let name = |record: &str| read(more, record)["resources"][0]["name"].clone();
    assert_eq!(name(r#"{"type":"t","id":1,"k":"park","a":"A","b":"B"}"#), "A");
    assert_eq!(name(r#"{"type":"t","id":1,"k":"q","a":"","b":"B"}"#), "B", "an empty text is nothing");
    assert_eq!(name(r#"{"type":"t","id":1,"k":"r","a":"A"}"#), "none");
}

#[test]
fn texts_are_cut_and_looked_up() {
    let value = |value: &str, text: &str| {
        let more = format!("[[change]]\nfield = \"f\"\nafter = {value}\n");
        let record = serde_json::json!({ "type": "t", "d": text }).to_string();
        read(&more, &record)["changes"].get(0).map(|change| change["after"].clone()).unwrap_or_default()
    };
    assert_eq!(value(r#"{ value = "/d", after = "from ", before = " to" }"#, "set from On to Off"), "On");
    assert_eq!(value(r#"{ value = "/d", after = "from " }"#, "set to Off"), serde_json::Value::Null);
    assert_eq!(value(r#"{ value = "/d", kebab = true }"#, "ProtectedEnvironment_Key"), "protected-environment-key");
    let table = r#"{ value = "/d", table = { "a*" = "begins", "*z" = "ends", "*mid*" = "has", "abc" = "exact", "ab*" = "longer" } }"#;
    for (text, row) in [("abc", "exact"), ("abd", "longer"), ("ax", "begins"), ("xz", "ends"), ("xmidx", "has")] {
        assert_eq!(value(table, text), row);
    }
}

#[test]
fn times_come_in_the_forms_that_are_named() {
    let time = |format: &str, at: &str| {
        let text = BASE.replace("[event]", &format!("[event]\ntime = {{ value = \"/at\"{format} }}"));
        let record = format!(r#"{{"type":"t","at":{at}}}"#);
        Mapping::compile(&text).unwrap().normalise(&record, &Context::default()).unwrap().time
    };
    let second = 1_788_422_722_000_000_000;
    for (format, at) in [
        ("", "\"2026-09-03T08:05:22Z\""),
        ("", "1788422722"),
        ("", "1788422722000"),
        (", format = \"epoch-s\"", "\"1788422722.0\""),
        (", format = \"epoch-ms\"", "1788422722000"),
        (", format = \"epoch-us\"", "1788422722000000"),
        (", format = \"epoch-ns\"", "1788422722000000000"),
        (", format = \"%d/%m/%Y %H:%M:%S\"", "\"03/09/2026 08:05:22\""),
        (", format = [\"epoch\", \"%d/%m/%Y %H:%M:%S %z\"]", "\"03/09/2026 10:05:22 +0200\""),
    ] {
        assert_eq!(time(format, at), Some(second), "{format} {at}");
    }
    assert_eq!(time(", format = \"epoch-s\"", "\"1788422722.25\""), Some(second + 250_000_000));
    assert_eq!(time(", format = \"epoch-s\"", "\"yesterday\""), None);
}

#[test]
fn items_of_a_list_stay_together_and_a_long_list_is_said() {
    let more = "[[resource]]\neach = \"/o/*\"\nuri = \"{/o/*/t}/{/o/*/i}\"\nname = \"/first\"\n[[resource]]\nuri = \"main/{/o/0/i}\"\n";
    let event = read(more, r#"{"type":"t","first":"f","o":[{"t":"A","i":1},{"i":2},{"t":"B","i":3}]}"#);
    let uris: Vec<_> = event["resources"].as_array().unwrap().iter().map(|r| r["uri"].as_str().unwrap()).collect();
    let of = |rest: &str| format!("nhi:resource:test-acme:unknown:{rest}");
    assert_eq!(uris, [of("a/1"), of("b/3"), of("main/1")]);
    assert_eq!(event["quality"]["truncated"], false);
    let alone = read(more, r#"{"type":"t","o":{"t":"A","i":1}}"#);
    assert_eq!(alone["resources"][0]["uri"], of("a/1"), "a lone object is a list of one");
    let many: Vec<_> = (0..=ITEMS_MAX).map(|i| serde_json::json!({ "t": "a", "i": i })).collect();
    let event = read(more, &serde_json::json!({ "type": "t", "o": many }).to_string());
    assert_eq!(event["resources"].as_array().unwrap().len(), ITEMS_MAX + 1);
    assert_eq!(event["quality"]["truncated"], true);
    let whole: Vec<_> = (0..ITEMS_MAX).map(|i| serde_json::json!({ "t": "a", "i": i })).collect();
    let event = read(more, &serde_json::json!({ "type": "t", "o": whole }).to_string());
    assert_eq!(event["quality"]["truncated"], false);
}

#[test]
fn json_inside_of_a_text_is_read_as_if_it_stood_there() {
    let text =
        BASE.replace("[event]", "[event]\nsrc_ip = \"/d/ip\"").replace("recognise", "inside = [\"/d\"]\nrecognise");
    let mapping = Mapping::compile(&text).unwrap();
    let ip = |record: &str| {
        let event = mapping.normalise(record, &Context::default()).unwrap();
        event.src.ip.map(std::borrow::Cow::into_owned)
    };
    assert_eq!(ip(r#"{"type":"t","d":"{\"ip\":\"::1\"}"}"#).as_deref(), Some("::1"));
    assert_eq!(ip(r#"{"type":"t","d":{"ip":"::1"}}"#).as_deref(), Some("::1"));
    assert_eq!(ip(r#"{"type":"t","d":"{broken"}"#), None);
}

#[test]
fn a_failed_call_issues_nothing_and_an_unproved_actor_is_a_claim() {
    let more = "[outcome]\nby = \"/ok\"\nrows = { \"true\" = \"success\", \"false\" = \"failure\" }\n\
        [[actor]]\nuri = \"user/{/u}\"\nkind = \"human\"\nhuman = \"human\"\nrule = \"R1:test\"\nunproved = { value = \"$status\", is = \"failure\" }\n\
        [[issued_credential]]\nuri = \"key/{/k}\"\nholder = \"actor\"\n[[alias]]\na = \"actor\"\nb = { principal = \"user/~{/n}\" }\nrel = \"same_as\"\nrule = \"test:u+n\"\n";
    let good = read(more, r#"{"type":"t","ok":true,"u":"7","k":"9","n":"mira"}"#);
    assert_eq!(good["actor"]["uri"], "nhi:principal:test-acme:unknown:user/7");
    assert_eq!(good["issued_credential"]["uri"], "nhi:cred:test-acme:unknown:key/9");
    assert_eq!(good["aliases"].as_array().unwrap().len(), 2);
    let bad = read(more, r#"{"type":"t","ok":false,"u":"7","k":"9","n":"mira"}"#);
    assert_eq!(bad["actor"]["uri"], "nhi:principal:test-acme:unknown:user/?7");
    assert_eq!((bad["actor"]["kind"].as_str(), bad["actor"]["rule"].as_str()), (Some("unknown"), Some("default")));
    assert_eq!((&bad["issued_credential"], bad["aliases"].as_array().unwrap().len()), (&serde_json::Value::Null, 0));
}

#[test]
fn lines_of_pairs_and_of_csv_are_read_too() {
    let pairs = BASE
        .replace("recognise", "format = \"key-value\"\nrecognise")
        .replace("[event]", "[event]\nsrc_ip = \"/ip\"\npurpose_reason = \"/why\"");
    let mapping = Mapping::compile(&pairs).unwrap();
    let event =
        mapping.normalise(r#"audit: type=login ip=::1 why="it is \"late\", ok" x"#, &Context::default()).unwrap();
    assert_eq!((event.api.operation.as_deref(), event.src.ip.as_deref()), (Some("login"), Some("::1")));
    assert_eq!(event.purpose.reason.as_deref(), Some(r#"it is "late", ok"#));
    assert!(!mapping.recognises(&Probe::new("ip=::1")) && !mapping.recognises(&Probe::new(r#"{"type":"t"}"#)));
    let csv = pairs.replace("key-value\"", "csv\"\nseparator = \";\"\ncolumns = [\"type\", \"ip\", \"why\"]");
    let mapping = Mapping::compile(&csv).unwrap();
    let event = mapping.normalise("login;::1;\"a; \"\"b\"\"\"\r", &Context::default()).unwrap();
    assert_eq!(event.purpose.reason.as_deref(), Some("a; \"b\""));
    for (line, why) in
        [("type;ip;why", "the names of the columns, no record"), ("a;b", "2 values, the mapping has 3 columns")]
    {
        let reject = mapping.normalise(line, &Context::default()).unwrap_err();
        assert_eq!((reject.kind, reject.detail), (RejectKind::Shape, format!("no record of test-acme: {why}")));
    }
}

#[test]
fn an_own_mapping_hides_that_of_the_product_until_it_is_removed() {
    let mut mappings = Mappings::shipped().clone();
    let names =
        |mappings: &Mappings| mappings.iter().map(|(mapping, shipped)| (mapping.name(), shipped)).collect::<Vec<_>>();
    let before = names(&mappings);
    let own = BASE.replace("test-acme", "zoom");
    mappings.set(Mapping::compile(&own).unwrap());
    mappings.set(compiled(""));
    assert_eq!(names(&mappings).first(), Some(&("zoom", false)));
    assert_eq!(names(&mappings).iter().filter(|(name, _)| *name == "zoom").count(), 1);
    mappings.arrange(["test-acme", "zoom"].into_iter());
    assert_eq!(names(&mappings).first(), Some(&("test-acme", false)));
    assert!(mappings.remove("zoom") && mappings.remove("test-acme") && !mappings.remove("asana"));
    assert_eq!(names(&mappings), before);
}

#[test]
fn repeated_keys_are_said_and_the_last_one_counts() {
    let mut mappings = Mappings::shipped().clone();
    mappings.set(compiled("[outcome]\nby = \"/ok\"\nrows = { \"yes\" = \"success\" }\n"));
    let context = Context { mappings: &mappings, ..Context::default() };
    let mut scratch = Scratch::default();
    let event = crate::normalise(br#"{"type":"t","ok":"no","ok":"yes"}"#, &context, &mut scratch).unwrap();
    assert_eq!((event.status, event.quality.duplicate_keys), (Status::Success, true));
}

#[test]
fn the_normaliser_is_named_by_the_mappings_too() {
    let none = crate::normaliser(std::iter::empty());
    let one = crate::normaliser([("acme", "00")].into_iter());
    assert!(none != one && one != crate::normaliser([("acme", "01")].into_iter()));
}
