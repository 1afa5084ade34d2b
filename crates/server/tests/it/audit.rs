//! What was done with the server is in its own log.

use ledger::Selection;
use model::{Audit, Kind};
use server::Scope;

use crate::Server;

/// The bodies of all audit leaves, in their order.
fn audited(server: &Server) -> Vec<Audit> {
    let view = server.ledger.reader().view().unwrap();
    let scan = view.scan(0..view.size().0, Selection { bodies: true, only: Some(Kind::Audit) });
    scan.flat_map(Result::unwrap).map(|leaf| serde_json::from_slice(&leaf.body).unwrap()).collect()
}

#[test]
fn a_question_is_a_leaf_of_its_own_before_it_is_answered() {
    let server = Server::start(&[]);
    let event = server.send("/v1/records?source=s", &[], b"{\"n\":1}").json()["records"][0]["event_id"].clone();
    let reader = server.token("auditor", &[Scope::Read], &[], None);
    let path = format!("/v1/records/{}/proof", event.as_str().unwrap());
    let bearer = format!("Bearer {}", reader.token);
    assert_eq!(server.ask("GET", &path, &[("authorization", &bearer)], b"").status, 200);
    let audited = audited(&server);
    let [one] = audited.as_slice() else { panic!("{audited:?}") };
    assert_eq!((one.did.as_str(), one.with.as_str()), ("GET /v1/records/{id}/proof", path.as_str()));
    assert_eq!((one.name.as_str(), one.token.as_str()), ("auditor", reader.id.as_str()));
    assert_eq!((one.peer.as_str(), one.status, one.times), ("127.0.0.1", 200, 1));
}

#[test]
fn deliveries_polls_and_refusals_are_counted_and_nothing_shown_is_left_out() {
    let mut server = Server::start(&[]);
    for n in 0..5 {
        assert_eq!(server.send("/v1/records?source=s", &[], format!("{{\"n\":{n}}}").as_bytes()).status, 200);
    }
    assert_eq!(server.get("/v1/checkpoint").status, 200);
    assert_eq!(server.ask("GET", "/v1/checkpoint", &[("authorization", "Bearer dbk_guess")], b"").status, 401);
    assert_eq!(server.ask("GET", "/v1/nothing", &[], b"").status, 404);
    assert_eq!(server.ask("GET", "/healthz", &[], b"").status, 200);
    assert!(audited(&server).is_empty(), "by the minute");
    server.stop();
    let told = |one: &Audit| (one.did.clone(), one.name.clone(), one.status, one.times);
    let own = |did: &str, name: &str, status, times| (did.to_owned(), name.to_owned(), status, times);
    assert_eq!(
        audited(&server).iter().map(told).collect::<Vec<_>>(),
        [
            own("GET (none)", "", 404, 1),
            own("GET /v1/checkpoint", "", 401, 1),
            own("GET /v1/checkpoint", "admin", 200, 1),
            own("POST /v1/records", "admin", 200, 5),
        ]
    );
}
