//! Numbers as people say them: `about 220 round trips a day`. The exact ones are in the JSON.

use super::number;

/// A number to two digits from a hundred on: `64`, `220`, `1,200`; small ones as they are: `0.4`.
pub(crate) fn rounded(value: f64) -> String {
    let size = value.abs();
    if size < 100.0 {
        return number(value);
    }
    let step = 10_f64.powf(size.log10().floor() - 1.0);
    number((value / step).round() * step)
}

/// A duration in ms: `14 ms`, `110 ms`, `1.4 s`, `12 s`, `8 min`, `2 h`.
pub(crate) fn duration(ms: f64) -> String {
    let (value, unit) = match ms.abs() {
        ..995.0 => return format!("{} ms", rounded(ms)),
        ..99_500.0 => (ms / 1_000.0, "s"),
        ..5_970_000.0 => (ms / 60_000.0, "min"),
        _ => (ms / 3_600_000.0, "h"),
    };
    format!("{} {unit}", rounded(value))
}

/// A noun with its number: `1 handler`, `3 handlers`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        for (value, text) in [
            (0.42, "0.4"),
            (7.0, "7"),
            (64.3, "64"),
            (218.0, "220"),
            (999.0, "1,000"),
            (1_234.0, "1,200"),
            (41_567.0, "42,000"),
            (-218.0, "-220"),
        ] {
            assert_eq!(rounded(value), text);
        }
        for (ms, text) in [
            (14.2, "14 ms"),
            (111.0, "110 ms"),
            (999.0, "1 s"),
            (1_370.0, "1.4 s"),
            (98_000.0, "98 s"),
            (480_000.0, "8 min"),
            (7_200_000.0, "2 h"),
        ] {
            assert_eq!(duration(ms), text);
        }
    }
}
