//! The way of a delivery through everything that knows no platform: whatever the bytes are, it
//! ends in records and gaps that account for each of them, and each record in an event or a reject.

use proptest::prelude::*;
use sources::scrub::{Scrubber, rules};
use sources::split::{Limits, Piece, Splitter};
use sources::{Context, MODULES, RejectKind, Scratch};

/// What came of a delivery.
#[derive(Debug, PartialEq)]
struct Outcome {
    content: Vec<u8>,
    /// Offset, event or reject, rules of what was replaced.
    records: Vec<(u64, Result<serde_json::Value, sources::Reject>, Vec<u16>)>,
}

fn deliver(chunks: &[&[u8]]) -> Outcome {
    let scrubber = Scrubber::new([1; 32]).unwrap();
    let mut scratch = Scratch::default();
    let mut outcome = Outcome { content: Vec::new(), records: Vec::new() };
    let mut take = |piece: Piece<'_>| match piece {
        Piece::Record { offset, bytes, .. } => {
            assert_eq!(offset, outcome.content.len() as u64);
            outcome.content.extend_from_slice(bytes);
            let scrubbed = scrubber.scrub(bytes);
            let kept = scrubbed.as_ref().map_or(bytes, |scrubbed| &scrubbed.body);
            let event = sources::normalise(kept, &Context::default(), &mut scratch);
            let event = event.map(|event| serde_json::to_value(&event).unwrap());
            for module in MODULES {
                let context = Context { platform: Some(module.platform), ..Context::default() };
                let _ = sources::normalise(kept, &context, &mut Scratch::default());
            }
            let rules = scrubbed.iter().flat_map(|scrubbed| &scrubbed.replacements).map(|found| found.rule).collect();
            outcome.records.push((offset, event, rules));
        }
        Piece::Between { bytes, .. } => outcome.content.extend_from_slice(bytes),
    };
    let mut splitter = Splitter::new(Limits::default());
    chunks.iter().for_each(|chunk| splitter.push(chunk, &mut take));
    splitter.finish(&mut take);
    outcome
}

