//! From the text of a mapping file to what records are read by: done once, so that every name is checked and every path
//! is a slot before the first record comes.
//!
//! Here are the expressions: places, texts, values, conditions, identities; [`sections`] reads the file from top to end.

use std::collections::HashMap;

use super::doc::{Node, Table};
use super::error::Result;
use super::identity::{Identity, Kind, Mark, Named, Segment};
use super::plan::{Listed, Who};
use super::rows::{Pattern, Rows};
use super::shape::{Shape, Slot};
use super::value::{Alternative, Condition, Cut, Part, Place, Template, Test, Value, Word};
use super::when::{Format, Time};

/// One of a closed list of names.
macro_rules! named {
    ($kind:ty, $node:expr) => {
        $node.name(<$kind>::parse, &<$kind>::ALL.iter().map(|value| value.as_str()).collect::<Vec<_>>())
    };
}

/// Largest mapping file.
pub const FILE_BYTES_MAX: usize = 128 << 10;

/// Most values, conditions and names in one file.
pub const VALUES_MAX: usize = 1_024;

/// Most paths in one file.
pub const PATHS_MAX: usize = 512;

/// Most rows of all tables in one file.
pub const ROWS_MAX: usize = 4_096;

/// Longest text in a file.
pub const TEXT_BYTES_MAX: usize = 1_024;

mod parts;
mod sections;

pub(super) use sections::mapping;

/// What is known while a file is read.
pub(super) struct Compiler {
    shape: Shape,
    /// Named values, by name, and their slots.
    names: HashMap<String, usize>,
    /// The list whose items are looked at.
    each: Option<usize>,
    /// Whether a value may be one of each item of a list, and the list that it turned out to be of.
    is_listing: bool,
    listing: Option<usize>,
    values: usize,
    rows: usize,
}

impl Compiler {
    fn new() -> Compiler {
        let (shape, names) = (Shape::new(), HashMap::new());
        Compiler { shape, names, each: None, is_listing: false, listing: None, values: 0, rows: 0 }
    }

    fn count(&mut self, node: &Node<'_>) -> Result<()> {
        self.values += 1;
        if self.values > VALUES_MAX {
            return Err(
                node.error(format!("is value {} of the file, limit is {VALUES_MAX}; leave some out", self.values))
            );
        }
        if self.shape.slots() > PATHS_MAX {
            return Err(node.error(format!("is path {} of the file, limit is {PATHS_MAX}", self.shape.slots())));
        }
        Ok(())
    }

