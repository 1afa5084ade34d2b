//! Inventories as whole files: each item is a record, under the names that logs use.

use serde_json::{Value, json};
use sources::split::{Limits, Piece, Splitter};

use crate::golden;

/// The events of a delivery, in chunks so small that each decision meets the end of one.
pub(crate) fn events(content: &str) -> Vec<Result<Value, sources::Reject>> {
    let mut splitter = Splitter::new(Limits::default());
    let mut found = Vec::new();
    let mut take = |piece: Piece<'_>| {
        if let Piece::Record { bytes, .. } = piece {
            found.push(golden::normalise(bytes));
        }
    };
    for chunk in content.as_bytes().chunks(7) {
        splitter.push(chunk, &mut take);
    }
    splitter.finish(&mut take);
    found
}

/// The URIs of what a delivery lists; each of its records must be an event.
fn listed(content: &str) -> Vec<String> {
    let uri = |event: Result<Value, sources::Reject>| event.unwrap()["inventory"]["uri"].as_str().unwrap().to_owned();
    events(content).into_iter().map(uri).collect()
}

fn golden_record(platform: &str, case: &str) -> Value {
    let path = format!("{}/tests/golden/{platform}/{case}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn each_detail_of_an_aws_account_is_a_record() {
    let details = |policies: Value| {
        json!({
            "GroupDetailList": [golden_record("aws", "inventory-group")],
            "IsTruncated": false,
            "Policies": policies,
            "RoleDetailList": [golden_record("aws", "inventory-role")],
            "UserDetailList": [golden_record("aws", "inventory-user")],
        })
    };
    let whole = format!("{:#}", details(json!([golden_record("aws", "inventory-policy")])));
    let wanted = [
        "nhi:resource:aws:111122223333:iam-group/~exporters",
        "nhi:resource:aws:111122223333:iam-policy/~exports",
        "nhi:principal:aws:111122223333:role/AROAEXAMPLEEXAMPLE12",
        "nhi:principal:aws:111122223333:user/AIDAEXAMPLEEXAMPLE77",
    ];
    assert_eq!(listed(&whole), wanted);
    assert_eq!(listed(&details(json!([])).to_string()).len(), 3, "an empty list has no items");
}

#[test]
fn the_names_of_an_aws_inventory_are_those_of_its_log() {
    let in_log = golden::event("aws", "assume-role.allowed");
    let session = in_log.to_string();
    let role = golden::event("aws", "inventory-role");
    let uri = role["inventory"]["uri"].as_str().unwrap();
    assert!(session.contains(uri), "{uri} in {in_log:#}");
    assert_eq!(
        role["aliases"][0]["rule"], "aws:role-name+principal-id",
        "the rule under which CloudTrail's pair stands"
    );
}

#[test]
fn a_kubectl_list_is_split_and_its_privileges_read_like_operations() {
    let items: Vec<Value> = ["serviceaccount", "role", "clusterrole", "rolebinding", "clusterrolebinding"]
        .map(|kind| golden_record("k8s", &format!("inventory-{kind}")))
        .into();
    let list = json!({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}});
    let events: Vec<Value> = events(&format!("{list:#}")).into_iter().map(Result::unwrap).collect();
    assert_eq!(events.len(), 5);
    let role = &events[1]["entitlements"];
    assert_eq!(role[0]["privileges"], json!(["get secrets"]));
    assert_eq!(role[0]["targets"], json!(["billing/payroll-db"]));
    let bound = &events[3]["entitlements"][0];
    assert_eq!(bound["holder"], "nhi:principal:k8s:unknown:serviceaccount/~billing/exporter");
    assert_eq!(bound["source"], "nhi:resource:k8s:unknown:clusterroles/~view");
}

#[test]
fn a_role_that_multiplies_is_bounded_and_says_so() {
    let names: Vec<String> = (0..200).map(|n| format!("kind{n}")).collect();
    let rules = json!([{"apiGroups": [""], "resources": names, "verbs": names}]);
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "wide"}, "rules": rules});
    let event = golden::normalise(role.to_string().as_bytes()).unwrap();
    assert_eq!(event["quality"]["missing"], json!(["time", "entitlements"]));
    assert!(event.get("entitlements").is_none(), "what is not whole is not told");
}

