//! Numbers with units as axes and labels show them.

use crate::render::number;

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// Milliseconds.
    Ms,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// A value as people read it: `0.4 ms`, `85 ms`, `1.2 s`, `3 min`; `512 B`, `4.2 kB`.
    pub(crate) fn words(self, value: f64) -> String {
        if !value.is_finite() {
            return "unknown".to_owned();
        }
        let steps: &[(f64, &str)] = match self {
            Self::Ms => &[(3_600_000.0, "h"), (60_000.0, "min"), (1_000.0, "s"), (1.0, "ms")],
            Self::Bytes => &[(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")],
        };
        // What would be rounded up to the next unit is told in that unit.
        let step = steps.iter().find(|(size, _)| value.abs() >= size * 0.9995);
        let (size, name) = step.copied().unwrap_or((1.0, if self == Self::Ms { "ms" } else { "B" }));
        let value = value / size;
        format!("{} {name}", short(value))
    }
}

/// A number in a few letters, however large or small.
fn short(value: f64) -> String {
    match value.abs() {
        size if size > 0.0 && size < 0.095 => format!("{value:.2}"),
        size if size < 10.0 => number((value * 10.0).round() / 10.0),
        size if size < 1e9 => number(value),
        _ if value.is_finite() => format!("{value:.1e}"),
        _ => "unknown".to_owned(),
    }
}

/// A lifetime in seconds as people read it.
pub(super) fn lifetime(seconds: f64) -> String {
    let (size, name) = match seconds {
        s if s >= 86_400.0 => (86_400.0, "d"),
        s if s >= 3_600.0 => (3_600.0, "h"),
        s if s >= 60.0 => (60.0, "min"),
        _ => (1.0, "s"),
    };
    format!("{} {name}", short(seconds / size))
}

/// A count on an axis: `200`, `4k`, `1.5M`.
pub(super) fn count(value: f64) -> String {
    let (size, name) = match value.abs() {
        v if v >= 999_500.0 => (1e6, "M"),
        v if v >= 9_995.0 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let value = value / size;
    short(value) + name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_unit_that_keeps_them_short() {
        let ms =
            [(0.02, "0.02 ms"), (85.0, "85 ms"), (999.7, "1 s"), (1_200.0, "1.2 s"), (90_000.0, "1.5 min")];
        for (value, words) in ms {
            assert_eq!(Unit::Ms.words(value), words);
        }
        assert_eq!(Unit::Bytes.words(4_200.0), "4.2 kB");
        assert_eq!(Unit::Bytes.words(0.0), "0 B");
        assert_eq!(
            (lifetime(300.0), count(12_000.0), count(0.05)),
            ("5 min".into(), "12k".into(), "0.05".into())
        );
    }
}
