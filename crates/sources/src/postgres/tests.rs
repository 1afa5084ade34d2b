use model::Access;

use super::message::{self, Told};
use super::record::of_csv;
use super::zoned;
use crate::split::csv::values;
use crate::sql;

#[test]
fn statements_are_told_by_their_verbs() {
    for (statement, access) in [
        ("select 1", Access::Read),
        ("-- note\n/* a; b */ SELECT 1", Access::Read),
        ("(select 1)", Access::Read),
        ("copy t to stdout", Access::Read),
        ("copy t from stdin", Access::Modify),
        ("with x as (select 1) select * from x", Access::Read),
        ("with gone as (delete from t returning *) select * from gone", Access::Delete),
        ("grant select on t to r", Access::Grant),
        ("do $$ begin end $$", Access::Execute),
        ("begin", Access::Other),
        ("", Access::Other),
        ("/* never closed", Access::Other),
    ] {
        assert_eq!(sql::act(statement).1, access, "{statement}");
    }
}

#[test]
fn a_line_of_values_is_taken_apart_as_it_was_put_together() {
    let line = "a,,\"\",\"x,\"\"y\"\"\nz\",last";
    let parts: Vec<Option<String>> =
        values(line).unwrap().into_iter().map(|part| part.map(|p| p.into_owned())).collect();
    let wanted = [Some("a"), None, Some(""), Some("x,\"y\"\nz"), Some("last")];
    assert_eq!(parts, wanted.map(|part| part.map(str::to_owned)));
    for broken in ["\"open", "\"a\"b,c"] {
        assert_eq!(values(broken), None, "{broken}");
    }
    assert!(of_csv("2026-03-14 09:01:11.482 UTC,too,few").is_none());
}

#[test]
fn a_zone_that_is_not_unique_gives_no_time() {
    let nanos = |text| zoned(text).map(|parsed| parsed.nanos);
    assert_eq!(nanos("2026-03-14 09:01:11.482 UTC"), Some(1_773_478_871_482_000_000));
    assert_eq!(nanos("2026-03-14 10:01:11.482 +01"), Some(1_773_478_871_482_000_000));
    assert_eq!(nanos("2026-03-14 10:01:11.482 CET"), None);
}

#[test]
fn roles_are_read_off_statements_without_their_passwords() {
    let made = "CREATE ROLE \"v-approle-ro-x1\" WITH LOGIN PASSWORD 'p''w' VALID UNTIL '2026-03-14 10:00:00+00';";
    assert_eq!(message::role(made), Some(("v-approle-ro-x1", Some("2026-03-14 10:00:00+00"))));
    assert_eq!(message::role("drop role if exists"), Some(("if", None)));
    assert_eq!(message::role("DROP ROLE IF EXISTS app;"), Some(("app", None)));
    assert_eq!(message::role("create table role (id int)"), None);
    assert_eq!(message::switched_to("set role \"auditor\";"), Some("auditor"));
    assert_eq!(message::switched_to("set search_path to x"), None);
}

#[test]
fn a_message_of_another_kind_tells_nothing() {
    for text in ["", "AUDIT: ", "AUDIT: SESSION,1", "duration: x", "checkpoint complete: wrote 7 buffers"] {
        assert_eq!(message::read(&text.into()), Told::Other, "{text}");
    }
}
