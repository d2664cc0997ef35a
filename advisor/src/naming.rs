//! What names say about reading and writing: the name of a function, the path of a route. All words of a name count; a
//! name that could mean both says nothing. What else was seen is weighed in `access`.

/// What a name says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Named {
    /// Only reading: its verb reads, and nothing in it could write.
    Reads,
    /// It begins with a verb that writes.
    Writes,
    /// It holds a verb that writes, but not as its own verb: `findOrCreateUser`, `getAndDelete`.
    Mixed,
    /// Nothing: no verb, or one that may mean either (`count`, `check`, `read`), or one that asks for what is made on demand.
    Silent,
}

/// Verbs that only read.
const READS: &[&str] = &[
    "get",
    "list",
    "fetch",
    "search",
    "load",
    "find",
    "query",
    "lookup",
    "retrieve",
    "is",
    "are",
    "has",
    "have",
    "can",
    "may",
    "should",
    "suggest",
    "autocomplete",
    "preview",
    "compare",
    "estimate",
    "browse",
];

/// Verbs that write and are hardly ever nouns: wherever they stand in a name, it may write.
const WRITES: &[&str] = &[
    "add",
    "create",
    "delete",
    "remove",
    "destroy",
    "insert",
    "upsert",
    "save",
    "submit",
    "send",
    "resend",
    "subscribe",
    "unsubscribe",
    "toggle",
    "edit",
    "modify",
    "mutate",
    "write",
    "clear",
    "reset",
    "restore",
    "publish",
    "unpublish",
    "cancel",
    "confirm",
    "approve",
    "reject",
    "accept",
    "decline",
    "dismiss",
    "enable",
    "disable",
    "activate",
    "deactivate",
    "assign",
    "unassign",
    "append",
    "attach",
    "detach",
    "apply",
    "grant",
    "revoke",
    "rotate",
    "claim",
    "consume",
    "acquire",
    "redeem",
    "enqueue",
    "dequeue",
    "increment",
    "decrement",
    "increase",
    "decrease",
    "bump",
    "touch",
    "ensure",
    "sync",
    "merge",
    "swap",
    "rename",
    "replace",
    "purge",
    "flush",
    "reserve",
    "allocate",
    "pop",
    "acknowledge",
    "spend",
    "burn",
    "invalidate",
    "revalidate",
    "login",
    "logout",
    "logoff",
    "signin",
    "signup",
    "signout",
    "register",
    "checkout",
    "checkin",
    "setup",
    "mark",
];

/// Verbs that write and are nouns as well: they write at the beginning of a name, and after "or" and "and".
const WRITING_NOUNS: &[&str] = &[
    "set", "put", "post", "pay", "place", "log", "track", "record", "store", "update", "change", "upload",
    "import", "archive", "invite", "join", "leave", "follow", "unfollow", "like", "unlike", "vote", "pin",
    "unpin", "bookmark", "book", "order", "buy", "purchase", "charge", "refund", "transfer", "deposit",
    "withdraw", "share", "move", "copy", "clone", "lock", "unlock", "start", "stop", "finish", "complete",
    "ban", "block", "sign", "drop", "push", "take", "draw", "ack", "reveal",
];

/// What is handed out one after the other: `getNextInvoiceNumber` takes it, and the next one gets another.
const HANDED_OUT: &[&str] = &[
    "number", "ticket", "token", "code", "id", "sequence", "card", "question", "task", "job", "turn", "lead",
];

/// What is made when somebody asks for it: `fetchClientSecret` begins a payment, `getOtp` sends a message.
const MADE_ON_DEMAND: &[&str] = &[
    "secret",
    "intent",
    "otp",
    "totp",
    "passcode",
    "passkey",
    "webauthn",
    "challenge",
    "attestation",
    "nonce",
    "captcha",
    "token",
    "jwt",
    "presigned",
    "portal",
];

/// Words around a verb that say nothing: `handleDelete`, `bulkUpdate`, `unstable_getPosts`.
const WRAPPERS: &[&str] = &[
    "handle", "on", "do", "try", "bulk", "batch", "safe", "async", "server", "cached", "unstable", "soft",
    "force", "use", "api", "admin",
];

/// What the name of a function says.
pub(crate) fn of_function(name: &str) -> Named {
    let words = words(name);
    let mut words = words.iter().map(String::as_str).skip_while(|word| WRAPPERS.contains(word));
    let Some(mut first) = words.next() else { return Named::Silent };
    let mut rest: Vec<&str> = words.collect();
    // A verb and its particle are one word: `log_in`, `lookUp`, `checkOut`.
    if let Some(whole) = rest.first().and_then(|particle| phrasal(first, particle)) {
        first = whole;
        rest.remove(0);
    }
    let writes_later = rest.iter().any(|word| WRITES.contains(word)) || does_more(&rest) || hands_out(&rest);
    if WRITES.contains(&first) || WRITING_NOUNS.contains(&first) {
        Named::Writes
    } else if writes_later {
        Named::Mixed
    } else if READS.contains(&first) && !rest.iter().any(|word| MADE_ON_DEMAND.contains(word)) {
        Named::Reads
    } else {
        Named::Silent
    }
}

/// What the last words of a route say: `/api/search`, `/api/users/lookup`. Of a route that only its name speaks for, a
/// noun is not enough.
pub(crate) fn of_route(route: &str) -> Named {
    let mut named = route.split('/').filter(|segment| !segment.is_empty() && !segment.starts_with('['));
    named.next_back().map_or(Named::Silent, of_function)
}