    /// A text of the file, for as long as the process lives.
    fn keep(node: &Node<'_>, text: &str) -> Result<&'static str> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(node.error(format!("is a text of {} bytes, limit is {TEXT_BYTES_MAX}", text.len())));
        }
        model::intern(text).ok_or_else(|| {
            let limit = model::INTERNED_BYTES_MAX;
            node.error(format!("texts of mapping files use up their {limit} bytes; start the program again"))
        })
    }

    /// `/actor/id` or `$name`.
    fn place(&mut self, node: &Node<'_>, said: &str) -> Result<Place> {
        let slot = match said.strip_prefix('$') {
            Some(name) => {
                let known = self.names.get(name).copied();
                let slot = known.ok_or_else(|| {
                    let mut names: Vec<_> = self.names.keys().map(|name| format!("${name}")).collect();
                    names.sort();
                    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                    node.error(format!("`{said}` is no value named before this place; there: {names}"))
                })?;
                Slot::Plain(slot)
            }
            None => self.shape.slot(said).map_err(|problem| node.error(problem))?,
        };
        if let Slot::Item(list, _) = slot
            && self.each != Some(list)
        {
            if !self.is_listing || self.listing.is_some_and(|listing| listing != list) {
                let list = said.split_once("/*").map_or(said, |(list, _)| list);
                let remedy = format!("say which item (`{list}/0`), or look at all with `each = \"{list}/*\"`");
                return Err(node.error(format!("`{said}` has one value for each item of a list; {remedy}")));
            }
            self.listing = Some(list);
        }
        Ok(Place { slot, said: Compiler::keep(node, said)? })
    }

    /// A path, a name, a text with `{...}` in it, or a constant.
    fn template(&mut self, node: &Node<'_>, text: &str) -> Result<Template> {
        let parts = self.parts(node, text)?;
        Ok(match <[Part; 1]>::try_from(parts) {
            Ok([Part::Text(text)]) => Template::Constant(text),
            Ok([Part::Place(place)]) => Template::Place(place),
            Err(parts) if parts.is_empty() => return Err(node.error("is an empty text; leave the key out")),
            Err(parts) => Template::Parts(parts),
        })
    }

    fn parts(&mut self, node: &Node<'_>, text: &str) -> Result<Vec<Part>> {
        if text.starts_with(['/', '$']) && !text.contains('{') {
            return Ok(vec![Part::Place(self.place(node, text)?)]);
        }
        let (mut parts, mut literal, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(rest.get(..at).unwrap_or_default());
            let brace = rest.get(at..).unwrap_or_default();
            if let Some(behind) = brace.strip_prefix("{{").or_else(|| brace.strip_prefix("}}")) {
                literal.push_str(brace.get(..1).unwrap_or_default());
                rest = behind;
                continue;
            }
            let inside = brace.strip_prefix('{').and_then(|brace| brace.split_once('}'));
            let Some((said, behind)) = inside else {
                return Err(node.error(format!("`{text}` has a brace without its other one; write {{{{ for a brace")));
            };
            if !literal.is_empty() {
                parts.push(Part::Text(Compiler::keep(node, &std::mem::take(&mut literal))?));
            }
            parts.push(Part::Place(self.place(node, said)?));
            rest = behind;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(Compiler::keep(node, &literal)?));
        }
        Ok(parts)
    }

    /// A value: a text, or a table around one, or a list of these of which the first counts that is there.
    fn value(&mut self, node: &Node<'_>) -> Result<Value> {
        let mut alternatives = Vec::new();
        for item in node.items() {
            match item.is_table() {
                true => alternatives.extend(self.tabled(item.table()?)?),
                false => alternatives.push(self.plain(&item)?),
            }
        }
        if alternatives.is_empty() {
            return Err(node.error("is an empty list; leave the key out"));
        }
        Ok(Value { alternatives })
    }

    fn optional(&mut self, node: Option<Node<'_>>) -> Result<Value> {
        node.map_or_else(|| Ok(Value::default()), |node| self.value(&node))
    }

    fn plain(&mut self, node: &Node<'_>) -> Result<Alternative> {
        self.count(node)?;
        let text = constant(node)?;
        let template = self.template(node, &text)?;
        Ok(Alternative { when: Vec::new(), template, cut: Cut::default(), table: None, said: text.into() })
    }

    /// `{ value = ..., when = ..., after = ..., before = ..., lower = true, kebab = true, table = {...} }`
    fn tabled(&mut self, mut table: Table<'_>) -> Result<Vec<Alternative>> {
        let value = table.take("value");
        let fixed = table.take("constant");
        let when = table.take("when");
        let cut = [table.take("after"), table.take("before"), table.take("lower"), table.take("kebab")];
        let rows = table.take("table");
        let sources: Vec<(Node<'_>, bool)> = match (value, fixed) {
            (Some(value), None) => value.items().into_iter().map(|item| (item, false)).collect(),
            (None, Some(fixed)) => vec![(fixed, true)],
            _ => return Err(table.error("has either `value` (a path, a text with {paths}) or `constant`")),
        };
        table.finish()?;
        let mut alternatives = Vec::new();
        for (source, is_fixed) in sources {
            self.count(&source)?;
            let text = constant(&source)?;
            let template = match is_fixed {
                true => Template::Constant(Compiler::keep(&source, &text)?),
                false => self.template(&source, &text)?,
            };
            let when = self.conditions(when.as_ref())?;
            let table = match &rows {
                Some(rows) => Some(self.rows(rows, |node| Compiler::keep(node, &constant(node)?))?),
                None => None,
            };
            let (cut, said) = cut_of(&cut)?;
            alternatives.push(Alternative { when, template, cut, table, said: format!("{text}{said}").into() });
        }
        Ok(alternatives)
    }

    /// The rows of a table, each read by `row`.
    fn rows<'d, T>(&mut self, node: &Node<'d>, mut row: impl FnMut(&Node<'d>) -> Result<T>) -> Result<Rows<T>> {
        let mut read = Vec::new();
        for (key, value) in node.table()?.rest() {
            read.push((Box::from(key), row(&value)?));
        }
        self.rows += read.len();
        if self.rows > ROWS_MAX {
            return Err(node.error(format!("has row {} of the file, limit is {ROWS_MAX}", self.rows)));
        }
        let rows = Rows::new(read).map_err(|problem| node.error(problem))?;
        if rows.len() == 0 {
            return Err(node.error("has no row; `\"*\"` is the one for everything else"));
        }
        Ok(rows)
    }

    /// All of these must hold.
    fn conditions(&mut self, node: Option<&Node<'_>>) -> Result<Vec<Condition>> {
        let Some(node) = node else { return Ok(Vec::new()) };
        node.items().iter().map(|item| self.condition(item)).collect()
    }

    fn condition(&mut self, node: &Node<'_>) -> Result<Condition> {
        self.count(node)?;
        if node.is_text() {
            let value = self.value(node)?;
            let said = format!("{} has a value", node.text()?).into();
            return Ok(Condition { value, test: Test::Exists(true), said });
        }
        let mut table = node.table()?;
        if let Some(any) = table.take("any") {
            table.finish()?;
            let conditions = self.conditions(Some(&any))?;
            let said = conditions.iter().map(|condition| &*condition.said).collect::<Vec<_>>().join(" or ").into();
            return Ok(Condition { value: Value::default(), test: Test::Any(conditions), said });
        }
        let value = table.need("value")?;
        let (test, said) = test(&mut table)?;
        table.finish()?;
        let of = value.items().iter().map(constant).collect::<Result<Vec<_>>>()?.join(", ");
        Ok(Condition { value: self.value(&value)?, test, said: format!("{of} {said}").into() })
    }

    /// A URI template, a table around one, or a list of these.
    fn identity(&mut self, node: &Node<'_>) -> Result<Identity> {
        let mut alternatives = Vec::new();
        for item in node.items() {
            self.count(&item)?;
            let (mut when, mut platform, mut authority, mut template) = (Vec::new(), None, None, item.clone());
            if item.is_table() {
                let mut table = item.table()?;
                when = self.conditions(table.take("when").as_ref())?;
                platform = match table.take("platform") {
                    Some(name) => Some(Compiler::keep(&name, lowercase(&name, name.text()?)?)?),
                    None => None,
                };
                authority = match table.take("authority") {
                    Some(node) => Some(self.value(&node)?),
                    None => None,
                };
                template = table.need("uri")?;
                table.finish()?;
            }
            let text = template.text()?;
            let (kind, segments) = self.uri(&template, text)?;
            alternatives.push(Named { when, platform, authority, kind, segments, said: text.into() });
        }
        Ok(Identity { alternatives })
    }

    /// `type/id/~name/?claim`, where each part may hold `{paths}`.
    fn uri(&mut self, node: &Node<'_>, text: &str) -> Result<(Kind, Vec<Segment>)> {
        let mut parts = split(text).into_iter();
        let kind = parts.next().unwrap_or_default();
        let kind = match kind.contains('{') {
            true => Kind::From(self.template(node, kind)?),
            false => Kind::Fixed(Compiler::keep(node, lowercase(node, kind)?)?),
        };
        let mut segments = Vec::new();
        for part in parts {
            let (mark, rest) = match (part.strip_prefix('~'), part.strip_prefix('?')) {
                (Some(rest), _) => (Mark::Name, rest),
                (_, Some(rest)) => (Mark::Claim, rest),
                _ => (Mark::Id, part),
            };
            segments.push(Segment { mark, template: self.template(node, rest)? });
        }
        if segments.is_empty() {
            let hint = "write `type/{/path}`, with ~ before a name that can change and ? before a claim";
            return Err(node.error(format!("\"{text}\" names nothing; {hint}")));
        }
        Ok((kind, segments))
    }

    fn optional_identity(&mut self, node: Option<Node<'_>>) -> Result<Identity> {
        node.map_or_else(|| Ok(Identity::default()), |node| self.identity(&node))
    }

    /// `"actor"`, or the URI of a principal.
    fn who(&mut self, node: Option<Node<'_>>) -> Result<Who> {
        match node {
            None => Ok(Who::Nobody),
            Some(node) if node.is_text() && node.text()? == "actor" => Ok(Who::Actor),
            Some(node) => Ok(Who::Named(self.identity(&node)?)),
        }
    }

    /// A value, or a table of one with its `format`.
    fn time(&mut self, node: Option<Node<'_>>) -> Result<Time> {
        let Some(node) = node else { return Ok(Time::default()) };
        if !node.is_table() {
            return Ok(Time { value: self.value(&node)?, formats: Vec::new() });
        }
        let mut table = node.table()?;
        let mut formats = Vec::new();
        for format in table.take("format").iter().flat_map(Node::items) {
            formats.push(Format::new(format.text()?).map_err(|problem| format.error(problem))?);
        }
        Ok(Time { value: Value { alternatives: self.tabled(table)? }, formats })
    }

    /// Values for a column of several: each is one, or one of each item of a list.
    fn listed(&mut self, node: Option<Node<'_>>) -> Result<Vec<Listed>> {
        let mut values = Vec::new();
        for item in node.iter().flat_map(Node::items) {
            (self.is_listing, self.listing) = (true, None);
            let value = self.value(&item);
            self.is_listing = false;
            values.push(Listed { value: value?, list: self.listing.take() });
        }
        Ok(values)
    }

    /// `each = "/items/*"` of a table; in force until [`Compiler::done`].
    fn each(&mut self, table: &mut Table<'_>) -> Result<Option<usize>> {
        self.each = match table.take("each") {
            Some(node) => Some(self.shape.list(node.text()?).map_err(|problem| node.error(problem))?),
            None => None,
        };
        Ok(self.each)
    }

    fn done(&mut self, table: Table<'_>) -> Result<()> {
        self.each = None;
        table.finish()
    }
}

