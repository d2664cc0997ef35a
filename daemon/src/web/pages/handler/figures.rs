//! The pictures of a handler's page, with what stands below each.

use pointsman_advisor::Explanation;

/// A picture and its caption.
pub(super) struct Figure {
    pub(super) svg: String,
    pub(super) caption: String,
}

/// Real interactions, as they are and as they would be.
pub(super) fn sequences(_measured: &Explanation) -> Vec<Figure> {
    Vec::new()
}

/// What was measured.
pub(super) fn numbers(_measured: &Explanation) -> Vec<Figure> {
    Vec::new()
}
