//! A TOML file as a tree whose nodes know their line and key, so that each complaint can name them.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::error::{Error, Result, line};

/// A value of the file.
#[derive(Clone)]
pub(super) struct Node<'d> {
    text: &'d str,
    /// The dotted key.
    pub(super) key: String,
    span: Range<usize>,
    value: &'d DeValue<'d>,
}

/// A table of the file, whose keys are taken one by one; what is left is unknown.
pub(super) struct Table<'d> {
    node: Node<'d>,
    /// In the order of the file.
    entries: Vec<(&'d str, Node<'d>)>,
    asked: Vec<&'static str>,
}

/// The whole file as a table.
pub(super) fn root<'d>(text: &'d str, file: &'d toml::Spanned<DeValue<'d>>) -> Result<Table<'d>> {
    Node { text, key: String::new(), span: file.span(), value: file.get_ref() }.table()
}

/// Parses a file, with the line of what is no TOML.
pub(super) fn parse(text: &str) -> Result<toml::Spanned<DeValue<'_>>> {
    let table = DeTable::parse(text).map_err(|error| Error {
        line: line(text, error.span().map_or(0, |span| span.start)),
        key: String::new(),
        problem: format!("not TOML: {}", error.message().replace('\n', "; ")),
    })?;
    let span = table.span();
    Ok(toml::Spanned::new(span, DeValue::Table(table.into_inner())))
}

impl<'d> Node<'d> {
    /// A complaint about this value.
    pub(super) fn error(&self, problem: impl Into<String>) -> Error {
        let key = if self.key.is_empty() { String::new() } else { format!("{}: ", self.key) };
        Error { line: line(self.text, self.span.start), key, problem: problem.into() }
    }

    pub(super) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    pub(super) fn is_text(&self) -> bool {
        self.value.is_str()
    }

    pub(super) fn table(&self) -> Result<Table<'d>> {
        let DeValue::Table(table) = self.value else {
            return Err(self.error(format!("is {}, a table is wanted", self.what())));
        };
        let mut entries: Vec<(&'d str, Node<'d>)> = table
            .iter()
            .map(|(name, value)| {
                let name: &'d str = name.get_ref().as_ref();
                let key = if self.key.is_empty() { name.to_owned() } else { format!("{}.{name}", self.key) };
                (name, Node { text: self.text, key, span: value.span(), value: value.get_ref() })
            })
            .collect();
        entries.sort_by_key(|(_, node)| node.span.start);
        Ok(Table { node: self.clone(), entries, asked: Vec::new() })
    }

    /// The items of a list; anything else is a list of one.
    pub(super) fn items(&self) -> Vec<Node<'d>> {
        let DeValue::Array(items) = self.value else { return vec![self.clone()] };
        let item = |(index, item): (usize, &'d toml::Spanned<DeValue<'d>>)| {
            let key = format!("{}[{index}]", self.key);
            Node { text: self.text, key, span: item.span(), value: item.get_ref() }
        };
        items.iter().enumerate().map(item).collect()
    }

    pub(super) fn text(&self) -> Result<&'d str> {
        self.value.as_str().ok_or_else(|| self.error(format!("is {}, a text is wanted", self.what())))
    }

    pub(super) fn boolean(&self) -> Result<bool> {
        self.value.as_bool().ok_or_else(|| self.error(format!("is {}, true or false is wanted", self.what())))
    }

    pub(super) fn integer(&self) -> Result<u32> {
        let digits = self.value.as_integer().map(|integer| integer.as_str().replace('_', ""));
        let number = digits.and_then(|digits| digits.parse().ok());
        number.ok_or_else(|| self.error(format!("is {}, a number from 0 to {} is wanted", self.what(), u32::MAX)))
    }

    /// One of a closed list of names.
    pub(super) fn name<T: Copy>(&self, parse: impl Fn(&str) -> Option<T>, all: &[&str]) -> Result<T> {
        let text = self.text()?;
        parse(text).ok_or_else(|| self.error(format!("\"{text}\" is none of: {}", all.join(", "))))
    }

    fn what(&self) -> String {
        match self.value {
            DeValue::String(text) => format!("the text \"{text}\""),
            DeValue::Integer(number) => format!("the number {}", number.as_str()),
            DeValue::Boolean(value) => value.to_string(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
            DeValue::Float(number) => format!("the number {}", number.as_str()),
            DeValue::Datetime(_) => "a time".to_owned(),
        }
    }
}

impl<'d> Table<'d> {
    /// A key that may be there.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Node<'d>> {
        self.asked.push(name);
        let at = self.entries.iter().position(|(known, _)| *known == name)?;
        Some(self.entries.remove(at).1)
    }

    /// A key that must be there.
    pub(super) fn need(&mut self, name: &'static str) -> Result<Node<'d>> {
        self.take(name).ok_or_else(|| self.node.error(format!("`{name}` is missing; every such table has one")))
    }

    /// What was not taken yet, in the order of the file.
    pub(super) fn rest(&mut self) -> Vec<(&'d str, Node<'d>)> {
        std::mem::take(&mut self.entries)
    }

    pub(super) fn node(&self) -> &Node<'d> {
        &self.node
    }

    /// A complaint about the table itself.
    pub(super) fn error(&self, problem: impl Into<String>) -> Error {
        self.node.error(problem)
    }

    /// Says so if a key is left that nothing asked for.
    pub(super) fn finish(self) -> Result<()> {
        let Some((name, node)) = self.entries.first() else { return Ok(()) };
        let near = self.asked.iter().find(|known| is_near(known, name));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", self.asked.join(", ")),
        };
        Err(node.error(format!("`{name}` is no key of a mapping file at this place; {hint}")))
    }
}

/// Whether two names differ by a letter or two.
pub(super) fn is_near(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let longest = a.len().max(b.len());
    longest - (same + tail).min(a.len().min(b.len())) <= 2 && longest > 2
}
