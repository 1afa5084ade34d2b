//! Platforms that a file describes instead of a module: paths of a record to columns of an event.
//!
//! A mapping is compiled once ([`Mapping::compile`]): names are checked, paths become slots of a trie, constants are
//! kept. A record then costs one pass over its text, which fills the slots, and one look at each slot that the event
//! needs; what is in between is the same as in a module. The language is in `docs/mapping.md`.
//!
//! The mappings that come with the product are in `mappings/` beside this crate's sources.

mod columns;
mod compile;
mod doc;
mod error;
mod event;
mod explain;
mod identity;
mod lines;
mod plan;
mod rows;
mod shape;
mod value;
mod when;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use model::Platform;

pub use compile::{FILE_BYTES_MAX, PATHS_MAX, ROWS_MAX, TEXT_BYTES_MAX, VALUES_MAX};
pub use error::Error;
pub use explain::{Explained, Explanation};
pub use plan::Mapping;
pub use shape::{ITEMS_MAX, KEYS_MAX, PATH_STEPS_MAX};

use self::lines::Form;
use self::plan::Mark;
use self::value::Test;
use crate::Probe;

/// Raised with every change of what a mapping file means: part of the normaliser's hash.
pub const VERSION: u32 = 1;

/// Most mappings of an operator's own.
pub const MAPPINGS_MAX: usize = 64;

/// Files that come with the product.
static FILES: &[&str] = &[
    include_str!("../../mappings/asana.toml"),
    include_str!("../../mappings/atlassian.toml"),
    include_str!("../../mappings/cloudflare.toml"),
    include_str!("../../mappings/duo.toml"),
    include_str!("../../mappings/notion.toml"),
    include_str!("../../mappings/onelogin.toml"),
    include_str!("../../mappings/snyk.toml"),
    include_str!("../../mappings/tailscale.toml"),
    include_str!("../../mappings/tines.toml"),
    include_str!("../../mappings/wiz.toml"),
    include_str!("../../mappings/zendesk.toml"),
    include_str!("../../mappings/zoom.toml"),
];

static SHIPPED: LazyLock<Mappings> = LazyLock::new(|| {
    // A test reads each of them, so none is left out here.
    let shipped = FILES.iter().filter_map(|text| Mapping::compile(text).ok()).map(Arc::new).collect();
    Mappings { own: Vec::new(), shipped }
});

/// SHA-256 of a mapping file, hex.
pub fn digest(text: &str) -> String {
    use sha2::{Digest, Sha256};
    model::hex(&Sha256::digest(text.as_bytes()))
}

/// The mappings that are in force: the operator's own in the order in which they came, then those of the product.
#[derive(Clone, Debug, Default)]
pub struct Mappings {
    own: Vec<Arc<Mapping>>,
    shipped: Vec<Arc<Mapping>>,
}

