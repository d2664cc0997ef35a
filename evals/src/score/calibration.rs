//! Whether the advisor is right as often as it is sure: reliability by bins, and the Brier score, over all moves advised.

use super::Case;

/// How sure the advised moves were, and how many of them were right.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Calibration {
    /// Each move's confidence, and whether it was right.
    moves: Vec<(f64, bool)>,
}

/// The lower edges of the bins.
const BINS: [f64; 6] = [0.0, 0.5, 0.6, 0.7, 0.8, 0.9];

/// One bin: from which confidence on, moves, mean confidence, share that was right.
pub(super) type Bin = (f64, usize, f64, f64);

impl Calibration {
    /// Of all moves in these cases.
    #[must_use]
    pub fn of<'c>(cases: impl IntoIterator<Item = &'c Case>) -> Self {
        let moves = cases.into_iter().filter(|case| case.is_asked());
        let moves = moves.filter_map(|case| Some((case.confidence?, case.agrees()))).collect();
        Self { moves }
    }

    /// Mean squared distance of confidence and truth: 0 is best; `None` without moves.
    #[must_use]
    pub fn brier(&self) -> Option<f64> {
        let squares = self.moves.iter().map(|(sure, right)| (sure - f64::from(u8::from(*right))).powi(2));
        mean(squares)
    }

    /// The bins that hold moves.
    #[must_use]
    pub fn bins(&self) -> Vec<Bin> {
        let upper = BINS.iter().skip(1).copied().chain([f64::INFINITY]);
        let mut bins = Vec::new();
        for (low, high) in BINS.iter().copied().zip(upper) {
            let within: Vec<_> = self.moves.iter().filter(|(sure, _)| (low..high).contains(sure)).collect();
            let sure = mean(within.iter().map(|(sure, _)| *sure));
            let right = mean(within.iter().map(|(_, right)| f64::from(u8::from(*right))));
            if let (Some(sure), Some(right)) = (sure, right) {
                bins.push((low, within.len(), sure, right));
            }
        }
        bins
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sure_and_right_is_best() {
        let brier = |moves: &[(f64, bool)]| Calibration { moves: moves.to_vec() }.brier();
        assert_eq!(brier(&[]), None);
        assert_eq!(brier(&[(1.0, true)]), Some(0.0));
        assert_eq!(brier(&[(1.0, false), (0.5, true)]), Some(0.625));
    }

    #[test]
    fn each_move_is_in_one_bin() {
        let calibration = Calibration { moves: vec![(0.2, false), (0.9, true), (1.0, true), (0.89, false)] };
        let bins = calibration.bins();
        assert_eq!(bins.iter().map(|bin| (bin.0, bin.1)).collect::<Vec<_>>(), [(0.0, 1), (0.8, 1), (0.9, 2)]);
    }
}
