//! Taking back what init has done.

use super::apps::{App, Kind};

#[test]
fn undo_leaves_the_app_as_it_was() {
    for with_file in [false, true] {
        let app = App::fresh(&Kind::usual());
        if with_file {
            app.write(
                "instrumentation.ts",
                "export async function register() {\n  await import('./mine')\n}\n",
            );
        }
        let tarball = app.outside("pointsman-nextjs-0.1.0.tgz", "not really");
        let before = app.all_files();
        assert_eq!(app.init(&["--package", tarball.to_str().unwrap()]).code, Some(0));
        assert_ne!(app.all_files(), before);
        let run = app.init(&["--undo"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        let mut after = app.all_files();
        // The pretended package manager formats the manifest a second time as it did the first.
        let manifest = app.path.join("package.json");
        let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(same(&after[&manifest]), same(&before[&manifest]));
        after.insert(manifest.clone(), before[&manifest].clone());
        assert_eq!(after, before);
        let again = app.init(&["--undo"]);
        assert_eq!((again.code, again.err.contains("nothing to undo")), (Some(1), true), "{again:?}");
    }
}

#[test]
fn a_record_that_cannot_be_read_is_not_written_over() {
    let app = App::fresh(&Kind::usual());
    app.write(".pointsman/init.json", "{");
    let before = app.all_files();
    let run = app.init(&[]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.err.contains("init.json is not valid"), "{}", run.err);
    assert_eq!(app.all_files(), before, "nothing was changed");
}

#[test]
fn what_was_written_since_stays_and_is_named() {
    let app = App::fresh(&Kind::usual());
    app.init(&[]);
    let mine = app.read("instrumentation.ts") + "export const mine = 1\n";
    app.write("instrumentation.ts", &mine);
    let run = app.init(&["--undo"]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("instrumentation.ts has changed since init made it"), "{}", run.err);
    assert_eq!(app.read("instrumentation.ts"), mine);
}
