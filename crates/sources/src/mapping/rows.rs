//! Tables of a mapping: which row a text leads to, by its exact words or by a pattern with a `*`.

/// A table of texts and patterns.
#[derive(Debug)]
pub(super) struct Rows<T> {
    /// Sorted by key.
    exact: Vec<(Box<str>, T)>,
    /// The pattern with the most letters first.
    patterns: Vec<(Pattern, T)>,
}

/// A text with a `*`, which stands for anything.
#[derive(Debug)]
pub(super) struct Pattern {
    begins: Box<str>,
    contains: Box<str>,
    ends: Box<str>,
    said: Box<str>,
}

impl Pattern {
    /// `None` if the text has no `*`; wrong if it has more than one elsewhere than at both ends.
    pub(super) fn new(text: &str) -> Result<Option<Pattern>, String> {
        let parts: Vec<&str> = text.split('*').collect();
        let (begins, contains, ends) = match parts.as_slice() {
            [_] => return Ok(None),
            [begins, ends] => (*begins, "", *ends),
            ["", contains, ""] => ("", *contains, ""),
            _ => return Err(format!("`{text}` has a `*` too many: one anywhere, or one at each end")),
        };
        let [begins, contains, ends, said] = [begins, contains, ends, text].map(Box::from);
        Ok(Some(Pattern { begins, contains, ends, said }))
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        text.len() >= self.begins.len() + self.ends.len()
            && text.starts_with(&*self.begins)
            && text.ends_with(&*self.ends)
            && (self.contains.is_empty() || text.contains(&*self.contains))
    }
}

impl<T> Rows<T> {
    /// A table; each key once.
    pub(super) fn new(rows: Vec<(Box<str>, T)>) -> Result<Rows<T>, String> {
        let (mut exact, mut patterns) = (Vec::new(), Vec::new());
        for (key, row) in rows {
            match Pattern::new(&key)? {
                None => exact.push((key, row)),
                Some(pattern) => patterns.push((pattern, row)),
            }
        }
        exact.sort_by(|(a, _), (b, _)| a.cmp(b));
        patterns.sort_by(|(a, _), (b, _)| (b.said.len(), &a.said).cmp(&(a.said.len(), &b.said)));
        Ok(Rows { exact, patterns })
    }

    /// The row of a text: its own, else that of the longest pattern that fits it.
    pub(super) fn get(&self, text: &str) -> Option<(&str, &T)> {
        if let Ok(at) = self.exact.binary_search_by(|(key, _)| (**key).cmp(text)) {
            return self.exact.get(at).map(|(key, row)| (&**key, row));
        }
        let found = self.patterns.iter().find(|(pattern, _)| pattern.fits(text));
        found.map(|(pattern, row)| (&*pattern.said, row))
    }

    pub(super) fn len(&self) -> usize {
        self.exact.len() + self.patterns.len()
    }
}
