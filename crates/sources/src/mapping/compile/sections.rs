//! The sections of a mapping file, from top to end.

use model::{Access, Event, MAPPED_NAME_BYTES_MAX, Platform, Status};

use super::{Compiler, FILE_BYTES_MAX, test};
use crate::mapping::columns::{COLUMNS, Column, LISTS, WORDS};
use crate::mapping::doc::{self, Node, Table};
use crate::mapping::error::{Error, Result};
use crate::mapping::event::nobody;
use crate::mapping::lines::Form;
use crate::mapping::plan::{Act, Acts, Mapping, Mark, Outcome, Quality, Slots};
use crate::mapping::shape::steps;
use crate::mapping::value::{Alternative, Cut, Template, Test, Value};

/// Names that stand for something else where platforms are named.
const RESERVED: [&str; 4] = ["auto", "oauth", "spiffe", "unknown"];

/// Columns that `expected` may list beside those of `[event]`.
const EXPECTED: [&str; 10] = [
    "time",
    "api_operation",
    "actor_principal",
    "actor_name",
    "authority",
    "resources",
    "credential_uri",
    "session_uri",
    "status",
    "source_event_id",
];

/// Reads a file.
pub(in crate::mapping) fn mapping(text: &str) -> Result<Mapping> {
    if text.len() > FILE_BYTES_MAX {
        let problem = format!("the file has {} bytes, limit is {FILE_BYTES_MAX}; split it by platform", text.len());
        return Err(Error { line: 1, key: String::new(), problem });
    }
    let file = doc::parse(text)?;
    let mut root = doc::root(text, &file)?;
    let platform = platform(&root.need("platform")?)?;
    let title = root.take("title").map_or(Ok(platform.as_str()), |node| node.text())?.to_owned();
    let form = form(&mut root)?;
    let recognise = kinds(&root.need("recognise")?)?;
    let mut compiler = Compiler::new();
    for node in root.take("inside").iter().flat_map(Node::items) {
        compiler.shape.embed(node.text()?).map_err(|problem| node.error(problem))?;
    }
    let named = compiler.named(root.take("values"))?;
    let mut event = root.need("event")?.table()?;
    // What is told first may be looked at by what is told later.
    let operation = compiler.value(&event.need("api_operation")?)?;
    let slots = Slots { operation: compiler.slot_named("operation"), ..Slots::default() };
    let outcome = compiler.outcome(root.take("outcome"))?;
    let slots = Slots { status: compiler.slot_named("status"), ..slots };
    let acts = compiler.acts(root.need("act")?)?;
    let slots = Slots { access: compiler.slot_named("access"), ..slots };
    let time = compiler.time(event.take("time"))?;
    let authority = compiler.optional(event.take("authority"))?;
    let subject = compiler.optional_identity(event.take("subject_principal"))?;
    let initiator = compiler.optional_identity(event.take("initiator_principal"))?;
    let session = compiler.optional_identity(event.take("session_uri"))?;
    let mut grant_refs = Vec::new();
    for node in event.take("grant_refs").iter().flat_map(Node::items) {
        grant_refs.push(compiler.identity(&node)?);
    }
    let mut columns = Vec::new();
    for column in COLUMNS.iter().chain(WORDS) {
        if let Some(node) = event.take(column.name) {
            let value = compiler.value(&node)?;
            check(column, &value, &node, platform)?;
            columns.push((column, value));
        }
    }
    let mut lists = Vec::new();
    for list in LISTS {
        if let Some(node) = event.take(list.name) {
            lists.push((list, compiler.listed(Some(node))?));
        }
    }
    event.finish()?;
    let mapping = Mapping {
        platform,
        title,
        text: text.to_owned(),
        digest: crate::mapping::digest(text),
        form,
        recognise,
        named,
        slots,
        authority,
        operation,
        outcome,
        acts,
        time,
        actors: compiler.each_of(root.take("actor"), Compiler::actor)?,
        columns,
        lists,
        subject,
        initiator,
        session,
        grant_refs,
        resources: compiler.each_of(root.take("resource"), Compiler::resource)?,
        credential: compiler.each_of(root.take("credential"), Compiler::credential)?,
        issued: compiler.each_of(root.take("issued_credential"), Compiler::credential)?,
        credential_changes: compiler.each_of(root.take("credential_change"), Compiler::credential_change)?,
        grants: compiler.each_of(root.take("grant"), Compiler::grant)?,
        steps: compiler.each_of(root.take("step"), Compiler::step)?,
        aliases: compiler.each_of(root.take("alias"), Compiler::alias)?,
        changes: compiler.each_of(root.take("change"), Compiler::change)?,
        related: compiler.each_of(root.take("related"), Compiler::related)?,
        quality: compiler.quality(root.take("quality"))?,
        shape: compiler.shape,
    };
    root.finish()?;
    Ok(mapping)
}

