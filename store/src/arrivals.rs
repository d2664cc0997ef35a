//! What kinds of trace requests have come. Only their number is kept: what a request without spans held is not.

/// A kind of request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArrivalKind {
    /// It held spans.
    WithSpans,
    /// It was OTLP by its form, and held no span.
    WithoutSpans,
    /// It was not OTLP.
    NotUnderstood,
}

impl ArrivalKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::WithSpans, Self::WithoutSpans, Self::NotUnderstood];

    /// The word that the database uses; it never changes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WithSpans => "with_spans",
            Self::WithoutSpans => "without_spans",
            Self::NotUnderstood => "not_understood",
        }
    }
}

/// Requests of each kind.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Arrivals {
    requests: [u64; ArrivalKind::ALL.len()],
}

impl Arrivals {
    /// Requests of a kind.
    #[must_use]
    pub fn of(&self, kind: ArrivalKind) -> u64 {
        self.requests.get(kind as usize).copied().unwrap_or_default()
    }

    /// Requests of all kinds.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.requests.iter().sum()
    }

    /// Adds requests of a kind.
    pub fn add(&mut self, kind: ArrivalKind, requests: u64) {
        if let Some(count) = self.requests.get_mut(kind as usize) {
            *count += requests;
        }
    }

    /// Adds others.
    pub fn merge(&mut self, others: &Self) {
        for kind in ArrivalKind::ALL {
            self.add(kind, others.of(kind));
        }
    }

    /// What these have more than earlier ones.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut more = Self::default();
        for kind in ArrivalKind::ALL {
            more.add(kind, self.of(kind).saturating_sub(earlier.of(kind)));
        }
        more
    }
}