/// Records that are almost real, so that arbitrary bytes get past the first brace.
fn parts() -> impl Strategy<Value = Vec<u8>> {
    let words = vec![
        r#"{"eventVersion":"1.08","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventTime":"2026-01-01T00:00:00Z","userIdentity":{"type":"IAMUser"}}"#,
        r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"x","stage":"ResponseComplete","verb":"get","user":{"username":"u"}}"#,
        r#"{"time":"2026-01-01T00:00:00Z","type":"request","auth":{"client_token":"hmac-sha256:00"},"request":{"id":"1","operation":"read","path":"secret/x"}}"#,
        r#"{"event":"access_request.review","uid":"u","code":"T5002I","time":"2026-01-01T00:00:00Z","id":"r","state":"APPROVED"}"#,
        r#"{"level":"info","msg":"API accessed","time":"2026-01-01T00:00:00Z","type":"audit","service":"svid.v1.SVID","method":"MintX509SVID","spiffe_id":"spiffe://a/b"}"#,
        r#"{"id":"r","type":"jit","status":"REVOKED","access_duration_sec":9223372036854775807,"created_at":"2026-01-01T00:00:00Z","review_groups":[]}"#,
        r#"{"timestamp":"2026-01-01 00:00:00.000 UTC","pid":1,"session_id":"s","error_severity":"LOG","message":"AUDIT: SESSION,1,1,READ,"}"#,
        r#"{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":["#,
        r#"{"traceId":"01","spanId":"02","name":"n","startTimeUnixNano":"9223372036854775807","endTimeUnixNano":"-9223372036854775808"}"#,
        r#"{"timestamp":"2026-01-01T00:00:00Z","payload":{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{}}},"exp":9223372036854775807}"#,
        r#"{"id":1,"author_id":-3,"entity_id":2,"entity_type":"Project","details":{"author_name":"k","custom_message":{"action":"x"}}}"#,
        r#"{"loggerName":"org.keycloak.events","timestamp":"2026-01-01T00:00:00Z","message":"type=\"LOGIN\", realmId=\"r\", userId=\""}"#,
        r#"{"realmId":"r","authDetails":{},"operationType":"CREATE","resourceType":"REALM_ROLE_MAPPING","resourcePath":"users/u/","representation":"[{"}"#,
        r#"{"QUERY_ID":"q","DIRECT_OBJECTS_ACCESSED":"[{\"objectName\":\"a\"","START_TIME":"99999999999999.9","OBJECTS_MODIFIED":{}}"#,
        r#"{"QUERY_TYPE":"ALTER_USER","EXECUTION_STATUS":"SUCCESS","USER_NAME":"u","QUERY_TEXT":"alter user \"","QUERY_START_TIME":"20260101000000."}"#,
        r#"{"date":"2026-01-01 00:00:00","type":"sapi","log_id":"1","ip":"::1","details":{"request":{"method":"post","path":"/api/v2/client-grants/","body":{"scope":1}}}}"#,
        r#"{"EVENT_TYPE":"LoginAs","ORGANIZATION_ID":"o","USER_ID":"0055f00000MIRA1AAé","TIMESTAMP":"19000000000000"}"#,
        r#"{"serviceName":"unityCatalog","actionName":"updatePermissions","userIdentity":{},"requestParams":{"changes":"[{\"principal\":\"p\",\"add\":[\"x\"]}]"}}"#,
        "]}]}",
        r#"2026-01-01 00:00:00.000 UTC,"u","d",1,"h:1",s,1,"SELECT",t,v,0,LOG,00000,"statement: create role ""x"" valid until '"#,
        r#"",,,,,,,,,"a","client backend",,0"#,
        r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"g","members":[{"value":"u"}],"meta":{"location":"x://"}}"#,
        "version: 1\ndn: cn=a\\,b+uid=c,dc=d\nobjectSid:: AQ\n ==\nmemberOf: x\n\n# c\nDN:",
        "spiffe://a/b,\"alice\",t,p,s,bot\nidentity,owner,team,purpose,sensitivity\narn:aws:iam::1:role/x,;,,,",
        r#"{"UserDetailList":[{"UserId":"A","Arn":"arn:aws:iam::1:user/a","CreateDate":"2026-01-01T00:00:00Z","UserPolicyList":[{"PolicyDocument":"%7B"}]}],"Policies":["#,
        r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"r"},"rules":[{"verbs":["*"],"resources":["*"]}]}"#,
        "<34>1 2026-01-01T00:00:00Z h sshd 1 - [a@1 user=\"u\\\"\" b=\"",
        "<13>Feb 29 00:00:00 h sudo[1]: a : TTY=x ; USER=root ; COMMAND=/b c",
        r"CEF:0|v\|v|p|1|2|n|9|suser=a\=b src=::1 filePath=c:\\ act=",
        "LEEF:2.0|v|p|1|2|x7c|usrName=a|sev=9|",
        "79a59df900b949e55d96 b [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - R REST.GET.OBJECT %25 \"GET /k?X-Amz-Credential=%\" 200 - 1 1 1 1 \"-\" \"a\" b\" -",
        "File ID,Status,Error warning,Added by,x\n,Skipped,,IndexQuery,\"",
        r#"{"RecordType":1,"Operation":"CopilotInteraction","UserId":"u","CopilotEventData":{"ThreadId":"t"},"ModifiedProperties":[{"Name":"KeyDescription","NewValue":"KeyIdentifier="}]}"#,
        r#"{"id":{"applicationName":"token"},"actor":{},"events":[{"name":"authorize","parameters":[{"name":"client_id","value":"c"}]}]}"#,
        r#"{"findings":[{"id":"f","analyzedAt":"2026-01-01T00:00:00Z","resourceType":"x","status":"ACTIVE","principal":{"":""}}"#,
        "<38>Nov 29 00:00:00 h sshd[1]: Accepted publickey for a from ::1 port 1 ssh2: X SHA256:a ID (serial 1) CA SHA256:",
        "<38>Nov 29 00:00:00 h sudo: pam_unix(sudo:session): session opened for user a(uid=1) by b(uid=",
        "type=USER_LOGIN msg=audit(1.2:3): auid=1 uid=0 ses=4 msg='op=login acct=\"a\" res=success' acct=C3",
        "node=h type=AVC msg=audit(): avc:  denied  { read } for pid=1 name=(null) ",
        r#"{"__REALTIME_TIMESTAMP":"1","MESSAGE":"Accepted password for a from ::1","_BOOT_ID":"x","SYSLOG_IDENTIFIER":"sshd"}"#,
        "h:1 ::1 - a [01/Jan/2026:00:00:00 +0000] \"GET /?q=\" 200 1 HTTP/1.1\" 200 - \"-\" \"a",
        r#"{"start_time":"x","response_code":0,"method":"GET","x_forwarded_client_cert":"By=spiffe://a/b;URI=\"spiffe://,"}"#,
        r#"{"requestContext":{"requestId":"r","identity":{"userArn":"arn:aws:sts::1:assumed-role/a/b","accessKey":"A"}}}"#,
        r#"{"decision_id":"d","path":"a/deny","labels":{},"result":[{}],"input":{"path":["",1]},"bundles":{"a":1}}"#,
        r#"{"rule":"r","priority":"p","output":"o","output_fields":{"ka.user.name":"system:serviceaccount:"}}"#,
        r#"{"process_kprobe":{"process":{"exec_id":"e"},"args":[{"int_arg":-1}],"action":"_SIGKILL"},"time":"-1.5"}"#,
        "20260101 00:00:00,h,u,c,1,2,QUERY,d,'grant x to \\'a\\'@,b',0",
        r#"{"timestamp":"t","id":1,"class":"general","event":"status","connection_id":0,"general_data":{"query":"SET ROLE"}}"#,
        r#"{"specversion":"1.0","type":"audit","source":"/boundary/","data":{"request_info":{"path":":","method":"POST"}}}"#,
        r#"{"level":"info","msg":"m","grpc.service":"a.B","grpc.method":"C","grpc.request.claims":"{\"sub\":\"proj:\"}"}"#,
        "time=\"x\" level=info grpc.method=A grpc.service=b grpc.request.content=\"{\\\"name\\\":1",
        "Jan 1, 2026 12:00:00,1 AM job/a/ #1 Started by user b on node c completed in xms completed: SUCCESS",
        "1.1.1.1 | AEvent | u | 1234567890123 | e | {\" | \"} | r | s",
        r#"{"object":"organization.audit_log","id":"audit_log-1","type":"role.assignment.created","effective_at":9223372036854775807,"actor":{},"role_assignment_created":{"id":"role_assignment___"}}"#,
        r#"{"id":"activity_1","created_at":"x","type":"service_key_created","actor":{"type":"_actor"},"scopes":[1]}"#,
        r#"{"version":"0","type":"Resource","timestamp":"t","auth":{},"resource":{"type":"token","action":"create","id":"a"}}"#,
        r#"{"uuid":"1","type":"AToken_REVOKEDEvent","occurred_at":" UTC","actor":{},"subject":{},"context":"{\"type\":1}"}"#,
        r#"{"action":"workflow.job.approve","actor":{},"target":{"type":"job"},"occurred_at":"","scope":{},"payload":{"job":{"id":"j"}}}"#,
        r#"{"object":"event","type":2100,"actingUserId":null,"serviceAccountId":"s","date":"x","device":9}"#,
        r#"{"createdAt":"x","userAgentType":"","actor":{"type":"identity","metadata":{}},"event":{"type":"login-identity-","metadata":{"clientSecretId":"c"}}}"#,
        r#"{"recordedAt":"x","actors":{"user":{}},"action":{"type":"ROLE_ASSIGNMENT."},"resources":[{"type":"ROLE_ASSIGNMENT","id":"r"}]}"#,
        r#"{"org":"o","created":"","action":"","technicalName":"X","trackingNumber":"t","actor":{},"ipAddress":","}"#,
        r#"{"syslog":{"audit_record":{"Issuer":"i","Action":"CPM","CAProperties":{"CAProperty":{}}}}}"#,
        "<38>1 2026-01-01T00:00:00Z h conjur - policy [subject@43868 member=\"a:b\" role=\"::\"][action@43868 operation=\"add\"",
        "<38>Jul 28 00:00:00 h ResourceAudit:a:b Password_Approved 2026/07/28 00:00:00 Success s r:a:u(:Ticket_ID:",
        "CEF:0|Cyber-Ark|Vault|1|7|n|5|act=\" suser=\"a cs1Label=\"Safe Name\" cs1=\"",
        r#"{"Records":["#,
        r#"{"detail-type":"x","detail":"#,
        r#"{"message":"{\"eventVersion\":\"1.08\",\"password\":\"x\"}"}"#,
        r#""password":"hunter2","#,
        "https://user:pass@host/",
        "]}",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\n",
        "\r\n",
        " ",
        "\0",
        "\u{feff}",
        "\\ud800",
        "1e999",
        "null",
    ];
    let part = prop_oneof![
        6 => prop::sample::select(words).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_in_no_chunks_break_the_way_of_a_delivery(
        content in parts(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let whole = deliver(&[&content]);
        prop_assert_eq!(&whole.content, &content);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(content.len() + 1)).collect();
        cuts.extend([0, content.len()]);
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &content[pair[0]..pair[1]]).collect();
        prop_assert_eq!(whole, deliver(&chunks));
    }
}

