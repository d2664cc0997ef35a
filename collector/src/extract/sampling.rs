//! How a span's trace was chosen, from its `tracestate`. Weights are computed elsewhere, when they are read.

use pointsman_store::Sampling;

/// The threshold that a `tracestate` declares, if it is one: `ot=th:<1 to 14 hex digits>`, padded on the
/// right. A randomness value below the threshold contradicts it.
/// Source: OpenTelemetry specification, `trace/tracestate-probability-sampling.md`.
pub(super) fn of(trace_state: &str) -> Sampling {
    declared(trace_state).map_or(Sampling::Undeclared, Sampling::Threshold)
}

fn declared(trace_state: &str) -> Option<u64> {
    let ot = trace_state.split(',').find_map(|member| member.trim().strip_prefix("ot="))?;
    let field = |name| ot.split(';').find_map(|field: &str| field.strip_prefix(name));
    let digits = field("th:").filter(|digits| (1..=14).contains(&digits.len()))?;
    let threshold = hex(&format!("{digits:0<14}"))?;
    let random = field("rv:").filter(|digits| digits.len() == 14).and_then(hex);
    random.is_none_or(|random| random >= threshold).then_some(threshold)
}

fn hex(digits: &str) -> Option<u64> {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    digits.bytes().all(lower).then(|| u64::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_valid_threshold_counts() {
        for (trace_state, expected) in [
            ("", None),
            ("ot=th:0", Some(0)),
            ("ot=th:8", Some(0x80_0000_0000_0000)),
            ("a=b, ot=rv:ffffffffffffff;th:fd70a4", Some(0xfd_70a4_0000_0000)),
            ("ot=th:8;rv:00000000000001", None),
            ("ot=th:", None),
            ("ot=th:123456789abcdef", None),
            ("ot=th:8G", None),
            ("ot=th:+8", None),
            ("xot=th:8", None),
        ] {
            let expected = expected.map_or(Sampling::Undeclared, Sampling::Threshold);
            assert_eq!(of(trace_state), expected, "{trace_state}");
        }
    }
}