fn platform(node: &Node<'_>) -> Result<Platform> {
    let name = node.text()?;
    if RESERVED.contains(&name) || Platform::parse(name).is_some_and(Platform::is_built_in) {
        return Err(node.error(format!("`{name}` is taken by the product itself; take another name")));
    }
    Platform::named(name).ok_or_else(|| {
        node.error(format!("`{name}` is no name: 1 to {MAPPED_NAME_BYTES_MAX} of a to z, digits and dashes"))
    })
}

fn form(root: &mut Table<'_>) -> Result<Form> {
    let format = root.take("format");
    let (columns, separator) = (root.take("columns"), root.take("separator"));
    let name = format.as_ref().map_or(Ok("json"), Node::text)?;
    let mark = |default: char| match &separator {
        None => Ok(default),
        Some(node) => {
            let mut chars = node.text()?.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) if c != '"' && c != '=' => Ok(c),
                _ => Err(node.error("is no separator: one character, no quote and no =")),
            }
        }
    };
    match (name, &columns, &separator, &format) {
        ("json", None, None, _) => Ok(Form::Json),
        ("key-value", None, ..) => Ok(Form::Pairs(mark(' ')?)),
        ("csv", Some(columns), ..) => {
            let columns = columns.items().iter().map(|item| item.text().map(Box::from)).collect::<Result<Vec<_>>>()?;
            Ok(Form::Csv(mark(',')?, columns))
        }
        ("csv", None, ..) => Err(root.error("a mapping of CSV needs `columns`, the names of its columns in order")),
        ("json" | "key-value", ..) => {
            Err(root.error(format!("`columns` and `separator` mean nothing for `format = \"{name}\"`; leave them out")))
        }
        (other, _, _, Some(node)) => Err(node.error(format!("\"{other}\" is none of: json, key-value, csv"))),
        (other, ..) => Err(root.error(format!("\"{other}\" is no format"))),
    }
}

/// What a record must have to be of the platform: paths of the record itself, or lists of them of which one must fit.
fn kinds(node: &Node<'_>) -> Result<Vec<Vec<Mark>>> {
    let items = node.items();
    match items.iter().any(Node::is_list) {
        true => items.iter().map(marks).collect(),
        false => Ok(vec![marks(node)?]),
    }
}

fn marks(node: &Node<'_>) -> Result<Vec<Mark>> {
    let mut marks = Vec::new();
    for item in node.items() {
        let (path, (test, said)) = match item.is_text() {
            true => (item.clone(), (Test::Exists(true), "is there".to_owned())),
            false => {
                let mut table = item.table()?;
                let path = table.need("value")?;
                let read = test(&mut table)?;
                table.finish()?;
                (path, read)
            }
        };
        let pointer = path.text()?;
        let steps = steps(pointer).map_err(|problem| path.error(problem))?;
        marks.push(Mark { steps, test, said: format!("{pointer} {said}").into() });
    }
    match marks.iter().any(Mark::is_sure) {
        true => Ok(marks),
        false => Err(node.error("says of no path that it is there; without one every record would be of the platform")),
    }
}

/// What a column cannot take is said before the first record comes, where it is a constant.
fn check(column: &Column, value: &Value, node: &Node<'_>, platform: Platform) -> Result<()> {
    let mut event = Event::new(platform, "unknown".into(), nobody(platform, "unknown"));
    for alternative in value.alternatives.iter().filter(|alternative| alternative.table.is_none()) {
        if let Template::Constant(constant) = alternative.template
            && !column.take.set(&mut event, constant.into())
        {
            return Err(node.error(format!("\"{constant}\" is not what the column takes, {}", column.take.wants())));
        }
    }
    Ok(())
}

impl Compiler {
    fn slot_named(&mut self, name: &str) -> usize {
        let slot = self.shape.spare();
        self.names.insert(name.to_owned(), slot);
        slot
    }

    fn named(&mut self, node: Option<Node<'_>>) -> Result<Vec<(Box<str>, usize, Value)>> {
        let Some(node) = node else { return Ok(Vec::new()) };
        let mut named = Vec::new();
        for (name, node) in node.table()?.rest() {
            if ["operation", "status", "access"].contains(&name) {
                return Err(node.error(format!("`${name}` is the event's own; take another name")));
            }
            let value = self.value(&node)?;
            named.push((Box::from(name), self.slot_named(name), value));
        }
        Ok(named)
    }