#[test]
fn a_damaged_record_is_rejected_with_its_reason() {
    let nested = format!("{}{}", "{\"a\":".repeat(200), "}".repeat(200));
    for (raw, kind, detail) in [
        (&b"{\"a\":\"\xff\"}"[..], RejectKind::NotUtf8, "invalid UTF-8 at byte 6 of the record"),
        (b" ", RejectKind::Empty, "nothing but white space"),
        (b"{\"a\":", RejectKind::NotJson, "EOF while parsing a value at line 1 column 5"),
        (b"plain text", RejectKind::NotJson, "expected value at line 1 column 1"),
        (b"{\"a\":1}", RejectKind::UnknownPlatform, "no module recognises this JSON object"),
        (nested.as_bytes(), RejectKind::NotJson, "expected value at line 1 column 1001"),
    ] {
        let reject = sources::normalise(raw, &Context::default(), &mut Scratch::default()).unwrap_err();
        assert_eq!((reject.kind, reject.detail.as_str()), (kind, detail));
    }
}

#[test]
fn at_most_one_module_recognises_a_record() {
    for folder in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")).unwrap() {
        for path in crate::real::files(&folder.unwrap().path(), ".json") {
            if path.to_string_lossy().ends_with(".event.json") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let probe = sources::Probe::new(&text);
            let yes: Vec<_> = MODULES.iter().filter(|m| (m.recognise)(&probe)).map(|m| m.platform).collect();
            assert!(yes.len() <= 1, "{}: {yes:?}", path.display());
        }
    }
}

