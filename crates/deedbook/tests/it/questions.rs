//! What the questions about attribution answer over the incident of the demo, through the real binary.

use serde_json::Value;

use crate::Bench;

/// Midnight of the day of the incident.
const DAY_MS: i64 = 1_793_577_600_000;

/// Everything that was ever written, as of the end of the day of the incident.
const ALL: [&str; 2] = ["--until", "2026-11-02T23:00:00Z"];

fn incident() -> Bench {
    let bench = Bench::new();
    scenario::incident::write(&bench.path("logs"), DAY_MS).unwrap();
    bench.ingest(&["logs"]);
    bench
}

fn asked(bench: &Bench, arguments: &[&str]) -> Value {
    let ran = bench.run(&[arguments, &["-o", "json"], &ALL].concat());
    assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(value["completeness"]["state"], "not-judged", "no server listened");
    assert!(value["pin"].as_str().is_some_and(|pin| pin.contains(".r")), "{}", value["pin"]);
    value
}

/// The answer about the read of November's export.
fn november(bench: &Bench) -> Value {
    let answer = asked(bench, &["who", "s3://payroll-exports", "--limit", "50"]);
    let events = answer["answer"]["events"].as_array().unwrap().clone();
    // The same file is read by a second route, with a key that never ends.
    let reads = |event: &&Value| {
        event["resources"].to_string().contains("2026-11.csv")
            && event["with"].to_string().contains("ASIAHALDENEXPORT007F")
    };
    events.iter().find(reads).unwrap_or_else(|| panic!("no read of 2026-11.csv among {}", events.len())).clone()
}

