//! The colours of all pictures, by what they mean. As they stand they are the light ones, good enough where no style
//! sheet applies; `assets/chart.css` gives each, found by its value, the colour of the page it stands on. So no two
//! roles share a value, and nothing else in a picture has a colour.

use plotters::style::RGBColor;

/// What a colour means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// Text and marks that carry the matter.
    Ink,
    /// Text beside it.
    Faint,
    /// Grids and axes.
    Line,
    /// The ground, for what is cut out of a mark.
    Paper,
    Move,
    Improve,
    Keep,
    Unsure,
    OwnUi,
    Server,
    CrossOrigin,
    External,
    Bot,
    Unknown,
    /// How it is.
    Now,
    /// How it would be.
    After,
    /// What is won between the two.
    Saved,
    /// What has become worse.
    Lost,
}

impl Role {
    /// As it is written into a picture.
    pub(super) fn hex(self) -> String {
        let RGBColor(red, green, blue) = self.rgb();
        format!("#{red:02X}{green:02X}{blue:02X}")
    }

    pub(super) fn rgb(self) -> RGBColor {
        let (red, green, blue) = match self {
            Self::Ink => (0x1d, 0x21, 0x26),
            Self::Faint => (0x56, 0x5f, 0x69),
            Self::Line => (0xdc, 0xd8, 0xcf),
            Self::Paper => (0xfb, 0xfa, 0xf7),
            Self::Move => (0x9a, 0x47, 0x00),
            Self::Improve => (0x0b, 0x5c, 0x7a),
            Self::Keep => (0x37, 0x63, 0x29),
            Self::Unsure => (0x7a, 0x82, 0x8a),
            Self::OwnUi => (0x2f, 0x6d, 0x8f),
            Self::Server => (0x6b, 0x5b, 0x95),
            Self::CrossOrigin => (0xa8, 0x5a, 0x1a),
            Self::External => (0xa0, 0x3a, 0x4a),
            Self::Bot => (0x8a, 0x7a, 0x3a),
            Self::Unknown => (0x8b, 0x91, 0x97),
            Self::Now => (0x5b, 0x66, 0x70),
            Self::After => (0x2e, 0x6b, 0x4a),
            Self::Saved => (0xb4, 0xd9, 0xc0),
            Self::Lost => (0x9e, 0x2a, 0x2b),
        };
        RGBColor(red, green, blue)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Role::*;

    #[test]
    fn every_colour_stands_for_one_thing_and_the_style_sheet_knows_it() {
        let css = include_str!("../../../assets/chart.css");
        let roles = [
            Ink,
            Faint,
            Line,
            Paper,
            Move,
            Improve,
            Keep,
            Unsure,
            OwnUi,
            Server,
            CrossOrigin,
            External,
            Bot,
            Unknown,
            Now,
            After,
            Saved,
            Lost,
        ];
        let values: HashSet<String> = roles.iter().map(|role| role.hex()).collect();
        assert_eq!(values.len(), roles.len());
        for value in values {
            for attribute in ["fill", "stroke"] {
                assert!(css.contains(&format!("[{attribute}=\"{value}\"]")), "{attribute} {value}");
            }
        }
    }
}
