//! Where marks lie so that none hides another: each as near to its own place as there is room. Which marks there are is said by
//! the picture.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Rings around a place that are looked through; they hold thousands of marks.
const RINGS: u32 = 40;

/// A mark: where it belongs, and its radius.
pub(super) type Mark = ((f64, f64), f64);

/// Marks that have a place, found by the cell in which it lies.
struct Taken {
    cell: f64,
    /// Left and top of the first cell.
    from: (f64, f64),
    columns: usize,
    cells: Vec<Vec<Mark>>,
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
    let mut taken = Taken::new(apart(largest, largest), within);
    // Where the ground around a place is taken already, its next mark begins to look further out.
    let mut begun: HashMap<(u64, u64), u32> = HashMap::new();
    let place = |(point, radius): &Mark| {
        let (left, top, right, bottom) = within;
        let edge = radius * 1.3;
        let inner = (left + edge, top + edge, right - edge, bottom - edge);
        let ring = begun.entry((point.0.to_bits(), point.1.to_bits())).or_default();
        let mut places = around(*point, apart(*radius, *radius) / 2.0, *ring);
        let free = places.find(|(_, at)| is_within(*at, inner) && taken.is_free((*at, *radius)));
        let (last, at) = free.unwrap_or((RINGS, *point));
        *ring = last;
        taken.add((at, *radius));
        at
    };
    marks.iter().map(place).collect()
}

/// How far two marks of these radii lie apart at least: shapes have corners beyond their radius.
fn apart(radius: f64, other: f64) -> f64 {
    (radius + other) * 1.15 + 1.0
}

/// Places around the origin with the number of their ring, the nearest first, a step from one ring to the next; ring 0 is the origin
/// itself. They are the same for every mark.
static PLACES: LazyLock<Vec<(u32, (f64, f64))>> = LazyLock::new(|| {
    let ring = |number: u32| {
        let places = (number * 6).max(1);
        (0..places).map(move |place| {
            let angle = f64::from(place) / f64::from(places) * std::f64::consts::TAU;
            (number, (f64::from(number) * angle.cos(), f64::from(number) * angle.sin()))
        })
    };
    (0..=RINGS).flat_map(ring).collect()
});

/// Places around a point from one ring on.
fn around((x, y): (f64, f64), step: f64, from: u32) -> impl Iterator<Item = (u32, (f64, f64))> {
    let begin = PLACES.partition_point(|(number, _)| *number < from);
    PLACES[begin..].iter().map(move |(number, (right, down))| (*number, (x + right * step, y + down * step)))
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
    fn new(cell: f64, (left, top, right, bottom): Area) -> Self {
        let count = |length: f64| Self::index(length.max(0.0), cell) + 1;
        let (columns, rows) = (count(right - left), count(bottom - top));
        Self { cell, from: (left, top), columns, cells: vec![Vec::new(); columns * rows] }
    }

    fn add(&mut self, mark: Mark) {
        let (column, row) = self.cell_of(mark.0);
        if let Some(cell) = self.cells.get_mut(row * self.columns + column) {
            cell.push(mark);
        }
    }

    fn is_free(&self, ((x, y), radius): Mark) -> bool {
        let (column, row) = self.cell_of((x, y));
        let columns = column.saturating_sub(1)..=(column + 1).min(self.columns - 1);
        let mut near = (row.saturating_sub(1)..=row + 1).flat_map(|row| {
            let begin = row * self.columns;
            columns.clone().filter_map(move |column| self.cells.get(begin + column))
        });
        near.all(|cell| {
            let apart = |(other, its): &Mark| {
                let (right, down, least) = (other.0 - x, other.1 - y, apart(radius, *its) * 0.999);
                right * right + down * down >= least * least
            };
            cell.iter().all(apart)
        })
    }

    fn cell_of(&self, (x, y): (f64, f64)) -> (usize, usize) {
        let column = Self::index((x - self.from.0).max(0.0), self.cell);
        (column.min(self.columns - 1), Self::index((y - self.from.1).max(0.0), self.cell))
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "places in a picture")]
    fn index(length: f64, cell: f64) -> usize {
        (length / cell) as usize
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
