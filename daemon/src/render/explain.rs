//! What `explain` prints: the verdict on a handler, what the rules found, and all that was measured.

use pointsman_advisor::explanation::{Example, Explanation, SequenceCounts};
use pointsman_advisor::{HandlerReport, Report, SequenceKind};

use super::page::{Ink, Page};
use super::{Audience, Style, life, name, number, points, safe, source, verdict};

/// For whom it is worded, and how it looks.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    pub(crate) audience: &'a Audience,
    pub(crate) style: Style,
}

/// Everything about one handler.
pub(crate) fn text(
    report: &Report,
    handler: &HandlerReport,
    measured: &Explanation,
    with: Look<'_>,
) -> String {
    let mut page = Page::new(with.style);
    page.entry(handler, life::of(report, handler), with.audience);
    all(&mut page, report, (handler, measured), with.audience);
    page.finish()
}

/// The same without its verdict and plan, which its Change tells.
pub(crate) fn evidence(
    report: &Report,
    handler: &HandlerReport,
    measured: &Explanation,
    with: Look<'_>,
) -> String {
    let mut page = Page::new(with.style);
    page.line(0, Ink::Heading, &safe::terminal(&name(handler)));
    all(&mut page, report, (handler, measured), with.audience);
    page.finish()
}

fn all(
    page: &mut Page,
    report: &Report,
    (handler, measured): (&HandlerReport, &Explanation),
    audience: &Audience,
) {
    if !handler.flips_if.is_empty() {
        page.line(2, Ink::Faint, &format!("what would change this verdict: {}", handler.flips_if));
    }
    lives(page, report, handler, audience);
    rules(page, handler);
    in_source(page, handler);
    super::evidence::of(page, measured);
    sequences(page, measured);
    exemplars(page, measured);
}

/// What became of the moves that were advised.
fn lives(page: &mut Page, report: &Report, handler: &HandlerReport, audience: &Audience) {
    for life in life::all_of(report, &handler.id) {
        page.heading(&format!("History: {}", verdict(life.verdict)));
        for step in &life.history {
            page.hanging(2, 4, Ink::Keep, &safe::terminal(&life::step(step, audience)));
        }
        for line in life::proof(life) {
            page.hanging(2, 4, Ink::Keep, &safe::terminal(&line));
        }
    }
}

/// Where it is in the app's source.
fn in_source(page: &mut Page, handler: &HandlerReport) {
    let lines = source::lines(handler);
    if lines.is_empty() {
        return;
    }
    page.heading("In the source");
    for line in lines {
        page.hanging(2, 4, Ink::Keep, &safe::terminal(&line));
    }
}

/// What the rules found.
fn rules(page: &mut Page, handler: &HandlerReport) {
    if handler.evidence.is_empty() {
        return;
    }
    page.heading("What the rules found");
    for row in &handler.evidence {
        let way = points(row.kind);
        page.line(2, Ink::Keep, &format!("{} ({way}, weight {})", row.rule, row.weight));
        page.line(4, Ink::Keep, &safe::terminal(&row.text));
        let [low, high] = row.interval;
        page.line(
            4,
            Ink::Faint,
            &format!(
                "observed {:.3}, 95 % interval {low:.3} to {high:.3}, threshold {}, {} samples",
                row.observed, row.threshold, row.samples
            ),
        );
        page.line(4, Ink::Faint, &format!("what would change this: {}", safe::terminal(&row.flips_if)));
        if !row.exemplars.is_empty() {
            page.line(4, Ink::Faint, &format!("traces: {}", row.exemplars.join(" ")));
        }
    }
}

/// What clients do in a row.
fn sequences(page: &mut Page, measured: &Explanation) {
    page.heading("What clients do in a row");
    let Some(counts) = &measured.sequences.counts else {
        let why = measured.sequences.absent.as_deref().unwrap_or("nothing was measured");
        return page.line(2, Ink::Keep, &format!("not known: {why}"));
    };
    let lines = sentences(counts);
    if lines.is_empty() {
        page.line(2, Ink::Keep, "nothing that was looked for");
    }
    for line in lines {
        page.hanging(2, 4, Ink::Keep, &line);
    }
    for example in &measured.sequences.examples {
        picture(page, example);
    }
}

/// One sentence for each thing that was seen.
fn sentences(counts: &SequenceCounts) -> Vec<String> {
    let mutations = |part, what: &str| of(part, counts.followable, &format!("calls were followed by {what}"));
    let by_itself = |line: Option<String>, count: &str| line.map(|line| line + &base_rate(counts, count));
    let lines = [
        by_itself(
            mutations(
                counts.followed_by_refresh,
                &format!("a refresh of their page, {} later (p50)", p50(counts.refresh_gap_ms.as_ref())),
            ),
            "followed_by_refresh",
        ),
        by_itself(
            mutations(counts.followed_by_document, "a new document of their page"),
            "followed_by_document",
        ),
        by_itself(
            mutations(counts.followed_by_refetch, "a read of the same part of the API"),
            "followed_by_refetch",
        ),
        mutations(
            counts.followed_by_ambiguous,
            "an RSC request that may have been a prefetch: it proves nothing",
        ),
        by_itself(
            of(
                counts.in_burst,
                counts.sequenced,
                &format!(
                    "calls were in one of {} serial bursts and waited {} for those before them (p50)",
                    counts.bursts,
                    p50(counts.queue_wait_ms.as_ref())
                ),
            ),
            "in_burst",
        ),
        by_itself(
            of(counts.soon_after_load, counts.sequenced, "calls came within 3 s of the load of their page"),
            "soon_after_load",
        ),
        by_itself(
            of(
                counts.reads_soon_after_load,
                counts.reads_sequenced,
                "reads came within 3 s of the load of their page",
            ),
            "reads_soon_after_load",
        ),
        of(
            counts.parallel_reads,
            counts.client_known,
            "calls overlapped with another read by the same client",
        ),
    ];
    lines.into_iter().flatten().chain(repetitions(counts)).collect()
}

