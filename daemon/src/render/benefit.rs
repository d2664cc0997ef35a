//! Gains in people's words. Which of them overlap is the advisor's to know.

use pointsman_advisor::{Benefit, Report};

use super::{name, number};

/// What is saved, as far as anything is; what is lost is said too.
pub(crate) fn benefit(benefit: &Benefit) -> Option<String> {
    let mut parts = Vec::new();
    if benefit.round_trips_per_day >= 0.5 {
        let range = range(benefit, "round_trips_per_day");
        parts.push(format!("{} round trips a day{range}", number(benefit.round_trips_per_day)));
    }
    if benefit.ms_per_interaction_p50 >= 0.5 {
        let p95 = benefit.ms_per_interaction_p95.filter(|p95| *p95 > benefit.ms_per_interaction_p50);
        let p95 = p95.map_or_else(String::new, |p95| format!(", p95 {}", number(p95)));
        parts.push(format!(
            "{} ms of waiting per interaction (p50{p95})",
            number(benefit.ms_per_interaction_p50)
        ));
    }
    match benefit.queue_ms_per_interaction {
        Some(ms) if ms >= 0.5 => {
            parts.push(format!("{} ms less blocking of other actions per interaction", number(ms)));
        }
        Some(ms) if ms <= -0.5 => {
            parts.push(format!("but {} ms MORE blocking of other actions per interaction", number(-ms)));
        }
        _ => {}
    }
    let requests = benefit.origin_requests_per_day;
    if requests >= 0.5 {
        let range = range(benefit, "origin_requests_per_day");
        parts.push(format!("{} requests a day fewer for the app{range}", number(requests)));
    } else if requests <= -0.5 {
        parts.push(format!("but {} requests a day MORE for the app, by prefetches", number(-requests)));
    }
    if benefit.bytes_per_day.abs() >= 1e5 {
        parts.push(bytes(benefit.bytes_per_day));
    }
    if let Some(assumed) = &benefit.assumed {
        parts.push(format!(
            "and about {} ms if a round trip takes {} ms (assumed)",
            number(assumed.ms_per_interaction_p50),
            number(assumed.round_trip_ms)
        ));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// That the gains of some moves are one and the same, so that the total counts them once.
pub(crate) fn overlap(report: &Report) -> Vec<String> {
    let named = |id: &String| {
        let handler = report.handlers.iter().find(|handler| handler.id == *id);
        handler.map_or_else(|| id.clone(), |handler| handler.action.clone().unwrap_or_else(|| name(handler)))
    };
    let line = |group: &Vec<String>| {
        let names: Vec<String> = group.iter().map(named).collect();
        format!("counted once in the total: {} wait in the same sequences", names.join(", "))
    };
    report.total.overlapping.iter().map(line).collect()
}

/// The interval of a number, where sampling or chance leave one.
fn range(benefit: &Benefit, key: &str) -> String {
    match benefit.interval.get(key) {
        Some([low, high]) if number(*low) != number(*high) => {
            format!(" ({} to {})", number(*low), number(*high))
        }
        _ => String::new(),
    }
}

fn bytes(per_day: f64) -> String {
    let (amount, unit) = if per_day.abs() >= 1e6 { (per_day / 1e6, "MB") } else { (per_day / 1e3, "KB") };
    let direction = if per_day > 0.0 { "fewer" } else { "more" };
    format!("{} {unit} a day {direction}", number(amount.abs()))
}