#[test]
fn duplicate_keys_of_a_real_shape_are_said_and_the_last_one_counts() {
    let record = |name: &str| {
        format!(
            r#"{{"eventVersion":"1.08","eventName":"GetObject",{name}"eventSource":"s3.amazonaws.com","eventTime":"2026-01-01T00:00:00Z","userIdentity":{{"type":"IAMUser","principalId":"A","arn":"arn:aws:iam::123456789012:user/a"}}}}"#
        )
    };
    let plain = crate::golden::normalise(record("").as_bytes()).unwrap();
    assert_eq!(plain["quality"]["duplicate_keys"], false);
    let doubled = crate::golden::normalise(record(r#""eventName":"PutObject","#).as_bytes()).unwrap();
    assert_eq!(doubled["quality"]["duplicate_keys"], true);
    assert_eq!(doubled["api"]["operation"], "s3:PutObject");
    // Another defect is mended without a word about keys.
    let half = crate::golden::normalise(record(r#""userAgent":"x\ud83d","#).as_bytes()).unwrap();
    assert_eq!(half["quality"]["duplicate_keys"], false);
    assert_eq!(half["user_agent"], "x\u{fffd}");
}

#[test]
fn the_page_lists_the_rules_for_secrets_as_they_are() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sources/README.md")).unwrap();
    let rows: Vec<&str> = page
        .lines()
        .skip_while(|line| !line.starts_with("| number |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    let expected: Vec<String> =
        rules().map(|rule| format!("| {} | {} | {} |", rule.number, rule.name, rule.what)).collect();
    assert_eq!(rows, expected);
}