/// Whether another thing is done besides the first one: `findOrCreate`, `getAndStore`, `loadThenArchive`.
fn does_more(words: &[&str]) -> bool {
    words.windows(2).any(|pair| {
        matches!(pair, [joint, verb] if matches!(*joint, "or" | "and" | "then") && WRITING_NOUNS.contains(verb))
    })
}

/// Whether the next one of a row is asked for, which then is gone: `getNextInvoiceNumber`, and not `getNextPage`.
fn hands_out(words: &[&str]) -> bool {
    words.contains(&"next") && words.last().is_some_and(|last| HANDED_OUT.contains(last))
}

fn phrasal(verb: &str, particle: &str) -> Option<&'static str> {
    Some(match (verb, particle) {
        ("log", "in") | ("sign", "in") => "login",
        ("log", "out" | "off") | ("sign", "out" | "off") => "logout",
        ("sign", "up") => "signup",
        ("set", "up") => "setup",
        ("check", "out") => "checkout",
        ("check", "in") => "checkin",
        ("look", "up") => "lookup",
        _ => return None,
    })
}

/// The words of a name, lower case: of camelCase, snake_case, kebab-case, with acronyms and digits as words of their own.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(at + 1);
        let begins = letter.is_uppercase()
            && (before.is_some_and(|before| !before.is_uppercase())
                || after.is_some_and(|after| after.is_lowercase()));
        if begins || !letter.is_alphabetic() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphabetic() {
            word.extend(letter.to_lowercase());
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_into_words() {
        for (name, expected) in [
            ("getUserName", "get user name"),
            ("find_or_create", "find or create"),
            ("getURLForSSO", "get url for sso"),
            ("get2FAStatus", "get fa status"),
            ("LIST_ALL", "list all"),
            ("mark-read", "mark read"),
            ("$$RSC_SERVER_ACTION_0", "rsc server action"),
            ("", ""),
        ] {
            assert_eq!(words(name).join(" "), expected, "{name}");
        }
    }

    #[test]
    fn a_name_reads_only_if_none_of_its_words_could_write() {
        for (name, expected) in [
            ("getProfile", Named::Reads),
            ("list", Named::Reads),
            ("loadMore", Named::Reads),
            ("fetchLatestOrders", Named::Reads),
            ("getPost", Named::Reads),
            ("getLikes", Named::Reads),
            ("getUpdates", Named::Reads),
            ("getTermsAndConditions", Named::Reads),
            ("unstable_getPosts", Named::Reads),
            ("get_user_by_id", Named::Reads),
            ("GET_USER", Named::Reads),
            ("getV2Users3", Named::Reads),
            ("lookUpAddress", Named::Reads),
            ("isFollowing", Named::Reads),
            ("removeItem", Named::Writes),
            ("trackView", Named::Writes),
            ("markRead", Named::Writes),
            ("setupBilling", Named::Writes),
            ("setUpBilling", Named::Writes),
            ("login", Named::Writes),
            ("log_in", Named::Writes),
            ("signOut", Named::Writes),
            ("checkout", Named::Writes),
            ("checkOutCart", Named::Writes),
            ("checkIn", Named::Writes),
            ("handleDelete", Named::Writes),
            ("bulkUpdateRows", Named::Writes),
            ("postComment", Named::Writes),
            ("findOrCreateCustomer", Named::Mixed),
            ("find_or_create_customer", Named::Mixed),
            ("getAndDelete", Named::Mixed),
            ("getOrSet", Named::Mixed),
            ("fetchThenStore", Named::Mixed),
            ("findOneAndUpdate", Named::Mixed),
            ("loadAndMarkSeen", Named::Mixed),
            ("getCheckoutSession", Named::Mixed),
            ("userDelete", Named::Mixed),
            ("getNextInvoiceNumber", Named::Mixed),
            ("loadNextCard", Named::Mixed),
            ("fetchNextPage", Named::Reads),
            ("getTakeaways", Named::Reads),
            ("takeTicket", Named::Writes),
            ("revealSecret", Named::Writes),
            ("fetchClientSecret", Named::Silent),
            ("getOtp", Named::Silent),
            ("getPasskeyOptions", Named::Silent),
            ("fetchWebAuthnChallenge", Named::Silent),
            ("getChallenges", Named::Reads),
            ("getCSRFToken", Named::Silent),
            ("get_presigned_url", Named::Silent),
            ("getSignedInUser", Named::Reads),
            ("countView", Named::Silent),
            ("countItems", Named::Silent),
            ("readAll", Named::Silent),
            ("checkStock", Named::Silent),
            ("viewPost", Named::Silent),
            ("getaway", Named::Silent),
            ("bigData", Named::Silent),
            ("reports", Named::Silent),
            ("verify", Named::Silent),
            ("$$RSC_SERVER_ACTION_0", Named::Silent),
        ] {
            assert_eq!(of_function(name), expected, "{name}");
        }
    }

    #[test]
    fn a_route_is_named_by_its_last_static_segment() {
        for (route, expected) in [
            ("/api/search", Named::Reads),
            ("/api/products/search", Named::Reads),
            ("/api/teams/[id]/lookup", Named::Reads),
            ("/api/search/[kind]", Named::Reads),
            ("/api/cart", Named::Silent),
            ("/api/reports", Named::Silent),
            ("/api/track", Named::Writes),
            ("/api/search-and-save", Named::Mixed),
            ("/", Named::Silent),
        ] {
            assert_eq!(of_route(route), expected, "{route}");
        }
    }
}
