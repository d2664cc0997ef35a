//! What trace requests that held no spans say, on the page and in `doctor`: an exporter that sends something else looks like one
//! that sends nothing.

use pointsman_store::{ArrivalKind, Arrivals};

/// What requests without spans say; nothing when there were none.
pub(crate) fn without_spans(arrivals: &Arrivals) -> Option<String> {
    let (all, with) = (arrivals.all(), arrivals.of(ArrivalKind::WithSpans));
    let (empty, broken) = (arrivals.of(ArrivalKind::WithoutSpans), arrivals.of(ArrivalKind::NotUnderstood));
    let counted = |number: u64, one: &str, more: &str| match number {
        1 => format!("1 {one}"),
        number => format!("{number} {more}"),
    };
    let requests = counted(all, "trace request", "trace requests");
    let what = match (empty, broken) {
        (0, 0) => return None,
        _ if with == 0 && all == 1 => format!("{requests} arrived, without spans"),
        _ if with == 0 => format!("{requests} arrived, none with spans"),
        _ => format!("{requests} arrived, {} without spans", empty + broken),
    };
    let broken = if broken == 0 { String::new() } else { format!(" ({broken} could not be read as OTLP)") };
    Some(format!(
        "{what}{broken}. The answer to each says what was found instead: look at the exporter's log, and check that it sends \
         OTLP traces"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_without_spans_are_counted_in_words() {
        for (with, empty, broken, said) in [
            (0, 0, 0, None),
            (7, 0, 0, None),
            (0, 40, 0, Some("40 trace requests arrived, none with spans. ")),
            (0, 1, 0, Some("1 trace request arrived, without spans. ")),
            (5, 2, 1, Some("8 trace requests arrived, 3 without spans (1 could not be read as OTLP). ")),
        ] {
            let mut arrivals = Arrivals::default();
            arrivals.add(ArrivalKind::WithSpans, with);
            arrivals.add(ArrivalKind::WithoutSpans, empty);
            arrivals.add(ArrivalKind::NotUnderstood, broken);
            let told = without_spans(&arrivals);
            assert_eq!(told.is_some(), said.is_some(), "{told:?}");
            assert!(told.unwrap_or_default().starts_with(said.unwrap_or_default()));
        }
    }
}