#[test]
fn who_tells_the_whole_chain_of_the_incident() {
    let bench = incident();
    let who = november(&bench);
    assert_eq!(who["granted_by"]["verdict"], "OUTSIDE_WINDOW", "{who:#}");
    assert!(who["on_behalf_of"].to_string().contains("alice.berg"), "{:#}", who["on_behalf_of"]);
    assert!(!who["minted_by"].as_array().unwrap().is_empty());
    for hop in who["minted_by"].as_array().unwrap() {
        assert!(hop["tier"].as_str().is_some_and(|tier| tier.starts_with('L')), "{hop}");
        assert!(hop["evidence"]["event_id"].is_string() && hop["evidence"]["source_event_id"].is_string(), "{hop}");
    }
    let text = bench.run(&[&["who", "s3://payroll-exports", "--limit", "50"][..], &ALL].concat()).out;
    for said in ["executed by", "minted by", "on behalf of", "OUTSIDE_WINDOW", "pin: "] {
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
}

#[test]
fn whatever_is_pasted_leads_to_the_same_event() {
    let bench = incident();
    let who = november(&bench);
    let id = who["event"]["event_id"].as_str().unwrap();
    let key = who["with"]["credential"].as_str().unwrap();
    let native = key.rsplit('/').next().unwrap();
    let source_id = who["event"]["source_event_id"].as_str().unwrap();
    for text in [id, key, native, source_id, "arn:aws:s3:::payroll-exports"] {
        let answer = asked(&bench, &["who", text]);
        let ids = answer["answer"]["events"].to_string();
        assert!(ids.contains(id), "{text} does not lead to {id}");
    }
    let alert = format!("{{\"alert\": {{\"detail\": [\"{source_id}\"], \"severity\": 8}}}}");
    let ran = bench.run_with(&[&["who", "-", "-o", "json"][..], &ALL].concat(), alert.as_bytes());
    assert!(ran.out.contains(id), "{}{}", ran.out, ran.err);
}

#[test]
fn an_answer_is_repeated_by_its_pin_while_the_log_grows() {
    let bench = incident();
    let ask = |at: Option<&str>| {
        let pin = at.map(|pin| vec!["--at", pin]).unwrap_or_default();
        let ran = bench.run(&[&["who", "s3://payroll-exports", "--since", "300d", "-o", "json"][..], &pin].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        (ran.out.clone(), serde_json::from_str::<Value>(&ran.out).unwrap()["pin"].as_str().unwrap().to_owned())
    };
    let (first, pin) = ask(None);
    let copies = std::fs::read_dir(bench.path("logs/okta")).unwrap().next().unwrap().unwrap().path();
    let later = std::fs::read_to_string(copies).unwrap().replace("2026-11-02T", "2026-11-03T");
    bench.put("later.log", later);
    bench.ingest(&["later.log"]);
    assert_ne!(ask(None).1, pin);
    assert_eq!(ask(Some(&pin)).0, first);
    let other = pin.replace(".r", "0.r");
    let ran = bench.run(&["who", "x", "--at", &other]);
    assert!(ran.code == Some(2) && ran.err.contains("pin"), "{}", ran.err);
}

#[test]
fn the_grant_of_the_incident_is_proved_use_by_use() {
    let bench = incident();
    let who = november(&bench);
    let grant = who["granted_by"]["uri"].as_str().unwrap();
    let by_id = grant.rsplit('/').next().unwrap();
    for text in [grant, by_id] {
        let answer = asked(&bench, &["jit", "prove", text]);
        let verdicts: Vec<&str> = answer["answer"]["uses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|proof| proof["verdict"].as_str().unwrap())
            .collect();
        assert!(verdicts.contains(&"OUTSIDE_WINDOW") && verdicts.len() > 1, "{text}: {verdicts:?}");
    }
    let report = asked(&bench, &["jit", "report"]);
    assert!(report["answer"]["verdicts"]["OUTSIDE_WINDOW"].as_u64() >= Some(1), "{}", report["answer"]["verdicts"]);
}

#[test]
fn every_question_answers_about_the_same_credential() {
    let bench = incident();
    let who = november(&bench);
    let key = who["with"]["credential"].as_str().unwrap();
    let event = who["event"]["event_id"].as_str().unwrap();
    let radius = asked(&bench, &["blast-radius", key]);
    assert!(radius["answer"]["touched"].to_string().contains("payroll-exports"), "{radius:#}");
    let lineage = asked(&bench, &["trace", key]);
    assert!(!lineage["answer"]["up"]["edges"].as_array().unwrap().is_empty());
    let session = asked(&bench, &["session", event]);
    assert!(session["answer"]["entries"].to_string().contains(event));
    let passport = asked(&bench, &["principal", who["executed_by"]["principal"].as_str().unwrap()]);
    assert!(passport["answer"]["uses"].as_u64() > Some(0));
    let gone = asked(&bench, &["offboard", "prove", "alice.berg@halden.example"]);
    assert!(!gone["answer"]["items"].as_array().unwrap().is_empty());
    let shares = asked(&bench, &["attribution"]);
    let (all, clear) = (shares["answer"]["events"].as_u64().unwrap(), shares["answer"]["clear"].as_u64().unwrap());
    assert!(all > 1_000 && clear > all / 2, "{clear} of {all}");
    let downstream = asked(&bench, &["events", "--origin", "alice.berg@halden.example"]);
    assert!(downstream["answer"]["events"].to_string().contains(event), "{downstream:#}");
    for command in ["who", "trace", "blast-radius", "session", "principal"] {
        let ran = bench.run(&[command, "nobody-knows-this"]);
        assert!(ran.err.contains("the log spans"), "{command}: {}", ran.err);
    }
}

#[test]
fn what_the_operator_says_of_issuers_is_sealed_and_counts_from_then_on() {
    let bench = incident();
    let ran = bench.run(&["source", "set", "files", "--platform", "k8s", "--issuer", "https://x.example/a/"]);
    assert!(ran.code == Some(2) && ran.err.contains("--authority"), "{}", ran.err);
    let ran = bench.run(&["source", "set", "nowhere", "--authority", "c1"]);
    assert!(ran.code == Some(2) && ran.err.contains("there: files"), "{}", ran.err);
    let set = ["source", "set", "files", "--platform", "k8s", "--authority", "c1", "--issuer", "https://x.example/a/"];
    let ran = bench.run(&set);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let sealed = bench.run(&["sql", "SELECT raw FROM leaves WHERE kind = 'directive'", "-o", "ndjson"]).out;
    assert!(sealed.contains("x.example/a") && !sealed.contains("https://"), "{sealed}");
    assert!(bench.run(&["source", "ls"]).out.contains("files"));
    assert_eq!(bench.run(&["verify"]).code, Some(0));
}

#[test]
fn a_source_that_is_made_first_gives_its_authority_to_its_first_record() {
    let bench = Bench::new();
    assert_eq!(bench.run(&["init"]).code, Some(0));
    let add = ["source", "add", "north", "--platform", "k8s", "--authority", "c-north"];
    let ran = bench.run(&add);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let again = bench.run(&add);
    assert!(again.code == Some(2) && again.err.contains("`source set north`"), "{}", again.err);
    assert_eq!(bench.run(&["source", "add", "south", "--platform", "nowhere"]).code, Some(2));
    let record = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a-1","stage":"ResponseComplete","requestURI":"/api","verb":"list","user":{"username":"system:serviceaccount:prod:web"},"objectRef":{"resource":"pods","namespace":"prod"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-11-20T08:00:00.000000Z","stageTimestamp":"2026-11-20T08:00:00.000100Z"}"#;
    bench.put("audit.log", format!("{record}\n"));
    let path = bench.path("audit.log");
    let ran = bench.run(&["ingest", "--source", "north", path.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let told = bench.run(&["sql", "SELECT source, authority FROM events", "-o", "ndjson"]).out;
    assert_eq!(told.trim(), r#"{"source":"north","authority":"c-north"}"#);
}
