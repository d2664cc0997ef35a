//! Gains in people's words: exact ones for those who measure, rounded ones for those who decide. Which of them overlap is the
//! advisor's to know.

use pointsman_advisor::{Benefit, Report};

use super::rounded::{duration, rounded};
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
        parts.push(format!("{} fewer requests a day for the app{range}", number(requests)));
    } else if requests <= -0.5 {
        parts.push(format!("but {} MORE requests a day for the app, from prefetches", number(-requests)));
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

/// A part of a gain as people say it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Said {
    /// One sentence without its end: `users wait about 110 ms less, 220 times a day`.
    pub(crate) text: String,
    /// The exact numbers with their intervals.
    pub(crate) exact: String,
    /// It is lost, not gained.
    pub(crate) is_loss: bool,
}

/// What a change brings, most noticeable first, in words that need no knowledge of the web; empty where nothing is claimed.
pub(crate) fn in_plain_words(benefit: &Benefit) -> Vec<Said> {
    let gain = |text: String, exact: String| Said { text, exact, is_loss: false };
    let loss = |text: String, exact: String| Said { text, exact, is_loss: true };
    let mut said = Vec::new();
    let uses = benefit.interactions_per_day;
    let ms = benefit.ms_per_interaction_p50;
    if ms >= 0.5 {
        let often =
            if uses >= 0.5 { format!(", {} times a day", rounded(uses)) } else { " each time".to_owned() };
        let p95 = benefit.ms_per_interaction_p95.map(|p95| format!(", {} ms (p95)", number(p95)));
        let exact = format!(
            "{} ms (p50){}{} in each of {} interactions a day{}",
            number(ms),
            range(benefit, "ms_per_interaction_p50"),
            p95.unwrap_or_default(),
            number(uses),
            range(benefit, "interactions_per_day")
        );
        said.push(gain(format!("users wait {} less{often}", about_ms(ms)), exact));
    }
    let queue = benefit.queue_ms_per_interaction.unwrap_or_default();
    let exact = format!("{} ms of the queue for actions per interaction", number(queue.abs()));
    if queue >= 0.5 {
        said.push(gain(format!("other clicks wait {} less each time", about_ms(queue)), exact));
    } else if queue <= -0.5 {
        said.push(loss(format!("other clicks wait {} longer each time", about_ms(-queue)), exact));
    }
    let trips = benefit.round_trips_per_day;
    if trips >= 0.5 {
        let exact = format!("{} round trips a day{}", number(trips), range(benefit, "round_trips_per_day"));
        said.push(gain(format!("{} fewer round trips a day", about(trips)), exact));
    }
    let requests = benefit.origin_requests_per_day;
    let exact =
        format!("{} requests a day{}", number(requests.abs()), range(benefit, "origin_requests_per_day"));
    // Each round trip that is saved is such a request, too: it is said once.
    if requests >= 0.5 && (trips < 0.5 || (requests - trips).abs() > trips * 0.05) {
        said.push(gain(format!("the app answers {} fewer requests a day", about(requests)), exact));
    } else if requests <= -0.5 {
        said.push(loss(
            format!("the app answers {} more requests a day (prefetches)", about(-requests)),
            exact,
        ));
    }
    if benefit.bytes_per_day.abs() >= 1e5 {
        let text = bytes(benefit.bytes_per_day);
        let exact =
            format!("{} bytes a day{}", number(benefit.bytes_per_day.abs()), range(benefit, "bytes_per_day"));
        let text = format!("{text} to transfer");
        said.push(if benefit.bytes_per_day > 0.0 { gain(text, exact) } else { loss(text, exact) });
    }
    said
}

/// A number as people say it: `about 220`.
fn about(value: f64) -> String {
    format!("about {}", rounded(value))
}

/// A time as people say it: `about 110 ms`, `about 1.4 s`.
fn about_ms(ms: f64) -> String {
    format!("about {}", duration(ms))
}

/// That the gains of some moves are one and the same, so that the total counts them once.
pub(crate) fn overlap(report: &Report) -> Vec<String> {
    let named = |id: &String| {
        let handler = report.handlers.iter().find(|handler| handler.id == *id);
        handler.map_or_else(|| id.clone(), |handler| handler.action.clone().unwrap_or_else(|| name(handler)))
    };
    let line = |group: &Vec<String>| {
        let names: Vec<String> = group.iter().map(named).collect();
        format!(
            "counted once in the total, because they wait for each other in the same sequences: {}",
            names.join(", ")
        )
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

#[cfg(test)]
mod tests {
    use super::*;

    fn benefit(ms: f64, uses: f64, requests: f64) -> Benefit {
        let json = serde_json::json!({
            "interactions_per_day": uses, "round_trips_per_interaction": 1.0, "requests_per_interaction": 1.0,
            "round_trips_per_day": 0.0, "ms_per_interaction_p50": ms, "ms_per_interaction_p95": null,
            "queue_ms_per_interaction": null, "bytes_per_day": 0.0, "origin_requests_per_day": requests,
            "interval": {}, "assumed": null
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn gains_are_said_in_round_numbers_and_losses_as_losses() {
        let said = in_plain_words(&benefit(111.4, 218.3, -41_230.0));
        assert_eq!(said[0].text, "users wait about 110 ms less, 220 times a day");
        assert!(said[0].exact.starts_with("111 ms (p50)"), "{}", said[0].exact);
        assert_eq!(said[1].text, "the app answers about 41,000 more requests a day (prefetches)");
        assert!(said[1].is_loss && !said[0].is_loss);
        assert!(in_plain_words(&benefit(0.0, 0.0, 0.0)).is_empty());
        for (value, text) in [(7.0, "7"), (94.0, "94"), (99.6, "100"), (1_449.0, "1,400"), (0.4, "0.4")] {
            assert_eq!(about(value), format!("about {text}"));
        }
    }
}