    fn each_of<'d, T>(
        &mut self,
        node: Option<Node<'d>>,
        mut read: impl FnMut(&mut Compiler, Table<'d>) -> Result<T>,
    ) -> Result<Vec<T>> {
        node.iter().flat_map(Node::items).map(|item| read(self, item.table()?)).collect()
    }

    /// `by = ...` of a table; without one, what was done.
    fn by(&mut self, table: &mut Table<'_>) -> Result<Value> {
        match table.take("by") {
            Some(node) => self.value(&node),
            None => {
                let node = table.node();
                let text = "$operation";
                let template = self.template(node, text)?;
                let alternative =
                    Alternative { when: Vec::new(), template, cut: Cut::default(), table: None, said: text.into() };
                Ok(Value { alternatives: vec![alternative] })
            }
        }
    }

    fn outcome(&mut self, node: Option<Node<'_>>) -> Result<Outcome> {
        let Some(node) = node else {
            return Ok(Outcome { by: Value::default(), rows: None, code: Value::default() });
        };
        let mut table = node.table()?;
        let by = self.by(&mut table)?;
        let rows = self.rows(&table.need("rows")?, |node| named!(Status, node))?;
        let code = self.optional(table.take("code"))?;
        table.finish()?;
        Ok(Outcome { by, rows: Some(rows), code })
    }

    fn acts(&mut self, node: Node<'_>) -> Result<Acts> {
        let mut table = node.table()?;
        let by = self.by(&mut table)?;
        let rows = self.rows(&table.need("rows")?, act)?;
        table.finish()?;
        if rows.get("").is_none() {
            return Err(node.error("has no row `\"*\"`; what no row fits must have a class, too: \"6003/99 other\""));
        }
        Ok(Acts { by, rows })
    }

    fn quality(&mut self, node: Option<Node<'_>>) -> Result<Quality> {
        let mut quality = Quality { expected: vec!["time", "actor_principal"], ..Quality::default() };
        let Some(node) = node else { return Ok(quality) };
        let mut table = node.table()?;
        if let Some(expected) = table.take("expected") {
            quality.expected = expected
                .items()
                .iter()
                .map(|item| {
                    let name = item.text()?;
                    let of_event = COLUMNS.iter().map(|column| column.name);
                    let known = EXPECTED.into_iter().chain(of_event).find(|known| *known == name);
                    known.ok_or_else(|| item.error(format!("`{name}` is no column that can be expected")))
                })
                .collect::<Result<_>>()?;
        }
        for (name, place) in [
            ("truncated", &mut quality.truncated),
            ("sampled", &mut quality.sampled),
            ("redacted", &mut quality.redacted),
        ] {
            if let Some(node) = table.take(name) {
                *place = Some(self.conditions(Some(&node))?);
            }
        }
        table.finish()?;
        Ok(quality)
    }
}

/// `3007/18 issue privileged severity=3`
fn act(node: &Node<'_>) -> Result<Act> {
    let text = node.text()?;
    let wrong = |problem: &str| {
        node.error(format!("\"{text}\" {problem}; write \"class/activity access\" as in \"3007/18 issue\""))
    };
    let mut words = text.split_whitespace();
    let (class, activity) = words.next().and_then(|word| word.split_once('/')).ok_or_else(|| wrong("has no class"))?;
    let class_uid = class.parse().ok().filter(|class| (1..=999_999).contains(class));
    let access = words.next().unwrap_or_default();
    let mut act = Act {
        class_uid: class_uid.ok_or_else(|| wrong("has no class"))?,
        activity_id: activity.parse().map_err(|_| wrong("has no activity"))?,
        access: Access::parse(access).ok_or_else(|| {
            let all = Access::ALL.iter().map(|access| access.as_str()).collect::<Vec<_>>().join(", ");
            node.error(format!("\"{access}\" in \"{text}\" is none of: {all}"))
        })?,
        is_privileged: false,
        severity_id: None,
    };
    for word in words {
        match (word, word.strip_prefix("severity=").map(str::parse::<u8>)) {
            ("privileged", _) => act.is_privileged = true,
            (_, Some(Ok(severity))) if (1..=6).contains(&severity) => act.severity_id = Some(severity),
            _ => {
                return Err(node.error(format!("`{word}` in \"{text}\" is neither `privileged` nor `severity=1` to 6")));
            }
        }
    }
    Ok(act)
}
