//! Faults of the field, each as the smallest recording that showed it and the right value of it under the default thresholds.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod support;

use std::collections::BTreeMap;

use serde_json::Value;

use support::{handlers, pointsman, report, workspace};

/// One recording and what must be true of it.
struct Fault {
    /// File in `fixtures/faults-2026-11`.
    input: &'static str,
    /// Why the value is right, in a few words.
    right: &'static str,
    holds: fn(&Seen) -> bool,
}

/// What Pointsman says of a recording.
#[derive(Default)]
struct Seen {
    /// Spans that were read, as `replay` prints them; `None` where it refused all of them.
    spans: Option<u64>,
    handlers: Vec<Value>,
}

const FAULTS: [Fault; 16] = [
    Fault {
        input: "action_on_not_found_page.jsonl.zst",
        right: "all calls of the footer's action count under it, wherever they were posted from",
        holds: |seen| {
            seen.of("subscribeNewsletter").calls() == 287.0 && seen.all(|it| it["kind"] != "unmatched")
        },
    },
    Fault {
        input: "bots_random_ids_node.jsonl.zst",
        right: "a scanner's made-up ids come from no earlier build and no other instance",
        holds: |seen| {
            seen.all(|it| !it.improved_by("version-skew") && !it.improved_by("replica-key-mismatch"))
        },
    },
    Fault {
        input: "catchall_two_pages.jsonl.zst",
        right: "a route that is many endpoints never moves as one",
        holds: |seen| seen.all(|it| !it.moves() || !it["operation"].is_null()),
    },
    Fault {
        input: "nextauth_credentials.jsonl.zst",
        right: "endpoints of an authentication library never become actions",
        holds: |seen| seen.all(|it| !it.moves()),
    },
    Fault {
        input: "express_mount.jsonl.zst",
        right: "a request below a mount that stripped a prefix is one call, of an unknown caller",
        holds: |seen| {
            seen.handlers.len() == 1
                && seen.of("/api/foo").calls() == 1.0
                && seen.of("/api/foo").only_caller("unknown")
        },
    },
    Fault {
        input: "name_countView.jsonl.zst",
        right: "a name that may mean an increment does not prove that an action reads",
        holds: |seen| seen.of("countView").needs("read_or_write"),
    },
    Fault {
        input: "name_findOrCreateCustomer.jsonl.zst",
        right: "a name that also holds a verb that writes does not prove that an action reads",
        holds: |seen| seen.of("findOrCreateCustomer").needs("read_or_write"),
    },
    Fault {
        input: "ext_before_window.jsonl.zst",
        right: "an outsider's success counts for as long as it is retained",
        holds: |seen| seen.of("/api/sync").keeps(),
    },
    Fault {
        input: "ext_google_apps_script.jsonl.zst",
        right: "what no browser page can be is an outsider, however browser-like its name",
        holds: |seen| seen.of("/api/sync").keeps(),
    },
    Fault {
        input: "ext_powershell.jsonl.zst",
        right: "what no browser page can be is an outsider, however browser-like its name",
        holds: |seen| seen.of("/api/sync").keeps(),
    },
    Fault {
        input: "service_worker_sync.jsonl.zst",
        right: "a service worker cannot call an action",
        holds: |seen| seen.of("/api/orders").keeps() && seen.of("/api/orders").says_nowhere("/sw.js"),
    },
    Fault {
        input: "slow_json_25s.jsonl.zst",
        right: "what an action would be too slow for stays a route",
        holds: |seen| seen.of("/api/generate").keeps(),
    },
    Fault {
        input: "chat_pages_api.jsonl.zst",
        right: "a stream of text is a stream where nothing tells its first byte, too",
        holds: |seen| seen.of("/api/chat").keeps() && seen.of("/api/chat").blocked_by("stream-or-binary"),
    },
    Fault {
        input: "bearer.jsonl.zst",
        right: "an action's request carries no token: the session has to come into a cookie first",
        holds: |seen| {
            let todos = seen.handlers.iter().filter(|it| it["route"] == "/api/todos");
            todos.into_iter().all(|it| !it.moves() || it["effort"] == "L")
        },
    },
    Fault {
        input: "lone-surrogate.json",
        right: "half an emoji costs the character, not the request",
        holds: |seen| seen.spans == Some(10),
    },
    Fault {
        input: "latin1.json",
        right: "one byte that is not UTF-8 costs the character, not the request",
        holds: |seen| seen.spans == Some(10),
    },
];

