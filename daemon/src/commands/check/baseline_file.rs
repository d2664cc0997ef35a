//! The file of a baseline: one finding a line, in order, so that a diff shows what came and what went.

use std::fmt::Write;
use std::io::{ErrorKind, Read};
use std::path::Path;

use anyhow::Context;
use pointsman_advisor::check::{BASELINE_SCHEMA, Baseline};
use serde::Deserialize;

use crate::render::safe;

/// Larger files are none: a hundred thousand findings fit.
const LARGEST: u64 = 16 << 20;
/// How all versions of the file call themselves.
const ANY_VERSION: &str = "pointsman.baseline/v";

/// What every version has.
#[derive(Deserialize)]
struct Named {
    schema: String,
}

/// Reads the file; nothing where there is none yet and one is about to be written.
pub(super) fn read(file: &Path, may_lack: bool) -> anyhow::Result<Option<Baseline>> {
    let name = safe::terminal(&file.display().to_string());
    let mut text = Vec::new();
    match std::fs::File::open(file) {
        Ok(opened) => opened.take(LARGEST + 1).read_to_end(&mut text),
        Err(error) if error.kind() == ErrorKind::NotFound && may_lack => return Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            anyhow::bail!("there is no baseline {name}; write one with the same command and --update")
        }
        Err(error) => Err(error),
    }
    .with_context(|| format!("cannot read the baseline {name}"))?;
    parsed(&text).with_context(|| format!("cannot read the baseline {name}")).map(Some)
}

fn parsed(text: &[u8]) -> anyhow::Result<Baseline> {
    anyhow::ensure!(text.len() as u64 <= LARGEST, "it is larger than {} MiB", LARGEST >> 20);
    let Named { schema } = serde_json::from_slice(text).context(
        "it is not what `pointsman check --update` writes; solve the conflict in it, or write it again",
    )?;
    let schema_shown = safe::terminal(&schema);
    anyhow::ensure!(
        schema == BASELINE_SCHEMA || !schema.starts_with(ANY_VERSION),
        "it was written by a later version ({schema_shown}); this one knows {BASELINE_SCHEMA}: update pointsman"
    );
    anyhow::ensure!(schema == BASELINE_SCHEMA, "its schema is {schema_shown}, not {BASELINE_SCHEMA}");
    serde_json::from_slice(text).context("an entry lacks its service, handler or rule")
}

/// Replaces the file at once, or leaves it as it was.
pub(super) fn write(file: &Path, baseline: &Baseline) -> anyhow::Result<()> {
    let context = || format!("cannot write the baseline {}", safe::terminal(&file.display().to_string()));
    let mut name = file.file_name().map(std::ffi::OsStr::to_owned).unwrap_or_default();
    name.push(format!(".pointsman-{}", std::process::id()));
    let beside = file.with_file_name(name);
    let text = text(baseline)?;
    let done = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, file));
    if done.is_err() {
        // It may not exist.
        let _ = std::fs::remove_file(&beside);
    }
    done.with_context(context)
}

fn text(baseline: &Baseline) -> anyhow::Result<String> {
    let mut text = format!("{{\n  \"schema\": \"{BASELINE_SCHEMA}\",\n  \"findings\": [");
    for (number, known) in baseline.findings.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let entry = serde_json::to_string(known).context("a finding cannot be written as JSON")?;
        let _ = write!(text, "{comma}\n    {entry}");
    }
    text += if baseline.findings.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" };
    Ok(safe::json(text))
}

#[cfg(test)]
mod tests {
    use pointsman_advisor::check::Known;

    use super::*;

    fn known(handler: &str, note: Option<&str>) -> Known {
        Known {
            service: "shop".into(),
            handler: handler.into(),
            rule: "action-poll".into(),
            note: note.map(Into::into),
        }
    }

    #[test]
    fn a_baseline_is_one_finding_a_line_and_reads_back() {
        let findings = vec![known("POST /a\n\u{202e}\"", None), known("page /b", Some("until spring"))];
        let baseline = Baseline { schema: BASELINE_SCHEMA.to_owned(), findings };
        let written = text(&baseline).unwrap();
        assert_eq!(written.lines().count(), 7, "{written}");
        assert!(!written.contains('\u{202e}'));
        assert_eq!(parsed(written.as_bytes()).unwrap(), baseline);
        let empty = Baseline { schema: BASELINE_SCHEMA.to_owned(), findings: Vec::new() };
        assert_eq!(parsed(text(&empty).unwrap().as_bytes()).unwrap(), empty);
    }

    #[test]
    fn what_is_no_baseline_is_refused_with_the_reason() {
        for (text, says) in [
            ("", "it is not what `pointsman check --update` writes"),
            ("<<<<<<< HEAD", "solve the conflict"),
            ("{\"schema\": \"pointsman.baseline/v2\"}", "a later version (pointsman.baseline/v2)"),
            ("{\"schema\": \"sarif\"}", "its schema is sarif"),
            ("{\"schema\": \"pointsman.baseline/v1\", \"findings\": [{}]}", "an entry lacks"),
        ] {
            let said = format!("{:#}", parsed(text.as_bytes()).unwrap_err());
            assert!(said.contains(says), "{text}: {said}");
        }
    }

    #[test]
    fn fields_of_a_later_minor_version_do_not_matter() {
        let more = "{\"schema\": \"pointsman.baseline/v1\", \"extra\": 1, \"findings\": [\
                    {\"service\": \"a\", \"handler\": \"b\", \"rule\": \"c\", \"since\": \"2026\"}]}";
        assert_eq!(parsed(more.as_bytes()).unwrap().findings.len(), 1);
    }
}
