//! Names from traces stay text wherever a published report is read.

use serde_json::Value;

use crate::receiver::Receiver;
use crate::shop::DAY_MS;
use crate::support::{command, pointsman, wait_for};
use crate::{World, ten_minutes_ago, webhook};

const NAME: &str = "/api/<script>alert(1)</script>\u{202e}\u{1b}[31m`<!channel>`|**[x](javascript:1)";

#[test]
fn hostile_names_are_text_in_files_messages_and_on_the_terminal() {
    let world = World::new(NAME, None);
    world.keep_as_of(7 * DAY_MS);
    let receiver = Receiver::start(&[]);
    let config =
        ten_minutes_ago() + &format!("folder = {:?}\n", world.path("reports")) + &webhook(&receiver, "slack");
    let daemon = world.daemon(&config);
    wait_for("the message", || (!receiver.received().is_empty()).then_some(()));
    let html = world.path("reports").join("latest.html");
    wait_for("the files", || html.exists().then_some(()));
    let latest = |end: &str| {
        let path = world.path("reports").join(format!("latest.{end}"));
        wait_for("a file", || std::fs::read_to_string(&path).ok())
    };
    let terminal = |arguments: &[&str]| pointsman(&world.db, arguments).out;
    let (markdown, slack) = (latest("md"), receiver.received()[0].body.clone());
    for (what, text) in [
        ("Markdown", &markdown),
        ("HTML", &latest("html")),
        ("Slack", &slack),
        ("terminal", &terminal(&["report"])),
    ] {
        assert!(text.contains("script"), "{what} does not name it: {text}");
        for bad in ["\u{202e}", "\u{1b}", "\\u001b", "\\u202e"] {
            assert!(!text.contains(bad), "{what} holds {bad:?}: {text}");
        }
    }
    for (what, text) in [("Markdown", &markdown), ("HTML", &latest("html")), ("Slack", &slack)] {
        for bad in ["<script", "<!channel"] {
            assert!(!text.contains(bad), "{what} holds {bad}: {text}");
        }
    }
    assert!(!markdown.replace("\\]", "").contains("](javascript"), "{markdown}");
    let json: Value = serde_json::from_str(&latest("json")).unwrap();
    let told = json["since_last_report"]["new"][0]["route"].as_str().unwrap();
    assert!(told.contains("<script>"), "{told}");
    drop(daemon);
}

#[test]
fn a_narrow_terminal_gets_no_line_that_is_too_long() {
    let world = World::new(&("/api/".to_owned() + &"cart".repeat(30)), None);
    let run = command(&world.db).env("COLUMNS", "40").arg("report").output().unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    let too_long = text.lines().filter(|line| line.chars().count() > 40);
    assert_eq!(too_long.collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(text.contains("1 change would save"), "{text}");
}
