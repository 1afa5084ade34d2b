//! The table of questions.

use super::Argument::{Body, Named as FromNamed, Path};
use super::Format::{Csv, Json, Ndjson, Table};
use super::Method::{Delete, Get, Patch, Post};
use super::{Argument, Format, Method, Named, Parameter, Route, Takes};
use crate::access::Scope;

const ROWS: &[Format] = &[Json, Ndjson, Csv, Table];
const ANSWER: &[Format] = &[Json, Ndjson, Table];

const fn text(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, takes: Takes::Text, required: false, about }
}

const fn takes(name: &'static str, takes: Takes, about: &'static str) -> Parameter {
    Parameter { name, takes, required: false, about }
}

const fn needed(parameter: Parameter) -> Parameter {
    Parameter { required: true, ..parameter }
}

const SPAN: &[Parameter] = &[
    text("since", "From here: RFC 3339, a date, or a span back from now such as `24h`, `7d`."),
    text("until", "Up to here: like `since`."),
];

/// What picks events.
pub(super) const PICKED: &[Parameter] = &[
    text("principal", "Actor, subject or initiator: URI or name, `*` for anything."),
    text("action", "Operation, `*` for anything: `s3:*`."),
    text("resource", "Resource: URI or name, `*` for anything."),
    takes("outcome", Takes::One(&["success", "failure", "unknown", "other"]), "How it ended."),
    text("platform", "Platform, such as `aws`."),
    text("source", "Source name, `*` for anything."),
    text("credential", "Credential: URI or the platform's id, `*` for anything."),
    text("src_ip", "Source address, `*` for anything."),
    text("correlation", "A request id, trace id, shared event id, audit id."),
    takes("duplicates", Takes::Switch, "Show copies of one upstream event, too."),
];

const LISTED: &[Parameter] = &[
    text("origin", "Everything on any platform that this principal is behind: a name, e-mail, ARN or URI."),
    text("at", "With `origin`: repeat an answer exactly, by the pin that it printed."),
    takes("group", Takes::Switch, "Fold events that share a correlation id into one, with a count."),
    takes("limit", Takes::Count, "At most so many events, 1,000 without it; 0 for all."),
    text("before", "The page behind this event of the list: older ones."),
    text("after", "The page in front of this event of the list: newer ones, the nearest."),
    text(
        "sealed_after",
        "What was sealed after this event, or any leaf, in the order of the log: asked again and again it gives each \
         event once, however late its record came.",
    ),
];

const ASKING: &[Parameter] = &[
    text("at", "Repeat an answer exactly: the pin that it printed."),
    takes("limit", Takes::Count, "At most so many events are shown or read; an answer that was cut says so."),
    takes("audit_hash", Takes::Texts, "An id in the clear and what Vault's sys/audit-hash gives for it: `ID=HASH`."),
];

const ACCOUNT: &[Parameter] = &[text("source", "Of this source alone.")];

const SETTING: &[Parameter] = &[
    text("platform", "Platform of its records."),
    text(
        "authority",
        "Authority of records that do not name their own: the cluster's id, the Vault cluster, the host.",
    ),
    text("owner", "Whom to ask about it: a team or a person."),
    takes("issuer", Takes::Texts, "An OIDC issuer that signs the tokens of the source's principals."),
    takes("broker", Takes::Texts, "URI of an account under which a broker mints for others."),
];

const TOKEN: &[Parameter] = &[
    needed(text("name", "The name by which people know it.")),
    needed(takes("scope", Takes::Texts, "What it may do: `records:write`, `read`, `export`, `admin`.")),
    takes("source", Takes::Texts, "The sources it may write to; none for all."),
    text("expires", "When it stops to hold: a span such as `90d`."),
];

const VERIFY: &[Parameter] =
    &[takes("tree_only", Takes::Switch, "Check the tree only, not the bodies of the records.")];

const fn asked(path: &'static str, command: &'static [&'static str], argument: Argument, about: &'static str) -> Route {
    Route {
        method: Get,
        path,
        command,
        about,
        scope: Scope::Read,
        argument,
        named: Named::Query,
        parameters: &[SPAN, ASKING],
        formats: ANSWER,
        paged: false,
    }
}

const fn changed(
    method: Method,
    path: &'static str,
    command: &'static [&'static str],
    argument: Argument,
    about: &'static str,
) -> Route {
    Route {
        method,
        path,
        command,
        about,
        scope: Scope::Admin,
        argument,
        named: Named::Body,
        parameters: &[],
        formats: &[],
        paged: false,
    }
}

/// All questions and changes, in the order of the documentation. Where several routes have one command, the first of
/// them is the one that the command line takes.
pub const fn routes() -> &'static [Route] {
    ROUTES
}

