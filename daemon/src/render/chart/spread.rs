//! Where marks lie so that none hides another: each as near to its own place as there is room. Which marks there are is said by
//! the picture.

use std::collections::HashMap;

/// Rings around a place that are looked through; they hold thousands of marks.
const RINGS: u32 = 40;

/// A mark: where it belongs, and its radius.
pub(super) type Mark = ((f64, f64), f64);

/// Marks that have a place, found by the cell in which it lies.
struct Taken {
    cell: f64,
    cells: HashMap<(i64, i64), Vec<Mark>>,
}

/// An area: left, top, right, bottom.
pub(super) type Area = (f64, f64, f64, f64);

/// Areas that are taken, found by the cells that they touch.
#[derive(Default)]
pub(super) struct Areas {
    cells: HashMap<(i64, i64), Vec<Area>>,
}

/// A place for each of the marks where it hides no other, those that come first nearest to where they belong. Where there is no room
/// at all a mark stays where it is.
pub(super) fn spread(marks: &[Mark], within: Area) -> Vec<(f64, f64)> {
    let largest = marks.iter().map(|(_, radius)| *radius).fold(1.0, f64::max);
    let mut taken = Taken { cell: apart(largest, largest), cells: HashMap::new() };
    let place = |(point, radius): &Mark| {
        let (left, top, right, bottom) = within;
        let edge = radius * 1.3;
        let inner = (left + edge, top + edge, right - edge, bottom - edge);
        let mut places = around(*point, apart(*radius, *radius) / 2.0);
        let free = places.find(|at| is_within(*at, inner) && taken.is_free((*at, *radius)));
        let at = free.unwrap_or(*point);
        taken.add((at, *radius));
        at
    };
    marks.iter().map(place).collect()
}

/// How far two marks of these radii lie apart at least: shapes have corners beyond their radius.
fn apart(radius: f64, other: f64) -> f64 {
    (radius + other) * 1.15 + 1.0
}

/// A point, and then places around it, the nearest first.
fn around((x, y): (f64, f64), step: f64) -> impl Iterator<Item = (f64, f64)> {
    let ring = move |number: u32| {
        let places = number * 6;
        (0..places).map(move |place| {
            // Half a turn to the right first: a row of equal values becomes a row of marks.
            let angle = f64::from(place) / f64::from(places) * std::f64::consts::TAU;
            let radius = f64::from(number) * step;
            (x + radius * angle.cos(), y + radius * angle.sin())
        })
    };
    std::iter::once((x, y)).chain((1..=RINGS).flat_map(ring))
}

impl Areas {
    /// Edge of a cell, about the size of a short label.
    const CELL: f64 = 24.0;

    pub(super) fn add(&mut self, area: Area) {
        for cell in Self::cells_of(area) {
            self.cells.entry(cell).or_default().push(area);
        }
    }

    /// Whether nothing that is taken overlaps it.
    pub(super) fn are_free_at(&self, (left, top, right, bottom): Area) -> bool {
        let hits = |other: &Area| left < other.2 && other.0 < right && top < other.3 && other.1 < bottom;
        let mut cells = Self::cells_of((left, top, right, bottom));
        !cells.any(|cell| self.cells.get(&cell).is_some_and(|areas| areas.iter().any(hits)))
    }

    #[allow(clippy::cast_possible_truncation, reason = "places in a picture")]
    fn cells_of((left, top, right, bottom): Area) -> impl Iterator<Item = (i64, i64)> {
        let cell = |place: f64| (place / Self::CELL).floor() as i64;
        let columns = cell(left)..=cell(right);
        columns.flat_map(move |column| (cell(top)..=cell(bottom)).map(move |row| (column, row)))
    }
}

fn is_within((x, y): (f64, f64), (left, top, right, bottom): Area) -> bool {
    (left..=right).contains(&x) && (top..=bottom).contains(&y)
}

impl Taken {
    fn add(&mut self, mark: Mark) {
        self.cells.entry(self.cell_of(mark.0)).or_default().push(mark);
    }

    fn is_free(&self, ((x, y), radius): Mark) -> bool {
        let (column, row) = self.cell_of((x, y));
        let near = (-1..=1).flat_map(|right| (-1..=1).map(move |down| (column + right, row + down)));
        let mut others = near.filter_map(|cell| self.cells.get(&cell)).flatten();
        others.all(|(other, its)| (other.0 - x).hypot(other.1 - y) >= apart(radius, *its) * 0.999)
    }

    #[allow(clippy::cast_possible_truncation, reason = "places in a picture")]
    fn cell_of(&self, (x, y): (f64, f64)) -> (i64, i64) {
        ((x / self.cell).floor() as i64, (y / self.cell).floor() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_points_lie_side_by_side_and_single_ones_where_they_belong() {
        let within = (0.0, 0.0, 300.0, 200.0);
        let marks: Vec<Mark> =
            std::iter::repeat_n(((150.0, 100.0), 3.0), 200).chain([((10.0, 10.0), 3.0)]).collect();
        let placed = spread(&marks, within);
        for (index, one) in placed.iter().enumerate() {
            assert!(is_within(*one, within));
            for other in &placed[..index] {
                assert!((one.0 - other.0).hypot(one.1 - other.1) > 7.8, "{one:?} {other:?}");
            }
        }
        assert_eq!((placed[0], placed[200]), ((150.0, 100.0), (10.0, 10.0)));
        let far = placed.iter().take(200).map(|at| (at.0 - 150.0).hypot(at.1 - 100.0)).fold(0.0, f64::max);
        assert!(far < 110.0, "{far}");
    }
}