/// A part of a whole in words; nothing where none was seen.
fn of(part: u64, whole: u64, what: &str) -> Option<String> {
    (part > 0).then(|| format!("{part} of {whole} {what}"))
}

fn p50(quantiles: Option<&pointsman_advisor::explanation::Quantiles>) -> String {
    quantiles.map_or_else(|| "unknown".to_owned(), |q| format!("{} ms", number(q.p50)))
}

/// One sentence for each way in which calls came again.
fn repetitions(counts: &SequenceCounts) -> Vec<String> {
    let by_itself = |line: Option<String>, count: &str| line.map(|line| line + &base_rate(counts, count));
    let lines = [
        of(
            counts.duplicates.unwrap_or_default(),
            counts.client_known,
            "calls repeated one of the same client within 2 s",
        ),
        by_itself(
            of(
                counts.retries.unwrap_or_default(),
                counts.client_known,
                "calls repeated one that had failed within a minute before",
            ),
            "retries",
        ),
        of(
            counts.polled,
            counts.client_known,
            &format!(
                "calls were part of one of {} polls, every {} (p50), varying by {}",
                counts.polls,
                p50(counts.poll_interval_ms.as_ref()),
                counts.poll_variation.map_or_else(|| "an unknown share".to_owned(), super::percent)
            ),
        ),
        by_itself(
            of(
                counts.typed.unwrap_or_default(),
                counts.client_known,
                "calls came in quick succession with changing arguments: somebody types",
            ),
            "typed",
        ),
        of(
            counts.unordered,
            counts.client_known,
            "calls are in no such count: the clocks of two instances leave their order open",
        ),
    ];
    lines.into_iter().flatten().collect()
}

/// How often the same happens by itself, as the end of a sentence; nothing where that is not known.
fn base_rate(counts: &SequenceCounts, count: &str) -> String {
    counts.base_rates.get(count).map_or_else(String::new, |base| {
        format!(
            "; base rate: {} of {} comparison windows with nothing before them, so {} count",
            super::percent(base.share),
            base.windows,
            super::percent(base.excess)
        )
    })
}

/// The requests of one client on a time line.
fn picture(page: &mut Page, example: &Example) {
    let kind = match &example.kind {
        SequenceKind::MutationThenRefresh => "a mutation, then a refresh of its page",
        SequenceKind::ActionThenRefresh => "an action, then a refresh of its page",
        SequenceKind::SerialActions => "actions that waited for each other",
        SequenceKind::ActionOnLoad => "a page load, then an action soon after it",
        SequenceKind::Poll => "a poll",
        SequenceKind::MutationThenDocument => "a mutation, then a new document of its page",
        SequenceKind::ActionThenNavigation => "an action, then a navigation",
        SequenceKind::Later(word) => word,
    };
    page.blank();
    let prefetches = match example.prefetches {
        0 => String::new(),
        count => format!(", and {count} prefetches in the five seconds after it"),
    };
    page.line(2, Ink::Faint, &format!("{kind}{prefetches}"));
    let end = example.steps.iter().map(|step| step.start_ms + step.duration_ms).fold(1.0, f64::max);
    let columns = u32::try_from(page.width().saturating_sub(60).clamp(16, 48)).unwrap_or(16);
    let rows: Vec<Vec<String>> = example
        .steps
        .iter()
        .map(|step| {
            let place =
                |ms: f64| (0..columns).filter(|at| f64::from(*at) < ms / end * f64::from(columns)).count();
            let before = place(step.start_ms).min(columns as usize - 1);
            let length = place(step.start_ms + step.duration_ms).saturating_sub(before).max(1);
            let name: String = safe::terminal(&step.name).chars().take(32).collect();
            let line = format!("{}{}", " ".repeat(before), "=".repeat(length));
            vec![
                name,
                format!("{} ms", number(step.start_ms)),
                format!("{} ms", number(step.duration_ms)),
                line,
            ]
        })
        .collect();
    page.table(4, &["request", "starts", "takes", ""], &rows);
    let traces: Vec<&str> = example.steps.iter().map(|step| step.trace.as_str()).take(2).collect();
    page.line(4, Ink::Faint, &format!("traces: {}", traces.join(" ")));
}

fn exemplars(page: &mut Page, measured: &Explanation) {
    if measured.exemplars.is_empty() {
        return;
    }
    page.heading("Traces to look at (pointsman trace ID)");
    for (what, traces) in &measured.exemplars {
        page.hanging(2, 4, Ink::Faint, &format!("{}: {}", what.replace('_', " "), traces.join(" ")));
    }
}