#[test]
fn goldens() {
    golden::all("inventory", 5);
}

const HEADER: &str = "Identity, Owner,team,purpose,sensitivity,kind";

#[test]
fn the_headers_of_a_list_kept_by_hand_are_no_item() {
    let rows = "spiffe://a.example/x,alice,t,p,s\r\nspiffe://a.example/y,bob,t,p,s,bot\n";
    let wanted = ["nhi:principal:spiffe:a.example:workload/x", "nhi:principal:spiffe:a.example:workload/y"];
    for begin in [String::new(), format!("{HEADER}\r\n"), format!("\u{feff}\n{HEADER}\n")] {
        assert_eq!(listed(&format!("{begin}{rows}")), wanted, "{begin:?}");
    }
}

#[test]
fn an_odd_line_says_what_is_wrong_and_costs_no_other() {
    let set = sources::Context { platform: Some(model::Platform::Inventory), ..Default::default() };
    for (line, wanted) in [
        ("role/export,alice,t,p,s", "of no known form"),
        ("nhi:cred:aws:1:access-key/AKIA,alice,t,p,s", "of no known form"),
        ("nhi:principal:aws:1:role,alice,t,p,s", "of no known form"),
        (",alice,t,p,s", "the identity, is empty"),
        ("spiffe://a/b,alice,t,p", "4 values, at least 5"),
        ("spiffe://a/b,\"alice,t,p,s", "a quote is not closed"),
        ("spiffe://a/b,alice,t,p,s,bot,gone", "enabled, disabled or deleted"),
    ] {
        let reject = sources::normalise(line.as_bytes(), &set, &mut sources::Scratch::default()).unwrap_err();
        assert_eq!(reject.kind, sources::RejectKind::Shape, "{line}");
        assert!(reject.detail.contains(wanted), "{line}: {reject}");
    }
    let found = events("spiffe://a/b,\"alice,t,p,s\nspiffe://a/c,alice,t,p,s\n");
    assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_list_of_the_graph_api_joins_assignment_and_role() {
    let cases =
        ["service-principal", "application", "managed-identity", "agent", "app-role-assignment", "permission-grant"];
    let items: Vec<Value> = cases.map(|case| golden_record("entra", &format!("inventory-{case}"))).into();
    let list = json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#x", "value": items});
    let events: Vec<Value> = events(&list.to_string()).into_iter().map(Result::unwrap).collect();
    assert_eq!(events.len(), cases.len());
    let (offered, assigned) = (&events[0]["entitlements"][0], &events[4]["entitlements"][0]);
    assert_eq!(offered["privileges"], json!(["Export.Run"]));
    assert_eq!(assigned["source"], offered["holder"]);
    let identity = events[2]["aliases"].as_array().unwrap();
    assert!(identity.iter().any(|alias| alias["b"] == assigned["holder"]), "{identity:?}");
}

#[test]
fn the_installations_of_an_organisation_are_split() {
    let items =
        ["installation", "installation-suspended"].map(|case| golden_record("github", &format!("inventory-{case}")));
    let list = json!({"total_count": 2, "installations": items});
    let wanted = ["nhi:principal:github:github.com:app/2218", "nhi:principal:github:github.com:app/2219"];
    assert_eq!(listed(&format!("{list:#}")), wanted);
}

#[test]
fn goldens_of_oidc() {
    golden::all("oidc", 3);
}

#[test]
fn goldens_of_scim() {
    golden::all("scim", 6);
}

#[test]
fn a_list_response_is_split_and_members_meet_their_group() {
    let items = ["user", "group", "agent", "agentic-application"].map(|case| golden_record("scim", case));
    let list = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 4,
        "itemsPerPage": 10, "startIndex": 1, "Resources": items});
    let events: Vec<Value> = events(&format!("{list:#}")).into_iter().map(Result::unwrap).collect();
    assert_eq!(events.len(), 4);
    let (of_user, of_group) = (&events[0]["entitlements"][0], &events[1]["entitlements"][0]);
    for field in ["holder", "source"] {
        assert_eq!(of_user[field], of_group[field], "told from both ends");
    }
    assert_eq!(events[1]["entitlements"][2]["holder"], events[2]["inventory"]["uri"]);
    assert!(!events[0].to_string().contains("deedbook:secret"), "a password is no column");
}

