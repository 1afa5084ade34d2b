//! Which paths a mapping reads, as a trie: one pass over a record fills a slot for each.
//!
//! A path is a JSON pointer. A number in it is an index of a list, and `*` each item of one: the values below an item
//! stand in one row, so that what belongs together stays together.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Deepest path, in steps.
pub const PATH_STEPS_MAX: usize = 16;

/// Most keys that are read of one object.
pub const KEYS_MAX: usize = 128;

/// Most items of one list that are read; what comes behind them is left out, and the event says `truncated`.
pub const ITEMS_MAX: usize = 64;

/// Where the value at a path goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// One for the record.
    Plain(usize),
    /// One for each item of a list: the number of the list, the cell in the row.
    Item(usize, usize),
}

#[derive(Debug, Default)]
struct Node {
    keys: Vec<(Box<str>, usize)>,
    /// Items by index.
    indexes: Vec<(usize, usize)>,
    /// The number of the list, and the node of its items.
    each: Option<(usize, usize)>,
    slot: Option<Slot>,
    /// A text here that holds JSON is read as if that stood here.
    is_embedded: bool,
}

/// The trie, and how many slots its paths fill.
#[derive(Debug)]
pub(super) struct Shape {
    nodes: Vec<Node>,
    plain: usize,
    /// Cells in a row of each list, and the path of the list.
    lists: Vec<(usize, Box<str>)>,
}

/// The values of one record, by slot.
pub(super) struct Filled<'a> {
    plain: Vec<Option<Cow<'a, str>>>,
    lists: Vec<Vec<Option<Cow<'a, str>>>>,
    widths: Vec<usize>,
    /// A list was longer than [`ITEMS_MAX`].
    pub(super) is_cut: bool,
}

/// The steps of a JSON pointer (RFC 6901), or what is wrong with it.
pub(super) fn steps(pointer: &str) -> Result<Vec<String>, String> {
    let Some(rest) = pointer.strip_prefix('/') else {
        return Err(format!("`{pointer}` is no path: a path is a JSON pointer such as /actor/id"));
    };
    let steps: Vec<String> = rest.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    if steps.len() > PATH_STEPS_MAX {
        return Err(format!("`{pointer}` has {} steps, limit is {PATH_STEPS_MAX}", steps.len()));
    }
    Ok(steps)
}

impl Shape {
    pub(super) fn new() -> Shape {
        Shape { nodes: vec![Node::default()], plain: 0, lists: Vec::new() }
    }

    /// A slot that no path fills.
    pub(super) fn spare(&mut self) -> usize {
        self.plain += 1;
        self.plain - 1
    }

    /// Slots and rows in all, as a measure of size.
    pub(super) fn slots(&self) -> usize {
        self.plain + self.lists.iter().map(|(width, _)| width).sum::<usize>()
    }

    /// The slot of a path.
    pub(super) fn slot(&mut self, pointer: &str) -> Result<Slot, String> {
        let (node, list) = self.walk(pointer)?;
        let nodes = self.nodes.len();
        let known = self.nodes.get(node).and_then(|node| node.slot);
        if let Some(slot) = known {
            return Ok(slot);
        }
        let slot = match list {
            None => Slot::Plain(self.spare()),
            Some(list) => {
                let (width, _) = self.lists.get_mut(list).ok_or_else(|| format!("list {list} of {nodes} nodes"))?;
                *width += 1;
                Slot::Item(list, *width - 1)
            }
        };
        if let Some(node) = self.nodes.get_mut(node) {
            node.slot = Some(slot);
        }
        Ok(slot)
    }

    /// Reads the text at a path as JSON, too.
    pub(super) fn embed(&mut self, pointer: &str) -> Result<(), String> {
        let (node, _) = self.walk(pointer)?;
        if let Some(node) = self.nodes.get_mut(node) {
            node.is_embedded = true;
        }
        Ok(())
    }

    /// The number of a list by its path, `/items/*`.
    pub(super) fn list(&mut self, pointer: &str) -> Result<usize, String> {
        if !pointer.ends_with("/*") {
            return Err(format!("`{pointer}` names no items: the path of a list ends with /*"));
        }
        let (_, list) = self.walk(pointer)?;
        list.ok_or_else(|| format!("`{pointer}` names no items: the path of a list ends with /*"))
    }

