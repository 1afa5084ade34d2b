//! Everything that the scenario wrote, sealed with the real program.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::program::Ran;
use super::{Place, Result};

/// Logs whose records do not say where they are of: source, platform, authority and place, as their operator
/// knows them. All else is recognised.
const SOURCES: [(&str, &str, &str, &str); 7] = [
    ("prod-north", "k8s", "prod-north", "kubernetes/prod-north.log"),
    ("prod-south", "k8s", "prod-south", "kubernetes/prod-south.log"),
    ("staging", "k8s", "staging", "kubernetes/staging.log"),
    ("vault", "vault", "halden-vault", "vault"),
    ("okta", "okta", "halden.okta.com", "okta"),
    ("postgres", "postgres", "7431188204411863044", "postgres"),
    ("github", "github", "github.com", "github"),
];

/// From files to rows that can be asked for: a run for each source whose authority has to be told, one for all
/// others. Returns how many records were sealed, and what it took together.
pub(super) fn everything(place: &Place, totals: &Value) -> Result<(u64, Ran)> {
    place.deedbook(&["init"]).run()?;
    let mut all = Vec::new();
    for (source, platform, authority, path) in SOURCES {
        let path = place.logs().join(path);
        if !path.exists() {
            continue;
        }
        let issuers = totals.get("issuers").and_then(Value::as_array).into_iter().flatten();
        let speaks =
            |issuer: &&Value| [issuer.get(1), issuer.get(2)] == [Some(&platform.into()), Some(&authority.into())];
        let hosts: Vec<&str> = issuers.filter(speaks).filter_map(|issuer| issuer.get(0)?.as_str()).collect();
        let mut add = vec!["source", "add", source, "--platform", platform, "--authority", authority];
        hosts.iter().for_each(|host| add.extend(["--issuer", host]));
        place.deedbook(&add).run()?;
        all.push(place.deedbook(&["ingest", "--source", source, "-o", "json"]).path(&path).run()?);
    }
    let mut others = place.deedbook(&["ingest", "-o", "json"]);
    let told = |folder: &Path| SOURCES.iter().any(|(.., path)| place.logs().join(path).starts_with(folder));
    for input in place.inputs().iter().filter(|folder| !told(folder)) {
        others = others.path(input);
    }
    all.push(others.run()?);
    let mut records = 0;
    for ran in &all {
        let answer: Value = serde_json::from_str(ran.out.lines().last().unwrap_or_default())?;
        records += answer.get("records").and_then(Value::as_u64).ok_or("ingest names no records")?;
    }
    Ok((records, Ran::together(all)))
}

/// The logs of CloudTrail sealed four times, in folders of their own: with known secrets replaced, twice as they come, and with them
/// replaced again, so that a machine that slows down slows both. Returns what it took with scrubbing on, and with it off.
pub(super) fn with_and_without_scrubbing(place: &Place) -> Result<[Ran; 2]> {
    let folder = place.work.join("scrubbing");
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for is_on in [true, false, false, true] {
        let _ = fs::remove_dir_all(&folder);
        let deedbook = |arguments: &[&str]| place.deedbook(arguments).env("DEEDBOOK_DATA", &folder);
        deedbook(&["init"]).run()?;
        deedbook(&["source", "add", "trail", "--platform", "aws"]).run()?;
        if !is_on {
            deedbook(&["source", "scrub", "trail", "off", "--reason", "what it costs"]).run()?;
        }
        let ran = deedbook(&["ingest", "--source", "trail"]).path(&place.logs().join("cloudtrail")).run()?;
        if is_on { &mut on } else { &mut off }.push(ran);
    }
    fs::remove_dir_all(&folder)?;
    Ok([Ran::together(on), Ran::together(off)])
}
