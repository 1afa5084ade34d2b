#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::*;

fn tagged(tags: &[(&str, &'static str)]) -> Inventory<'static> {
    let mut item = item("nhi:principal:aws:1:user/A".to_owned(), "iam-user", None);
    for (key, value) in tags {
        tag(&mut item, key, Cow::Borrowed(value));
    }
    item
}

#[test]
fn one_key_has_many_spellings_and_a_list_of_owners_has_each_once() {
    let item = tagged(&[
        ("Owner", "alice"),
        ("example.com/owned-by", "bob"),
        ("owner_email", "alice"),
        ("Data-Classification", "secret"),
        ("company:team", "payments"),
        ("purpose", "exports"),
        ("description", "says less"),
        ("color", "red"),
        ("contact", " "),
    ]);
    assert_eq!(item.owners, ["alice", "bob"]);
    assert_eq!(item.sensitivity.as_deref(), Some("secret"));
    assert_eq!(item.team.as_deref(), Some("payments"));
    assert_eq!(item.purpose.as_deref(), Some("exports"));
}

#[test]
fn a_tag_classifies_only_what_nothing_stronger_did() {
    let bot = tagged(&[("identity-type", "Service Account")]);
    assert_eq!((bot.kind, bot.is_human, bot.rule), (ActorKind::ServiceAccount, Human::Nonhuman, "R4:inventory"));
    let odd = tagged(&[("identity-type", "whatever")]);
    assert_eq!((odd.kind, odd.is_human, odd.rule), (ActorKind::Unknown, Human::Unknown, "default"));
    let mut known = item(String::new(), "role", None);
    (known.kind, known.is_human, known.rule) = (ActorKind::Human, Human::Human, "R2:aws-sso-role");
    tag(&mut known, "principal_type", Cow::Borrowed("bot"));
    assert_eq!((known.kind, known.rule), (ActorKind::Human, "R2:aws-sso-role"));
}
