//! A stream of syslog: the same messages whatever its chunks are, none over the limit, none made up; and each is one event or
//! one reject.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{Millis, Platform};
use server::fuzzing::syslog_messages;
use sources::{Context, Scratch};

const LIMIT: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let Some((at, stream)) = bytes.split_first() else { return };
    let whole = syslog_messages(&[stream], LIMIT);
    let (one, other) = stream.split_at(usize::from(*at).min(stream.len()));
    assert_eq!(syslog_messages(&[one, other], LIMIT), whole, "other chunks, other messages");
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(syslog_messages(&single, LIMIT), whole, "byte by byte, other messages");
    let mut rest = stream;
    for message in &whole {
        assert!(!message.is_empty() && message.len() <= LIMIT);
        let begin =
            rest.windows(message.len()).position(|window| window == message).expect("a message is in the stream");
        rest = &rest[begin + message.len()..];
    }
    let platform = Some(Platform::Syslog);
    for message in whole.iter().map(Vec::as_slice).chain([stream]) {
        let context = Context { platform, received_at: Millis(1_790_000_000_000), ..Context::default() };
        let (mut set, mut auto) = (Scratch::default(), Scratch::default());
        let event = sources::normalise(message, &context, &mut set);
        if let Ok(event) = &event {
            assert!(event.actor.uri.contains("/?") || event.platform != Platform::Syslog, "a fact that nobody checked");
        }
        let _ = sources::normalise(message, &Context { platform: None, ..context }, &mut auto);
    }
});