impl Mappings {
    /// Those that come with the product.
    pub fn shipped() -> &'static Mappings {
        &SHIPPED
    }

    /// Adds one of the operator's own. It takes the place of the one with its name; one of the product is not asked
    /// while there is an own one with its name.
    pub fn set(&mut self, mapping: Mapping) {
        let mapping = Arc::new(mapping);
        match self.own.iter_mut().find(|known| known.platform == mapping.platform) {
            Some(known) => *known = mapping,
            None => self.own.push(mapping),
        }
    }

    /// Takes one of the operator's own away; false if there is none of this name.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.own.len();
        self.own.retain(|mapping| mapping.name() != name);
        self.own.len() < before
    }

    /// Brings the operator's own into this order.
    pub fn arrange<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        let names: Vec<&str> = names.collect();
        self.own.sort_by_key(|own| names.iter().position(|name| *name == own.name()));
    }

    /// All in the order in which they are asked, each with whether it came with the product.
    pub fn iter(&self) -> impl Iterator<Item = (&Mapping, bool)> {
        let is_hidden = |shipped: &Mapping| self.own.iter().any(|own| own.platform == shipped.platform);
        let shipped = self.shipped.iter().filter(move |shipped| !is_hidden(shipped));
        self.own.iter().map(|own| (&**own, false)).chain(shipped.map(|shipped| (&**shipped, true)))
    }

    /// How many of the operator's own there are.
    pub fn own(&self) -> usize {
        self.own.len()
    }

    /// The mapping of a platform.
    pub fn get(&self, platform: Platform) -> Option<&Mapping> {
        self.iter().map(|(mapping, _)| mapping).find(|mapping| mapping.platform == platform)
    }

    /// The first mapping that a record is of.
    pub(crate) fn recognise(&self, probe: &Probe<'_>) -> Option<&Mapping> {
        self.iter().map(|(mapping, _)| mapping).find(|mapping| mapping.recognises(probe))
    }
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// What is wrong with it first: the line, the key, the value, the limit and the remedy.
    pub fn compile(text: &str) -> Result<Mapping, Error> {
        compile::mapping(text)
    }

    /// The name of the platform.
    pub fn name(&self) -> &'static str {
        self.platform.as_str()
    }

    /// The platform.
    pub fn platform(&self) -> Platform {
        self.platform
    }

    /// What people call it.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the file, hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether a record is of this platform.
    pub fn recognises(&self, probe: &Probe<'_>) -> bool {
        match &self.form {
            Form::Json => self.recognise.iter().any(|marks| Mark::all(marks, probe)),
            _ => self.line_problem(probe.record()).is_none(),
        }
    }

    /// Why a record is none of this platform; `None` if it is one.
    pub(crate) fn why_not(&self, text: &str) -> Option<String> {
        if self.form != Form::Json {
            return self.line_problem(text);
        }
        let probe = Probe::new(text);
        let mut whys = Vec::new();
        for marks in &self.recognise {
            match marks.iter().find(|mark| !mark.holds_in(&probe)) {
                None => return None,
                Some(failed) => whys.push(format!("not so: {}", failed.said)),
            }
        }
        Some(whys.join("; "))
    }

    fn line_problem(&self, line: &str) -> Option<String> {
        if line.trim_start().starts_with(['{', '[']) {
            return Some("a line of JSON".to_owned());
        }
        let pairs: Vec<(&str, Cow<'_, str>)> = match &self.form {
            Form::Json => Vec::new(),
            Form::Pairs(separator) => lines::pairs(line, *separator).collect(),
            Form::Csv(separator, columns) => {
                let values: Vec<_> = lines::values(line, *separator).collect();
                if values.len() != columns.len() {
                    return Some(format!("{} values, the mapping has {} columns", values.len(), columns.len()));
                }
                if values.iter().zip(columns).all(|(value, column)| value.trim() == &**column) {
                    return Some("the names of the columns, no record".to_owned());
                }
                columns.iter().map(|column| &**column).zip(values).collect()
            }
        };
        let holds = |mark: &Mark| {
            let name = mark.steps.first().map(String::as_str).unwrap_or_default();
            let value = pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| &**value);
            mark.holds(value, value)
        };
        let failed: Vec<_> = self.recognise.iter().map(|marks| marks.iter().find(|mark| !holds(mark))).collect();
        if failed.iter().any(Option::is_none) {
            return None;
        }
        Some(failed.iter().flatten().map(|mark| format!("not so: {}", mark.said)).collect::<Vec<_>>().join("; "))
    }

    /// Column by column, the paths that its values may come from, the preferred one first.
    pub fn origins(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        explain::origins(self)
    }
}

impl Mark {
    /// Whether it needs something to be there.
    fn is_sure(&self) -> bool {
        matches!(self.test, Test::Exists(true) | Test::Is(_, true))
    }

    /// Whether a record has all of these. The first keys are looked at first: few records of others have all of them.
    fn all(marks: &[Mark], probe: &Probe<'_>) -> bool {
        let mut tops = marks.iter().filter(|mark| mark.is_sure()).filter_map(|mark| mark.steps.first());
        tops.all(|key| probe.raw(key).is_some()) && marks.iter().all(|mark| mark.holds_in(probe))
    }

    fn holds_in(&self, probe: &Probe<'_>) -> bool {
        let value = self.at(probe);
        self.holds(value, value.and_then(scalar).as_deref())
    }

    fn holds(&self, there: Option<&str>, text: Option<&str>) -> bool {
        match &self.test {
            Test::Exists(wanted) => there.is_some() == *wanted,
            Test::Is(words, yes) => text.is_some_and(|text| words.iter().any(|word| word.fits(text))) == *yes,
            Test::Any(_) => true,
        }
    }

    /// The JSON text at the path.
    fn at<'p>(&self, probe: &Probe<'p>) -> Option<&'p str> {
        let (first, rest) = self.steps.split_first()?;
        let mut raw = probe.raw(first)?;
        for step in rest {
            raw = match step.parse::<usize>() {
                Ok(index) if raw.starts_with('[') => {
                    let items: Vec<&serde_json::value::RawValue> = serde_json::from_str(raw).ok()?;
                    items.get(index)?.get()
                }
                _ => Probe::new(raw).raw(step)?,
            };
        }
        Some(raw)
    }
}

/// A scalar of JSON as text.
fn scalar(raw: &str) -> Option<Cow<'_, str>> {
    match raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) {
        Some(text) if !text.contains('\\') => Some(text.into()),
        Some(_) => serde_json::from_str::<String>(raw).ok().map(Into::into),
        None => (!raw.starts_with(['{', '[']) && raw != "null").then_some(raw.into()),
    }
}

#[cfg(test)]
mod tests;
