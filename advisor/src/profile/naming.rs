//! What a function's name tells about it.

use super::Seen;

/// What the first word of a name says; the words are those of rules.md, action-read-only, and their opposites.
pub(super) fn verb(name: &str) -> Seen {
    const READS: [&str; 12] =
        ["get", "list", "fetch", "search", "load", "find", "count", "read", "query", "lookup", "check", "is"];
    const WRITES: [&str; 26] = [
        "add",
        "create",
        "update",
        "delete",
        "remove",
        "set",
        "toggle",
        "save",
        "submit",
        "post",
        "send",
        "subscribe",
        "insert",
        "put",
        "edit",
        "change",
        "clear",
        "mark",
        "publish",
        "upload",
        "archive",
        "pay",
        "place",
        "cancel",
        "invite",
        "log",
    ];
    let first = name.find(|c: char| c.is_uppercase() || c == '_').map_or(name, |end| &name[..end]);
    if READS.contains(&first) {
        Seen::Reads
    } else if WRITES.contains(&first) {
        Seen::Writes
    } else {
        Seen::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_reading_from_writing_only_by_its_first_word() {
        for (name, seen) in [
            ("getProfile", Seen::Reads),
            ("list", Seen::Reads),
            ("removeItem", Seen::Writes),
            ("getaway", Seen::Unclear),
            ("bigData", Seen::Unclear),
            ("$$RSC_SERVER_ACTION_0", Seen::Unclear),
        ] {
            assert_eq!(verb(name), seen, "{name}");
        }
    }
}
