//! Lines of Audit Trail: `Nov 29, 2026 7:03:14,884 AM /job/pay/configSubmit by mira`, `... job/pay/ #12 Started by user mira
//! on node x started at ... completed in 42ms completed: SUCCESS`.

use model::Access;

use crate::time::{self, Parsed};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[derive(Debug, PartialEq)]
pub(super) struct Line<'a> {
    pub(super) time: &'a str,
    pub(super) parsed_time: Option<Parsed>,
    pub(super) path: &'a str,
    pub(super) user: Option<&'a str>,
    pub(super) from: Option<&'a str>,
    pub(super) build: Option<Build<'a>>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Build<'a> {
    pub(super) number: &'a str,
    pub(super) node: Option<&'a str>,
    pub(super) result: Option<&'a str>,
    pub(super) duration_ms: Option<i64>,
}

/// Reads a line; `None` if it is none, to the letter.
pub(super) fn read(text: &str) -> Option<Line<'_>> {
    let (time, parsed, rest) = english(text).or_else(|| numeric(text))?;
    let rest = rest.strip_prefix(" - ").or_else(|| rest.strip_prefix([' ', '\t', ';', ',']))?.trim_start();
    if rest.starts_with("job/")
        && let Some((path, behind)) = rest.split_once(" #")
    {
        return build(behind).map(|(user, build)| Line {
            time,
            parsed_time: parsed,
            path,
            user,
            from: None,
            build: Some(build),
        });
    }
    // A path may hold ` by ` in what the plugin adds to it: the user is behind the last one.
    let (path, user) = rest.strip_prefix('/').and_then(|_| rest.rsplit_once(" by "))?;
    let (user, from) = user.split_once(" from ").map_or((user, None), |(user, from)| (user, Some(from)));
    let path = path.split(' ').next().unwrap_or(path);
    Some(Line { time, parsed_time: parsed, path, user: Some(user.trim()), from, build: None })
}

/// `12 Started by user mira, Parameters:[] on node #unknown# started at 2026-11-29T07:03:14Z completed in 42ms completed: SUCCESS`.
fn build(text: &str) -> Option<(Option<&str>, Build<'_>)> {
    let (number, rest) = text.split_once(' ')?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let cause = rest.strip_prefix("Started by ")?;
    let cause = cause.strip_prefix("user ").unwrap_or(cause);
    let end = [", Parameters:", " on node ", ", Started by "].iter().filter_map(|mark| cause.find(mark)).min();
    let user = cause.get(..end.unwrap_or(cause.len()))?;
    let between = |from: &str, until: &str| {
        let (_, rest) = rest.split_once(from)?;
        rest.split(until).next().map(str::trim).filter(|text| !text.is_empty() && *text != "#unknown#")
    };
    let duration_ms = between(" completed in ", "ms").and_then(|millis| millis.parse().ok());
    let result = between(" completed: ", " ");
    Some((Some(user), Build { number, node: between(" on node ", " started at"), result, duration_ms }))
}

/// `Nov 29, 2026 7:03:14,884 AM`, with or without milliseconds.
fn english(text: &str) -> Option<(&str, Option<Parsed>, &str)> {
    let (month, rest) = text.split_at_checked(3)?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let (day, rest) = rest.strip_prefix(' ')?.split_once(", ")?;
    let (year, rest) = rest.split_once(' ')?;
    let (clock, rest) = rest.split_once(' ')?;
    let half = rest.get(..2).filter(|half| matches!(*half, "AM" | "PM"))?;
    let rest = rest.get(2..)?;
    let (hms, fraction) = clock.split_once(',').unwrap_or((clock, ""));
    let (hour, minutes) = hms.split_once(':')?;
    let hour: u8 = hour.parse().ok().filter(|hour| (1..=12).contains(hour))?;
    let hour = hour % 12 + if half == "PM" { 12 } else { 0 };
    let point = if fraction.is_empty() { "" } else { "." };
    let parsed = time::parse(&format!("{year}-{month:02}-{day:0>2}T{hour:02}:{minutes}{point}{fraction}"))?;
    let length = text.len() - rest.len();
    Some((text.get(..length)?, Some(parsed), rest))
}

/// `2026-11-29 07:03:14:884`, as the logger to the console writes it.
fn numeric(text: &str) -> Option<(&str, Option<Parsed>, &str)> {
    let (stamp, rest) = text.split_at_checked(23)?;
    let (seconds, millis) = stamp.split_at_checked(19)?;
    let millis = millis.strip_prefix(':')?;
    let parsed = time::parse(&format!("{}.{millis}", seconds.replacen(' ', "T", 1)))?;
    Some((stamp, Some(parsed), rest))
}

/// What a path does: its operation, class, activity and access.
pub(super) fn act(path: &str) -> (String, u32, u8, Access) {
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let on_credentials = path.contains("/credentials/") || path.contains("/credential/");
    let on_user = path.contains("/securityRealm/") || path.contains("/user/");
    let (class, activity, access) = match last {
        "configSubmit" | "updateSubmit" if on_credentials => (3007, 2, Access::Modify),
        "createCredentials" => (3007, 18, Access::Create),
        "doDelete" if on_credentials => (3007, 19, Access::Delete),
        "createAccount" | "createAccountByAdmin" => (3007, 1, Access::Create),
        "generateNewToken" => (3007, 18, Access::Issue),
        "revoke" if on_user => (3007, 19, Access::Delete),
        "doDelete" if on_user => (3007, 3, Access::Delete),
        "configSubmit" if on_user => (3007, 2, Access::Modify),
        "configureSecurity" | "configure" if path.contains("configureSecurity") => (3004, 3, Access::Modify),
        "j_spring_security_check" | "login" => (3002, 1, Access::Authenticate),
        "logout" => (3002, 2, Access::Other),
        "script" | "scriptText" => (6003, 99, Access::Execute),
        "build" | "buildWithParameters" | "rebuild" | "replay" | "stop" | "cancelQueue" => (6003, 99, Access::Execute),
        "restart" | "safeRestart" => (6002, 5, Access::Execute),
        "exit" | "safeExit" | "quietDown" => (6002, 4, Access::Execute),
        "cancelQuietDown" => (6002, 3, Access::Execute),
        "createItem" | "createView" | "doCreateItem" => (6003, 1, Access::Create),
        "doDelete" | "doWipeOutWorkspace" => (6003, 4, Access::Delete),
        "configSubmit" | "config.xml" | "enable" | "disable" | "toggleLogKeep" | "toggleOffline"
        | "postBuildResult" | "confirmRename" | "move" | "submitDescription" => (6003, 3, Access::Modify),
        _ => (6003, 99, Access::Other),
    };
    (last.to_owned(), class, activity, access)
}
