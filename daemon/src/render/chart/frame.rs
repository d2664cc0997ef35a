//! Axes with grid, numbers and what they mean, drawn by `plotters`; marks are put onto them by each picture.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::prelude::*;
use plotters::style::{FontDesc, FontFamily};

use super::palette::Role;
use super::scale::Scale;

/// Height of the numbers and the name below the plot.
const BELOW: u32 = 38;
/// Plotters' sizes are larger than what it writes by this factor.
const POINTS: f64 = 1.24;

/// An axis to be drawn.
pub(super) struct Axis<'a> {
    pub(super) scale: Scale,
    /// What is measured, with its unit.
    pub(super) name: &'a str,
    /// A value in words.
    pub(super) words: &'a dyn Fn(f64) -> String,
    /// At most so many values are named.
    pub(super) ticks: usize,
    /// The values to be named, where others than round ones are.
    pub(super) named: Option<&'a [f64]>,
}

impl Axis<'_> {
    fn places(&self) -> Vec<f64> {
        let named = self.named.map(|named| named.iter().map(|value| self.scale.place(*value)).collect());
        named.unwrap_or_else(|| self.scale.ticks(self.ticks))
    }
}

/// Drawn axes and where values lie on them.
pub(super) struct Frame {
    /// The elements.
    pub(super) svg: String,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    x: Scale,
    y: Scale,
}

/// A scale as `plotters` asks for it: in logarithms where it goes by ratios.
struct LaidOut {
    scale: Scale,
    ticks: Vec<f64>,
}

impl Ranged for LaidOut {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    #[allow(clippy::cast_possible_truncation, reason = "pixels of a picture")]
    fn map(&self, place: &f64, (from, to): (i32, i32)) -> i32 {
        let (first, last) = self.scale.laid_out();
        from + ((place - first) / (last - first) * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        let (first, last) = self.scale.laid_out();
        first..last
    }
}

impl Frame {
    /// `None` when `plotters` cannot draw it.
    pub(super) fn draw((width, height): (u32, u32), x: &Axis<'_>, y: &Axis<'_>) -> Option<Self> {
        let mut text = String::new();
        let (columns, rows) = {
            let root = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
            let mut chart = ChartBuilder::on(&root)
                .margin_top(22)
                .margin_right(14)
                .x_label_area_size(BELOW)
                .y_label_area_size(50)
                .build_cartesian_2d(
                    LaidOut { scale: x.scale, ticks: x.places() },
                    LaidOut { scale: y.scale, ticks: y.places() },
                )
                .ok()?;
            let numbers =
                FontDesc::new(FontFamily::SansSerif, super::canvas::SMALL * POINTS, FontStyle::Normal)
                    .color(&Role::Faint.rgb());
            chart
                .configure_mesh()
                .light_line_style(TRANSPARENT)
                .bold_line_style(Role::Line.rgb())
                .axis_style(Role::Unknown.rgb())
                .label_style(numbers.clone())
                .axis_desc_style(numbers)
                .set_all_tick_mark_size(3)
                .x_desc(super::canvas::fitted(x.name, super::canvas::SMALL, f64::from(width) - 70.0))
                .x_label_formatter(&|place| (x.words)(x.scale.value(*place)))
                .y_label_formatter(&|place| (y.words)(y.scale.value(*place)))
                .draw()
                .ok()?;
            let pixels = chart.plotting_area().get_pixel_range();
            root.present().ok()?;
            pixels
        };
        let inner = text.split_once('>').map(|(_, rest)| rest)?;
        let mut svg = inner.trim().strip_suffix("</svg>").unwrap_or(inner).to_owned();
        let mut name = super::canvas::Canvas::default();
        name.text((2.0, 12.0), super::canvas::Anchor::Start, super::canvas::SMALL, Role::Faint, y.name);
        svg.push_str(&name.finish());
        Some(Self {
            svg,
            left: f64::from(columns.start),
            right: f64::from(columns.end),
            top: f64::from(rows.start),
            bottom: f64::from(rows.end),
            x: x.scale,
            y: y.scale,
        })
    }

    pub(super) fn x(&self, value: f64) -> f64 {
        let (from, to) = self.x.laid_out();
        self.left + (self.x.place(value) - from) / (to - from) * (self.right - self.left)
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        let (from, to) = self.y.laid_out();
        self.bottom - (self.y.place(value) - from) / (to - from) * (self.bottom - self.top)
    }
}
