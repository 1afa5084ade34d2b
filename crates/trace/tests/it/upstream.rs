//! Logging stopped on the platform, as facts tell it.

use model::{EventId, LeafIndex, Millis};
use sources::{Context, Scratch};
use trace::Fact;
use trace::upstream::{Logging, stops};

fn fact(service: &str, name: &str, error: &str) -> Fact {
    let record = format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","userName":"mallory"}},"eventTime":"2026-11-02T03:00:00Z",
        "eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"eu-north-1","readOnly":false{error},
        "requestParameters":{{"name":"arn:aws:cloudtrail:eu-north-1:200000000001:trail/halden-main"}}}}"#
    );
    let (context, mut scratch) =
        (Context { received_at: Millis(1_793_600_000_000), ..Context::default() }, Scratch::default());
    let event = sources::normalise(record.as_bytes(), &context, &mut scratch).unwrap();
    let id = EventId { log: "0123abcd".to_owned(), index: LeafIndex(7) };
    Fact::of(id, 0, &event)
}

#[test]
fn a_call_that_switches_a_log_off_is_a_stop_and_a_refused_one_an_attempt() {
    let stopped = fact("cloudtrail", "StopLogging", "");
    let stop = stops(&stopped).unwrap();
    assert_eq!((stop.logging, stop.done), (Logging::Stopped, true));
    assert!(stop.what.unwrap().contains("halden-main"), "{stop:?}");
    let refused = fact("cloudtrail", "StopLogging", r#","errorCode":"AccessDenied""#);
    assert_eq!(stops(&refused).map(|stop| (stop.logging, stop.done)), Some((Logging::Stopped, false)));
    for (name, logging) in [
        ("StartLogging", Logging::Started),
        ("DeleteTrail", Logging::Deleted),
        ("UpdateTrail", Logging::Changed),
        ("PutEventSelectors", Logging::Changed),
    ] {
        assert_eq!(stops(&fact("cloudtrail", name, "")).unwrap().logging, logging, "{name}");
    }
    for name in ["DescribeTrails", "LookupEvents", "GetTrailStatus"] {
        assert_eq!(stops(&fact("cloudtrail", name, "")), None, "{name}");
    }
}

#[test]
fn only_a_start_leaves_nothing_less_known() {
    let blinds = |activity| Logging::of(1008, activity).map(Logging::blinds);
    assert_eq!([1, 2, 7, 10, 99].map(blinds), [Some(true); 5]);
    assert_eq!([6, 8, 9].map(blinds), [Some(false); 3]);
    assert_eq!([3, 4, 5].map(blinds), [None; 3]);
    assert_eq!(Logging::of(6003, 10), None);
}