#[test]
fn a_message_of_scim_is_no_resource() {
    for schema in
        ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig", "urn:ietf:params:scim:schemas:core:2.0:"]
    {
        let reject = golden::normalise(json!({"schemas": [schema], "id": "1"}).to_string().as_bytes()).unwrap_err();
        assert!(reject.detail.contains("neither user, group nor agent"), "{reject}");
    }
}

#[test]
fn goldens_of_directories() {
    golden::all("ldap", 5);
}

fn golden_text(case: &str) -> String {
    let path = format!("{}/tests/golden/ldap/{case}.ldif", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn each_entry_of_an_ldif_file_is_a_record_and_comments_are_none() {
    let head = "# extended LDIF\n#\n# base <dc=example,dc=com> with scope\n#  subtree\nversion: 1\n";
    let tail = "# search result\nsearch: 2\nresult: 0 Success\n\n# numEntries: 3\n";
    let entries = ["person", "service-account", "group"].map(golden_text);
    let of_search = format!("{head}\n# alice, people\n{}\n\n{}\n{}\n{tail}", entries[0], entries[1], entries[2]);
    let exported = format!("{head}{}\n{}\n{}", entries[0], entries[1], entries[2]).replace('\n', "\r\n");
    let wanted = [
        "nhi:principal:ldap:example.com:entry-id/3f3f3f3f-0000-4000-8000-0000000000f3",
        "nhi:principal:ldap:S-1-5-21-1004336348-1177238915-682003330:sid/S-1-5-21-1004336348-1177238915-682003330-1601",
        "nhi:resource:ldap:example.com:group/~cn%3Dexporters%2Cou%3Dgroups%2Cdc%3Dexample%2Cdc%3Dcom",
    ];
    assert_eq!(listed(&of_search), wanted);
    assert_eq!(listed(&exported), wanted);
}

#[test]
fn a_member_is_found_by_any_spelling_of_its_name() {
    let (account, group) = (golden::event("ldap", "service-account"), golden::event("ldap", "group"));
    let member = &group["entitlements"][0];
    let names = account["aliases"].as_array().unwrap();
    assert!(names.iter().any(|alias| alias["rel"] == "same_as" && alias["b"] == member["holder"]), "{names:?}");
    assert_eq!(account["entitlements"][0]["source"], member["source"], "told from both ends");
}

#[test]
fn a_broken_entry_costs_no_other_and_says_what_is_wrong() {
    let person = golden_text("person");
    for (broken, wanted) in [
        ("dn: uid=x,dc=example\nno colon here\n", "line 2 of the entry has no colon"),
        ("dn:: !!!!\ncn: x\n", "the entry has no dn"),
        ("dn:< file:///etc/dn\ncn: x\n", "an address, which is not followed"),
        ("dn: no name\ncn: x\n", "is no distinguished name"),
        (
            "dn: uid=x,dc=example\nchangetype: modify\nreplace: cn\ncn: y\n-\n",
            "a change of an entry (changetype modify)",
        ),
        ("cn: x\nuid: y\n", "no module recognises"),
    ] {
        // Without a blank line, the name of the next entry ends it.
        for between in ["", "\n"] {
            let found = events(&format!("{person}\n{broken}{between}{person}"));
            let ok: Vec<bool> = found.iter().map(Result::is_ok).collect();
            assert_eq!(ok, [true, false, true], "{broken:?} {between:?}");
            let reject = found[1].as_ref().unwrap_err();
            assert!(
                reject.detail.contains(wanted) || reject.kind != sources::RejectKind::Shape,
                "{broken:?}: {reject}"
            );
        }
    }
}
