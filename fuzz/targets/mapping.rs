//! A mapping file and records behind it: a file that is taken gives each record an event or a reject, the same each time, and
//! explains it as it was derived; shipped files do so with any record, too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::Millis;
use sources::Context;
use sources::mapping::{Mapping, Mappings};

/// Stands between the file and its records.
const END: &str = "\n---\n";

/// Longest text of a file, so that the texts which mappings keep for ever stay few.
const FILE_BYTES_MAX: usize = 8_192;

fn check(mapping: &Mapping, record: &str) {
    let context = Context { received_at: Millis(1_790_000_000_000), ..Context::default() };
    match (mapping.explain(record, &context), mapping.explain(record, &context)) {
        (Ok(one), Ok(other)) => assert_eq!(one.event, other.event, "the same record gives the same event"),
        (Err(one), Err(other)) => assert_eq!(one, other),
        _ => panic!("a record is an event only sometimes"),
    }
}

fuzz_target!(|text: &str| {
    let (file, records) = text.split_once(END).unwrap_or(("", text));
    let own = (file.len() <= FILE_BYTES_MAX).then(|| Mapping::compile(file));
    for record in records.lines() {
        if let Some(Ok(own)) = &own {
            check(own, record);
        }
        Mappings::shipped().iter().for_each(|(mapping, _)| check(mapping, record));
    }
});