    /// The node of a path and the list it is in, made where they are not there yet.
    fn walk(&mut self, pointer: &str) -> Result<(usize, Option<usize>), String> {
        let (mut at, mut list, mut path) = (0, None, String::new());
        for step in steps(pointer)? {
            let next = self.nodes.len();
            let lists = self.lists.len();
            let Some(node) = self.nodes.get_mut(at) else { break };
            let found = if step == "*" {
                if list.is_some() {
                    return Err(format!(
                        "`{pointer}` has two `*`, limit is one: take the items of the inner list by index"
                    ));
                }
                let (number, child) = *node.each.get_or_insert((lists, next));
                list = Some(number);
                if number == lists {
                    self.lists.push((0, path.clone().into()));
                }
                child
            } else if let Ok(index) = step.parse::<usize>() {
                let known = node.indexes.iter().find(|(known, _)| *known == index).map(|(_, child)| *child);
                known.unwrap_or_else(|| {
                    node.indexes.push((index, next));
                    next
                })
            } else {
                let known = node.keys.iter().find(|(known, _)| **known == *step).map(|(_, child)| *child);
                if known.is_none() && node.keys.len() >= KEYS_MAX {
                    return Err(format!("`{pointer}` is key {} of one object, limit is {KEYS_MAX}", KEYS_MAX + 1));
                }
                known.unwrap_or_else(|| {
                    node.keys.push((step.clone().into(), next));
                    next
                })
            };
            if found == next {
                self.nodes.push(Node::default());
            }
            path.push('/');
            path.push_str(&step);
            at = found;
        }
        Ok((at, list))
    }

    fn empty<'a>(&self) -> Filled<'a> {
        let mut plain = Vec::with_capacity(self.plain);
        plain.resize_with(self.plain, || None);
        Filled {
            plain,
            lists: self.lists.iter().map(|_| Vec::new()).collect(),
            widths: self.lists.iter().map(|(width, _)| *width).collect(),
            is_cut: false,
        }
    }

    /// One pass over a JSON object.
    pub(super) fn json<'a>(&self, text: &'a str) -> Result<Filled<'a>, serde_json::Error> {
        let mut filled = self.empty();
        let mut json = serde_json::Deserializer::from_str(text);
        Fill { shape: self, node: 0, row: None, out: &mut filled, keep: Borrow }.deserialize(&mut json)?;
        json.end()?;
        Ok(filled)
    }

    /// Takes pairs of names and values; of a repeated name the last one counts.
    pub(super) fn pairs<'n, 'a>(&self, pairs: impl Iterator<Item = (&'n str, Cow<'a, str>)>) -> Filled<'a> {
        let mut filled = self.empty();
        let Some(root) = self.nodes.first() else { return filled };
        for (name, value) in pairs {
            let Some((_, node)) = root.keys.iter().find(|(key, _)| **key == *name) else { continue };
            let fill = Fill { shape: self, node: *node, row: None, out: &mut filled, keep: Borrow };
            fill.text(value);
        }
        filled
    }
}

impl<'a> Filled<'a> {
    pub(super) fn get(&self, slot: Slot, row: Option<(usize, usize)>) -> Option<&Cow<'a, str>> {
        let value = match (slot, row) {
            (Slot::Plain(at), _) => self.plain.get(at)?,
            (Slot::Item(list, cell), Some((of, row))) if of == list => {
                self.lists.get(list)?.get(row * self.widths.get(list)? + cell)?
            }
            (Slot::Item(..), _) => return None,
        };
        value.as_ref()
    }

    pub(super) fn set(&mut self, at: usize, value: Option<Cow<'a, str>>) {
        if let Some(slot) = self.plain.get_mut(at) {
            *slot = value;
        }
    }

    /// How many items of a list there are.
    pub(super) fn rows(&self, list: usize) -> usize {
        match (self.lists.get(list), self.widths.get(list)) {
            (Some(cells), Some(width)) if *width > 0 => cells.len() / width,
            _ => 0,
        }
    }
}

/// How texts of the parser are kept: borrowed from the record, or copied out of what was unescaped.
trait Keep<'de, 'a>: Copy {
    fn keep(self, text: &'de str) -> Cow<'a, str>;
}

#[derive(Clone, Copy)]
struct Borrow;

#[derive(Clone, Copy)]
struct Own;

impl<'a> Keep<'a, 'a> for Borrow {
    fn keep(self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }
}

impl<'a> Keep<'_, 'a> for Own {
    fn keep(self, text: &str) -> Cow<'a, str> {
        Cow::Owned(text.to_owned())
    }
}

/// Puts what stands below one node of the trie into its slots.
struct Fill<'s, 'f, 'a, K> {
    shape: &'s Shape,
    node: usize,
    row: Option<usize>,
    out: &'f mut Filled<'a>,
    keep: K,
}

