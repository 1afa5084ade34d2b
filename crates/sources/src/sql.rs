//! What an SQL statement does, by its first words: enough to say whether it reads or writes.

use model::Access;

/// Activity of Datastore Activity (OCSF 6005) and access of a statement or command tag.
pub(crate) fn act(statement: &str) -> (u8, Access) {
    let mut words = words(statement);
    let first = words.next().unwrap_or_default().to_ascii_uppercase();
    match first.as_str() {
        "SELECT" | "TABLE" | "VALUES" | "FETCH" | "SHOW" | "EXPLAIN" | "DECLARE" => (1, Access::Read),
        // The tag of a copy says no direction, the statement does.
        "COPY" if statement.to_ascii_uppercase().contains(" TO ") => (1, Access::Read),
        "COPY" | "INSERT" | "MERGE" => (5, Access::Modify),
        "UPDATE" | "ALTER" | "COMMENT" | "REINDEX" | "CLUSTER" | "VACUUM" | "ANALYZE" | "REFRESH" | "SECURITY"
        | "REASSIGN" => (2, Access::Modify),
        "DELETE" | "TRUNCATE" | "DROP" => (7, Access::Delete),
        "CREATE" | "IMPORT" => (6, Access::Create),
        "GRANT" | "REVOKE" => (2, Access::Grant),
        "DO" | "CALL" | "EXECUTE" | "PREPARE" | "LOAD" => (4, Access::Execute),
        // What such a query does is said behind its parts; the last verb would need a parser.
        "WITH" => with(statement),
        _ => (4, Access::Other),
    }
}

/// The first word of a statement, in upper case; of a statement without one `statement`.
pub(crate) fn verb(statement: &str) -> String {
    words(statement).next().map_or_else(|| "statement".to_owned(), str::to_ascii_uppercase)
}

/// A query with parts before it reads, unless a verb that writes is anywhere in it: too much is said
/// rather than too little.
fn with(statement: &str) -> (u8, Access) {
    for word in words(statement) {
        match word.to_ascii_uppercase().as_str() {
            "DELETE" => return (7, Access::Delete),
            "INSERT" | "MERGE" => return (5, Access::Modify),
            "UPDATE" => return (2, Access::Modify),
            _ => {}
        }
    }
    (1, Access::Read)
}

/// The words of a statement, without comments and signs.
fn words(statement: &str) -> impl Iterator<Item = &str> {
    let mut rest = statement;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_' && c != '/' && c != '-');
            rest = match rest.get(..2) {
                Some("--") => rest.split_once('\n').map_or("", |(_, after)| after),
                Some("/*") => rest.split_once("*/").map_or("", |(_, after)| after),
                _ if rest.starts_with(['/', '-']) => rest.get(1..).unwrap_or_default(),
                _ => break,
            };
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        (!word.is_empty()).then_some(word)
    })
}
