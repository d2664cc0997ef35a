//! What was measured about a handler call by call, as text: how often, by whom, how long, how large, how cacheable.

use pointsman_advisor::explanation::{Cache, Explanation, Frequency, Quantiles, Repeats};

use super::page::{Ink, Page, bar};
use super::{number, percent, phrases, precise, safe};

/// Marks of a full bar.
const BAR: u32 = 30;
/// Rows of tables that go on.
const ROWS: usize = 12;

/// All of it.
pub(super) fn of(page: &mut Page, measured: &Explanation) {
    frequency(page, &measured.frequency);
    callers(page, measured);
    pages(page, measured);
    time(page, measured);
    errors(page, measured);
    payload(page, measured);
    if let Some(measured) = &measured.cache {
        cache(page, measured);
    }
}

fn frequency(page: &mut Page, frequency: &Frequency) {
    page.heading("Calls");
    let [low, high] = frequency.interval;
    let sampled = if frequency.sampling.weight > 1.0 {
        let basis = match frequency.sampling.basis.as_str() {
            "declared" => "as the traces declare",
            "configured" => "as sampling_ratio says",
            _ => "by the app's own count of its requests",
        };
        format!(
            "; {} were recorded, each counts {:.1} times, {basis} (95 % interval {} to {})",
            frequency.observed,
            frequency.sampling.weight,
            number(low),
            number(high)
        )
    } else {
        String::new()
    };
    let clients = frequency.clients.map_or_else(
        || "by an unknown number of clients".to_owned(),
        |clients| format!("by {} clients, counted per day", number(clients)),
    );
    let line = format!(
        "{} calls, {} a day, on {}, {clients}{sampled}",
        number(frequency.calls),
        number(frequency.per_day),
        if frequency.days_seen == 1 { "one day".to_owned() } else { format!("{} days", frequency.days_seen) }
    );
    page.hanging(2, 4, Ink::Keep, &line);
    if let Some(trend) = &frequency.trend {
        let [low, high] = trend.interval.map(|end| format!("{:+.0} %", end * 100.0));
        let certain =
            if trend.interval[0] > 0.0 || trend.interval[1] < 0.0 { "" } else { ": no certain trend" };
        page.line(
            2,
            Ink::Keep,
            &format!("{:+.0} % a week ({low} to {high}){certain}", trend.per_week * 100.0),
        );
    }
    let highest = frequency.by_hour_of_day.iter().copied().fold(0.0, f64::max);
    if highest > 0.0 {
        const STEPS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let step = |calls: &f64| {
            let place = (1u32..9).filter(|step| calls / highest > f64::from(step - 1) / 8.0).count();
            STEPS.get(place).copied().unwrap_or(' ')
        };
        let line: String = frequency.by_hour_of_day.iter().map(step).collect();
        page.line(
            2,
            Ink::Keep,
            &format!("by hour of the day (UTC), 0 to 23: |{line}|, at most {} an hour", number(highest)),
        );
    }
}

fn callers(page: &mut Page, measured: &Explanation) {
    page.heading("Callers");
    let row = |caller: &pointsman_advisor::explanation::CallerShare| {
        let [low, high] = caller.interval;
        vec![
            phrases::caller(&caller.class).to_owned(),
            number(caller.calls),
            percent(caller.share),
            format!("{:.1} to {:.1} %", low * 100.0, high * 100.0),
            caller.succeeded.to_string(),
            bar(caller.share, BAR),
        ]
    };
    let rows: Vec<Vec<String>> = measured.callers.iter().map(row).collect();
    page.table(2, &["who", "calls", "share", "95 % interval", "succeeded", ""], &rows);
    if !measured.outside_agents.is_empty() {
        let agents: Vec<String> = measured
            .outside_agents
            .iter()
            .take(ROWS)
            .map(|agent| format!("{} {}", safe::terminal(&agent.name), number(agent.calls)))
            .collect();
        page.hanging(2, 4, Ink::Keep, &format!("other user agents: {}", agents.join(", ")));
    }
}

fn pages(page: &mut Page, measured: &Explanation) {
    if measured.pages.is_empty() {
        return;
    }
    page.heading("Pages that call it");
    let row = |of: &pointsman_advisor::explanation::PageShare| {
        vec![safe::terminal(&of.route), number(of.calls), percent(of.share), bar(of.share, BAR)]
    };
    let rows: Vec<Vec<String>> = measured.pages.iter().take(ROWS).map(row).collect();
    page.table(2, &["page", "calls", "share", ""], &rows);
    if let Some(more) = measured.pages.len().checked_sub(ROWS).filter(|more| *more > 0) {
        page.line(2, Ink::Faint, &format!("and {more} more"));
    }
}

fn time(page: &mut Page, measured: &Explanation) {
    let time = &measured.time;
    page.heading("Time");
    let rows = [
        ("whole call", &time.duration_ms),
        ("in database calls", &time.database_ms),
        ("in outgoing requests", &time.outgoing_ms),
    ];
    quantile_table(page, "ms", &rows);
    match time.own_share {
        Some(share) => page.line(
            2,
            Ink::Keep,
            &format!(
                "{} of the time no such child span ran: own code, or what is not traced ({} calls have some)",
                percent(share),
                time.with_child_spans
            ),
        ),
        None => page.line(
            2,
            Ink::Faint,
            "no child spans of a database or of outgoing requests: where the time goes is not known",
        ),
    }
    histogram(page, "ms", time.duration_ms.as_ref());
}

