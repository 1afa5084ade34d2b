//! Any record, recognised or of a source that is set to a platform: one event or one reject, the same
//! again with used buffers; and what the product says is never empty is not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{Event, Millis, uri};
use sources::mapping::Mappings;
use sources::{Context, MODULES, Scratch};

const RECEIVED_AT: Millis = Millis(1_790_000_000_000);

fn check(event: &Event<'_>) {
    let uris = [Some(&event.actor.uri), event.subject.as_ref(), event.initiator.as_ref(), event.session.as_ref()];
    let named = uris.into_iter().flatten().chain(event.resources.iter().map(|resource| &resource.uri));
    for uri in named.chain(&event.grant_refs).chain(event.chain.iter().map(|step| &step.principal)) {
        assert!(uri.starts_with("nhi:") && uri.len() <= uri::URI_BYTES_MAX, "{uri}");
    }
    assert!(!event.authority.is_empty(), "authority is empty");
    assert!(!event.actor.rule.is_empty(), "no rule decided who acted");
    let json = serde_json::to_value(event).expect("an event has a JSON form");
    for column in ["access", "status", "platform"] {
        assert!(json[column].as_str().is_some_and(|value| !value.is_empty()), "{column} is empty");
    }
}

fuzz_target!(|record: &[u8]| {
    let platforms = MODULES.iter().map(|module| module.platform);
    let platforms = platforms.chain(Mappings::shipped().iter().map(|(mapping, _)| mapping.platform())).map(Some);
    let mut used = Scratch::default();
    for platform in platforms.chain([None]) {
        let context = Context { platform, received_at: RECEIVED_AT, ..Context::default() };
        let mut fresh = Scratch::default();
        let event = sources::normalise(record, &context, &mut fresh);
        if let Ok(event) = &event {
            check(event);
        }
        assert_eq!(event, sources::normalise(record, &context, &mut used), "used buffers change the event");
    }
    // Recognised by content, a record reads as it does from a source that is set to its platform.
    let auto = Context { received_at: RECEIVED_AT, ..Context::default() };
    let (mut one, mut other) = (Scratch::default(), Scratch::default());
    if let Ok(event) = sources::normalise(record, &auto, &mut one) {
        let set = Context { platform: Some(event.platform), ..auto };
        assert_eq!(sources::normalise(record, &set, &mut other), Ok(event));
    }
});
