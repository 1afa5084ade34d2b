//! Who acted: a user of the customer, a service account of Google Cloud, a client with a key, an application.

use std::borrow::Cow;

use model::uri;
use model::{ActorKind, Alias, AliasRel, Event, Human, Principal, Step, StepKind};

use super::NAME;
use super::record::{Activity, Actor, Application, Parameters, Text, said};
use crate::{gcp, oauth};

/// The issuer of Google's OAuth clients.
const ISSUER: &str = "accounts.google.com";

/// Stands where the platform has no profile, for anybody at all.
const PLACEHOLDER: &str = "105250506097979753968";

/// The profile, unless it is a placeholder.
fn profile<'a>(actor: &Actor<'a>) -> Text<'a> {
    said(&actor.profile_id).filter(|id| id != PLACEHOLDER)
}

/// An OAuth client of Google.
pub(super) fn client(id: &str) -> String {
    oauth::client(ISSUER, id)
}

/// A user by address, which can be given to another.
pub(super) fn user_named(authority: &str, email: &str) -> String {
    uri::principal_named(NAME, authority, "user", &email.to_ascii_lowercase())
}

/// The executing principal. A sign-in that failed, or a warning about one, proves nobody.
pub(super) fn of<'a>(
    activity: &Activity<'a>,
    parameters: &Parameters<'a>,
    authority: &str,
    unproved: bool,
) -> Principal<'a> {
    let nobody = Actor::default();
    let actor = activity.actor.as_ref().unwrap_or(&nobody);
    let email = said(&actor.email).or_else(|| parameters.text("affected_email_address").filter(|_| unproved));
    if let Some(email) = email.as_deref().filter(|email| email.ends_with("gserviceaccount.com")) {
        let uri = gcp::principal_of_email(email);
        let (kind, rule) = (ActorKind::ServiceAccount, "R1:gcp-serviceaccount");
        return Principal { uri, kind, name: said(&actor.email), is_human: Human::Nonhuman, rule };
    }
    let (uri, kind, is_human, rule) = match (profile(actor), &email, said(&actor.key)) {
        (_, _, Some(key)) if actor.caller_type.as_deref() == Some("KEY") => (
            uri::principal(NAME, authority, "key", &key),
            ActorKind::ApiClient,
            Human::Nonhuman,
            "R1:google-caller-key",
        ),
        (id, email, _) if unproved && (id.is_some() || email.is_some()) => {
            let claim = id.as_deref().or(email.as_deref()).unwrap_or_default();
            (uri::principal_claimed(NAME, authority, "user", claim), ActorKind::Unknown, Human::Unknown, "default")
        }
        (Some(id), _, _) => {
            let (is_human, rule) = sort(actor);
            (uri::principal(NAME, authority, "user", &id), ActorKind::Human, is_human, rule)
        }
        (None, Some(email), _) => {
            let (is_human, rule) = sort(actor);
            (user_named(authority, email), ActorKind::Human, is_human, rule)
        }
        (None, None, _) => match actor.application_info.as_ref().and_then(|app| said(&app.oauth_client_id)) {
            Some(id) => (client(&id), ActorKind::ApiClient, Human::Nonhuman, "R1:google-application"),
            None => {
                let uri = uri::principal_claimed(NAME, authority, "user", "unknown");
                (uri, ActorKind::Unknown, Human::Unknown, "default")
            }
        },
    };
    let app = || actor.application_info.as_ref().and_then(|app| said(&app.application_name));
    let name = email.or_else(|| profile(actor)).or_else(|| said(&actor.key)).or_else(app);
    Principal { uri, kind, name, is_human, rule }
}

/// A user's account is a person's; worked with by a program it is both.
fn sort(actor: &Actor<'_>) -> (Human, &'static str) {
    match &actor.application_info {
        Some(Application { impersonation: Some(true), .. }) => (Human::Mixed, "R3:google-impersonation"),
        Some(Application { oauth_client_id: Some(_), .. }) => (Human::Mixed, "R3:google-oauth-application"),
        _ => (Human::Human, "R1:google-user-account"),
    }
}

/// Profile and address of one user; and the name that Google Cloud has for them.
pub(super) fn aliases(event: &mut Event<'_>, activity: &Activity<'_>, unproved: bool) {
    let Some(actor) = activity.actor.as_ref().filter(|_| !unproved) else { return };
    let (Some(id), Some(email)) = (profile(actor), said(&actor.email)) else { return };
    let a = uri::principal(NAME, &event.authority, "user", &id);
    if event.actor.uri != a {
        return;
    }
    let b = user_named(&event.authority, &email);
    event.aliases.push(Alias { a: a.clone(), b, rel: AliasRel::SameAs, rule: "google-workspace:profileId+email" });
    let b = gcp::principal_of_email(&email);
    event.aliases.push(Alias { a, b, rel: AliasRel::SameAs, rule: "google-workspace:profileId+email" });
}

/// The application that worked for a user, or, by domain-wide delegation, as one.
pub(super) fn application<'a>(event: &mut Event<'a>, activity: &Activity<'a>) {
    let Some(app) = activity.actor.as_ref().and_then(|actor| actor.application_info.as_ref()) else { return };
    event.client_app = said(&app.application_name).or_else(|| said(&app.oauth_client_id));
    let Some(id) = said(&app.oauth_client_id).filter(|_| app.impersonation == Some(true)) else { return };
    let step = |principal, step, evidence_path| Step {
        principal,
        step,
        evidence_path,
        asserted_by: Cow::Borrowed(NAME),
        verified: true,
    };
    let client = client(&id);
    event.chain.push(step(client.clone(), StepKind::Impersonation, "/actor/applicationInfo/oauthClientId"));
    event.chain.push(step(event.actor.uri.clone(), StepKind::Invoke, "/actor/profileId"));
    event.initiator = Some(client);
}