const ROUTES: &[Route] = &[
    Route {
        parameters: &[SPAN, PICKED, LISTED],
        formats: ROWS,
        paged: true,
        ..asked("/v1/events", &["events"], Argument::None, "List events, the newest first.")
    },
    Route {
        parameters: &[],
        formats: &[Json, Table],
        ..asked(
            "/v1/events/{event}",
            &["show"],
            Path("event"),
            "Everything about one event, and where each value came from.",
        )
    },
    asked(
        "/v1/who",
        &["who"],
        FromNamed("text"),
        "Who executed, with what, minted by whom, on whose behalf, by whose leave, and why.",
    ),
    Route {
        method: Post,
        ..asked("/v1/who", &["who"], Body("application/json"), "Who is behind an alert, sent as JSON.")
    },
    asked("/v1/events/{event}/who", &["who"], Path("event"), "Who is behind one event."),
    asked(
        "/v1/trace",
        &["trace"],
        FromNamed("text"),
        "Lineage of a credential, event or principal: up to its origin, down to all it minted.",
    ),
    asked(
        "/v1/blast-radius",
        &["blast-radius"],
        FromNamed("text"),
        "What a credential or principal touched and minted, what is alive, what to revoke in which order.",
    ),
    asked(
        "/v1/session",
        &["session"],
        FromNamed("text"),
        "The timeline of a session across platforms, with its credentials and its silences.",
    ),
    asked(
        "/v1/principal",
        &["principal"],
        FromNamed("text"),
        "The passport of a principal: names over time, kind and why, life, credentials, peers, owner.",
    ),
    asked("/v1/jit/prove", &["jit", "prove"], FromNamed("text"), "Every use of one grant with its verdict."),
    asked(
        "/v1/jit/report",
        &["jit", "report"],
        Argument::None,
        "All grants of the range; uses that are not proved or consistent are listed.",
    ),
    asked(
        "/v1/offboard/prove",
        &["offboard", "prove"],
        FromNamed("text"),
        "Each credential, session and grant of a principal: revoked, alive, used after, or unknown.",
    ),
    asked(
        "/v1/attribution",
        &["attribution"],
        Argument::None,
        "Share of events with one clear actor, by source and tier; the others by name.",
    ),
    asked(
        "/v1/least-privilege",
        &["least-privilege"],
        FromNamed("text"),
        "What a principal may do, as inventories say, against what it did.",
    ),
    asked(
        "/v1/coverage",
        &["coverage"],
        Argument::None,
        "Identities listed by an inventory, seen, never seen, not listed, unowned, by platform.",
    ),
    Route {
        parameters: &[SPAN, ACCOUNT],
        ..asked(
            "/v1/completeness",
            &["completeness"],
            Argument::None,
            "What came of each source, hour by hour, and what is missing: gaps, pauses, blind spots. Seven days without \
             `since`.",
        )
    },
    asked(
        "/v1/doctor",
        &["doctor"],
        Argument::None,
        "What stands in the way of good answers, and what is left open: issuers, authorities, owners, copies, clocks.",
    ),
    Route {
        method: Post,
        parameters: &[],
        formats: ROWS,
        ..asked("/v1/sql", &["sql"], Body("text/plain"), "Ask in SQL; the tables are read-only.")
    },
    Route {
        parameters: &[],
        formats: ROWS,
        ..asked("/v1/sources", &["source", "ls"], Argument::None, "The sources with what came of their records.")
    },
    Route {
        parameters: &[],
        formats: ROWS,
        ..asked(
            "/v1/sources/quality",
            &["source", "quality"],
            Argument::None,
            "What each source can answer at all: the share of its events that say who, what, when and so on.",
        )
    },
    Route {
        parameters: &[],
        formats: &[Json, Ndjson, Table],
        ..asked(
            "/v1/sources/secrets",
            &["source", "secrets"],
            Argument::None,
            "Known secrets that were replaced, source by source and rule by rule.",
        )
    },
    Route {
        parameters: &[VERIFY],
        formats: &[Json, Table],
        ..asked(
            "/v1/verify",
            &["verify"],
            Argument::None,
            "Check the whole log: intact, or exactly what is not and where. The header `deedbook-exit` says which.",
        )
    },
    Route {
        parameters: &[],
        formats: &[],
        ..asked("/v1/key", &["key", "show"], Argument::None, "The verifier key of the log.")
    },
    Route {
        parameters: &[],
        formats: ANSWER,
        scope: Scope::Admin,
        ..asked("/v1/tokens", &["token", "ls"], Argument::None, "The tokens: who may send and ask.")
    },
    Route {
        parameters: &[TOKEN],
        formats: &[Json, Table],
        ..changed(Post, "/v1/tokens", &["token", "create"], Argument::None, "Make a token; it is shown once.")
    },
    changed(Delete, "/v1/tokens/{id}", &["token", "revoke"], Path("id"), "Take a token back for good."),
    Route {
        parameters: &[SETTING],
        ..changed(
            Post,
            "/v1/sources",
            &["source", "add"],
            FromNamed("name"),
            "Make a source and say whose records it will hold.",
        )
    },
    Route {
        parameters: &[SETTING],
        ..changed(
            Patch,
            "/v1/sources/{name}",
            &["source", "set"],
            Path("name"),
            "Say whose records a source holds, whose tokens an issuer signs, and which accounts are brokers.",
        )
    },
];