#[test]
fn every_fault_of_the_field_has_its_right_value() {
    let verdicts: BTreeMap<&str, (bool, String)> = std::thread::scope(|scope| {
        let runs: Vec<_> = FAULTS.iter().map(|fault| (fault, scope.spawn(|| judged(fault)))).collect();
        runs.into_iter().map(|(fault, run)| (fault.input, run.join().unwrap())).collect()
    });
    let mut wrong = String::new();
    for Fault { input, right, .. } in &FAULTS {
        let (holds, said) = &verdicts[input];
        if !holds {
            wrong += &format!("{input}: {right}\n{said}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Whether what is right holds, and what was said.
fn judged(fault: &Fault) -> (bool, String) {
    let seen = seen(fault.input);
    let said = seen.handlers.iter().map(|it| {
        format!(
            "  {} {} {}: {} {}, {} calls by {}, improvements {}, blockers {}: {}\n",
            it["kind"],
            it["route"],
            it["action"],
            it["verdict"],
            it["confidence"],
            it["calls"],
            it["callers"],
            it["improvements"],
            it["blockers"],
            it["reason"]
        )
    });
    ((fault.holds)(&seen), said.collect())
}

/// Replays a recording into a fresh database and reports over a fortnight.
fn seen(input: &str) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("fault.db");
    let file = workspace().join("fixtures/faults-2026-11").join(input);
    let run = pointsman(&db, ["replay".as_ref(), file.as_os_str()]);
    if run.code != Some(0) {
        return Seen::default();
    }
    let counted = run.out.split(", ").find_map(|part| part.trim().strip_suffix(" spans")?.parse().ok());
    let report = report(&db, &["--window", "14d", "--until", "last"]);
    Seen { spans: counted, handlers: handlers(&report).to_vec() }
}

/// What a handler's row of the report says, in words of these faults.
trait Row {
    fn calls(&self) -> f64;
    fn moves(&self) -> bool;
    fn keeps(&self) -> bool;
    fn needs(&self, code: &str) -> bool;
    fn improved_by(&self, rule: &str) -> bool;
    fn blocked_by(&self, rule: &str) -> bool;
    fn only_caller(&self, class: &str) -> bool;
    fn says_nowhere(&self, text: &str) -> bool;
}

impl Seen {
    /// The handler of a route or of an action's name that can move: of a route that is read and written, what writes.
    fn of(&self, name: &str) -> Value {
        let mut named: Vec<&Value> =
            self.handlers.iter().filter(|it| it["route"] == name || it["action"] == name).collect();
        named.sort_by_key(|it| it["method"] == "GET");
        named.first().map_or(Value::Null, |it| Value::clone(it))
    }

    fn all(&self, right: fn(&Value) -> bool) -> bool {
        !self.handlers.is_empty() && self.handlers.iter().all(right)
    }
}

impl Row for Value {
    fn calls(&self) -> f64 {
        self["calls"].as_f64().unwrap_or_default()
    }

    fn moves(&self) -> bool {
        self["verdict"].as_str().is_some_and(|verdict| verdict.starts_with("move_"))
    }

    fn keeps(&self) -> bool {
        self["verdict"] == "keep"
    }

    fn needs(&self, code: &str) -> bool {
        let needs = self["needs"].as_array().map_or(&[][..], Vec::as_slice);
        self["verdict"] == "insufficient_evidence" && needs.iter().any(|need| need["code"] == code)
    }

    fn improved_by(&self, rule: &str) -> bool {
        names(&self["improvements"], rule)
    }

    fn blocked_by(&self, rule: &str) -> bool {
        names(&self["blockers"], rule)
    }

    fn only_caller(&self, class: &str) -> bool {
        self["callers"].as_object().is_some_and(|callers| callers.len() == 1 && callers.contains_key(class))
    }

    fn says_nowhere(&self, text: &str) -> bool {
        !self.to_string().contains(text)
    }
}

fn names(list: &Value, rule: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|it| it == rule))
}