/// A row for each distribution that there is.
fn quantile_table(page: &mut Page, unit: &str, distributions: &[(&str, &Option<Quantiles>)]) {
    let row = |(name, quantiles): &(&str, &Option<Quantiles>)| {
        let q = quantiles.as_ref()?;
        let mut cells = vec![(*name).to_owned(), q.count.to_string()];
        cells.extend([q.p50, q.p75, q.p95, q.p99].map(number));
        cells.push(String::new());
        Some(cells)
    };
    let rows: Vec<Vec<String>> = distributions.iter().filter_map(row).collect();
    if !rows.is_empty() {
        page.table(2, &[unit, "calls", "p50", "p75", "p95", "p99", ""], &rows);
    }
}

fn histogram(page: &mut Page, unit: &str, quantiles: Option<&Quantiles>) {
    let Some(quantiles) = quantiles else { return };
    let highest = quantiles.histogram.iter().map(|bin| bin.count).fold(0.0, f64::max);
    if quantiles.histogram.len() < 2 || highest <= 0.0 {
        return;
    }
    let row = |bin: &pointsman_advisor::explanation::BinRow| {
        let range = format!("{} to {}", number(bin.from), number(bin.to));
        vec![range, number(bin.count), bar(bin.count / highest, BAR)]
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut empty = false;
    for bin in &quantiles.histogram {
        // A gap is one line, however wide it is.
        if bin.count > 0.0 {
            rows.push(row(bin));
        } else if !empty {
            rows.push(vec!["...".to_owned()]);
        }
        empty = bin.count <= 0.0;
    }
    page.table(4, &[unit, "calls", ""], &rows);
}

fn errors(page: &mut Page, measured: &Explanation) {
    let errors = &measured.errors;
    page.heading("Outcome");
    if errors.status_known == 0 {
        return page.line(2, Ink::Keep, "unknown: no call carries a status");
    }
    let mut parts = vec![format!("{} of {} succeeded", errors.succeeded, errors.status_known)];
    let kinds = [
        (errors.client_error, "client errors (4xx)"),
        (errors.server_error, "server errors (5xx)"),
        (errors.unknown_action, "of unknown actions"),
        (errors.body_too_large, "with a body over the limit"),
        (errors.origin_mismatch, "refused because origin and host differ"),
        (errors.client_gone, "whose client went away before the end"),
    ];
    parts.extend(kinds.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    page.hanging(2, 4, Ink::Keep, &parts.join(", "));
}

fn payload(page: &mut Page, measured: &Explanation) {
    let payload = &measured.payload;
    page.heading("Payload");
    if payload.request_bytes.is_none() && payload.response_bytes.is_none() {
        return page.line(2, Ink::Keep, "unknown: no call carries body sizes");
    }
    quantile_table(
        page,
        "bytes",
        &[("requests", &payload.request_bytes), ("responses", &payload.response_bytes)],
    );
    if let (Some(over), Some(near)) = (payload.over_limit, payload.over_70_percent) {
        let line = format!(
            "{} of the requests are over what an action accepts ({} bytes), {} over 70 % of it",
            percent(over),
            number(precise(payload.action_body_limit)),
            percent(near)
        );
        page.hanging(2, 4, Ink::Keep, &line);
    }
    histogram(page, "bytes of responses", payload.response_bytes.as_ref());
}

fn cache(page: &mut Page, cache: &Cache) {
    page.heading("Cache");
    if let (Some(hits), Some(misses), Some(unchanged), Some(told), Some(kept)) =
        (cache.hits, cache.misses, cache.not_modified, cache.cache_control, cache.may_be_kept)
    {
        let line = format!(
            "answered from Next.js' cache {hits}, missed {misses}, 304 {unchanged}; cache-control in {told}, of which caches may \
             keep {kept}"
        );
        page.hanging(2, 4, Ink::Keep, &line);
    }
    if let Some(why) = &cache.absent {
        return page.line(2, Ink::Keep, &format!("what a cache could have answered is not known: {why}"));
    }
    let line = format!(
        "{} calls could be compared; the same answer as the last time, within a lifetime of",
        cache.comparable
    );
    page.line(2, Ink::Keep, &line);
    for (name, curve) in [("for anyone", &cache.shared), ("for the same client", &cache.private)] {
        let row = |repeats: &Repeats| {
            let [low, high] = repeats.interval;
            vec![
                format!("{} s", repeats.seconds),
                percent(repeats.share),
                format!("{:.1} to {:.1} %", low * 100.0, high * 100.0),
                bar(repeats.share, BAR),
            ]
        };
        page.table(4, &[name, "share", "95 % interval", ""], &curve.iter().map(row).collect::<Vec<_>>());
    }
}