/// A text, a number or a truth value as text.
fn constant(node: &Node<'_>) -> Result<String> {
    if node.is_text() {
        return Ok(node.text()?.to_owned());
    }
    if node.is_list() || node.is_table() {
        return Err(node.error("is no text, a path or a constant is wanted"));
    }
    node.boolean().map(|value| value.to_string()).or_else(|_| node.integer().map(|number| number.to_string()))
}

/// Splits at the slashes that are outside of braces.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut begin) = (Vec::new(), 0_u32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => {
                parts.push(text.get(begin..at).unwrap_or_default());
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(begin..).unwrap_or_default());
    parts
}

/// A type or a platform of a URI.
fn lowercase<'t>(node: &Node<'_>, text: &'t str) -> Result<&'t str> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match !text.is_empty() && text.bytes().all(is_plain) {
        true => Ok(text),
        false => Err(node.error(format!("`{text}` is no part of a URI: a to z, digits and dashes"))),
    }
}

/// `is`, `is_not` or `exists`, with words for people.
fn test(table: &mut Table<'_>) -> Result<(Test, String)> {
    let (is, is_not, exists) = (table.take("is"), table.take("is_not"), table.take("exists"));
    let words = |node: Node<'_>| {
        let texts = node.items().iter().map(constant).collect::<Result<Vec<_>>>()?;
        let mut words = Vec::new();
        for text in &texts {
            let pattern = Pattern::new(text).map_err(|problem| node.error(problem))?;
            words.push(pattern.map_or_else(|| Word::Exact(Box::from(&**text)), Word::Pattern));
        }
        Ok((words, texts.join(", ")))
    };
    match (is, is_not, exists) {
        (Some(node), None, None) => words(node).map(|(words, said)| (Test::Is(words, true), format!("is {said}"))),
        (None, Some(node), None) => words(node).map(|(words, said)| (Test::Is(words, false), format!("is not {said}"))),
        (None, None, Some(node)) => {
            let there = node.boolean()?;
            Ok((Test::Exists(there), if there { "has a value" } else { "has no value" }.to_owned()))
        }
        _ => Err(table.error("a condition has one of `is`, `is_not` and `exists`")),
    }
}

/// What is cut out of a text, and the words for it.
fn cut_of(nodes: &[Option<Node<'_>>; 4]) -> Result<(Cut, String)> {
    let [after, before, lower, kebab] = nodes;
    let text = |node: &Option<Node<'_>>| match node {
        None => Ok(None),
        Some(node) => match node.text()? {
            "" => Err(node.error("is an empty text, which is everywhere; leave the key out")),
            text => Ok(Some(Box::<str>::from(text))),
        },
    };
    let flag = |node: &Option<Node<'_>>| node.as_ref().map_or(Ok(false), Node::boolean);
    let cut = Cut { after: text(after)?, before: text(before)?, lower: flag(lower)?, kebab: flag(kebab)? };
    let said = [("after", &cut.after), ("before", &cut.before)]
        .iter()
        .filter_map(|(word, text)| text.as_ref().map(|text| format!(", {word} \"{text}\"")))
        .collect();
    Ok((cut, said))
}