impl<'s, 'a, K: Copy> Fill<'s, '_, 'a, K> {
    fn at(&mut self, node: usize, row: Option<usize>) -> Fill<'s, '_, 'a, K> {
        Fill { shape: self.shape, node, row, out: self.out, keep: self.keep }
    }

    fn here(&self) -> Option<&'s Node> {
        self.shape.nodes.get(self.node)
    }

    /// A new row of a list, unless there are too many.
    fn item(&mut self, list: usize) -> Option<usize> {
        let (cells, width) = (self.out.lists.get_mut(list)?, *self.out.widths.get(list)?);
        let row = cells.len().checked_div(width).unwrap_or(0);
        if row >= ITEMS_MAX {
            return None;
        }
        cells.resize_with((row + 1) * width, || None);
        Some(row)
    }

    fn text(mut self, text: Cow<'a, str>) {
        let Some(node) = self.here() else { return };
        if node.is_embedded && text.trim_start().starts_with(['{', '[']) {
            let mut json = serde_json::Deserializer::from_str(&text);
            let inside = Fill { shape: self.shape, node: self.node, row: self.row, out: self.out, keep: Own };
            // What is no JSON stays a text.
            let _ = inside.deserialize(&mut json);
        }
        // A list that is told by a lone value.
        if let Some((list, child)) = node.each
            && let Some(row) = self.item(list)
        {
            self.at(child, Some(row)).text(text.clone());
        }
        self.put(node, text);
    }

    fn put(&mut self, node: &Node, text: Cow<'a, str>) {
        let place = match (node.slot, self.row) {
            (Some(Slot::Plain(at)), _) => self.out.plain.get_mut(at),
            (Some(Slot::Item(list, cell)), Some(row)) => {
                let at = row * self.out.widths.get(list).copied().unwrap_or_default() + cell;
                self.out.lists.get_mut(list).and_then(|cells| cells.get_mut(at))
            }
            _ => None,
        };
        if let Some(place) = place {
            *place = Some(text);
        }
    }
}

impl<'de, 'a, K: Keep<'de, 'a>> DeserializeSeed<'de> for Fill<'_, '_, 'a, K> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, 'a, K: Keep<'de, 'a>> Visitor<'de> for Fill<'_, '_, 'a, K> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let Some(mut node) = self.here() else { return Ok(()) };
        // A list that is told by a lone object.
        if let Some((list, child)) = node.each {
            self.row = self.item(list);
            self.node = child;
            node = self.here().unwrap_or(node);
        }
        let mut seen = 0_u128;
        while let Some(found) = map.next_key_seed(Key(node))? {
            let Some((at, child)) = found else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if seen & (1 << at) != 0 {
                // The record is repaired then, and read again.
                return Err(serde::de::Error::custom("duplicate key"));
            }
            seen |= 1 << at;
            let row = self.row;
            map.next_value_seed(self.at(child, row))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let Some(node) = self.here() else { return Ok(()) };
        let mut index = 0;
        loop {
            // An item is known to be there only when it is read, so its row comes first.
            let row = node.each.and_then(|(list, _)| self.item(list));
            let in_row = node.each.filter(|_| row.is_some()).map(|(_, child)| child);
            let by_index = node.indexes.iter().find(|(at, _)| *at == index).map(|(_, child)| *child);
            let outer = self.row;
            let there = match (in_row, by_index) {
                (Some(child), None) => seq.next_element_seed(self.at(child, row))?.is_some(),
                (None, Some(child)) => seq.next_element_seed(self.at(child, outer))?.is_some(),
                (None, None) => seq.next_element::<IgnoredAny>()?.is_some(),
                (Some(child), Some(by_index)) => match seq.next_element::<&'de RawValue>()? {
                    None => false,
                    // Read for both, one after the other.
                    Some(raw) => {
                        for (child, row) in [(child, row), (by_index, outer)] {
                            let read =
                                self.at(child, row).deserialize(&mut serde_json::Deserializer::from_str(raw.get()));
                            read.map_err(serde::de::Error::custom)?;
                        }
                        true
                    }
                },
            };
            match (there, node.each, row) {
                (false, Some((list, _)), Some(row)) => {
                    self.out.drop_row(list, row);
                    return Ok(());
                }
                (false, ..) => return Ok(()),
                (true, Some(_), None) => self.out.is_cut = true,
                (true, ..) => {}
            }
            index += 1;
        }
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        let text = self.keep.keep(text);
        self.text(text);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.text(Cow::Owned(text.to_owned()));
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.text(Cow::Borrowed(if value { "true" } else { "false" }));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.text(Cow::Owned(value.to_string()));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.text(Cow::Owned(value.to_string()));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.text(Cow::Owned(value.to_string()));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

impl Filled<'_> {
    /// Takes back the row that was made for an item which was not there.
    fn drop_row(&mut self, list: usize, row: usize) {
        let width = self.widths.get(list).copied().unwrap_or_default();
        if let Some(cells) = self.lists.get_mut(list) {
            cells.truncate(row * width);
        }
    }
}

/// A key of an object: its number among the keys that are read, and the node of its value.
struct Key<'s>(&'s Node);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<(usize, usize)>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<(usize, usize)>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        let found = self.0.keys.iter().enumerate().find(|(_, (known, _))| **known == *key);
        Ok(found.map(|(at, (_, child))| (at, *child)))
    }
}
