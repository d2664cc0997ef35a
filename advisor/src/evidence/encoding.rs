//! The bytes of a Rollup: whole numbers in as few bytes as they need, everything else with its length before it. What
//! is written in which order is decided by what is written.

use super::RollupError;

/// Writes.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

/// Reads what a [`Writer`] wrote; whatever the bytes are, it ends with them.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl Writer {
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// A whole number, seven bits a byte, least significant first.
    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.bytes.push(number.to_le_bytes()[0]);
    }

    /// How many of something follow.
    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    /// A number, or that there is none.
    pub(super) fn optional(&mut self, number: Option<u64>) {
        match number {
            None => self.number(0),
            Some(number) => {
                self.number(1);
                self.number(number);
            }
        }
    }

    /// Bytes whose number is known to whoever reads them.
    pub(super) fn fixed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Bytes with their number before them.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.fixed(bytes);
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn number(&mut self) -> Result<u64, RollupError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.fixed()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(RollupError::Damaged("a number is too long"))
    }

    /// A code or a place, which are small.
    pub(super) fn small(&mut self) -> Result<usize, RollupError> {
        let number = self.number()?;
        usize::try_from(number).map_err(|_| RollupError::Damaged("a number is too large"))
    }

    /// How many of something follow, each of which takes at least a byte.
    pub(super) fn count(&mut self) -> Result<usize, RollupError> {
        let count = self.small()?;
        if count > self.rest.len() {
            return Err(RollupError::Damaged("it ends too early"));
        }
        Ok(count)
    }

    pub(super) fn optional(&mut self) -> Result<Option<u64>, RollupError> {
        match self.number()? {
            0 => Ok(None),
            _ => self.number().map(Some),
        }
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], RollupError> {
        let (fixed, rest) = self.rest.split_first_chunk().ok_or(RollupError::Damaged("it ends too early"))?;
        self.rest = rest;
        Ok(*fixed)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], RollupError> {
        let length = self.count()?;
        let (bytes, rest) =
            self.rest.split_at_checked(length).ok_or(RollupError::Damaged("it ends too early"))?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, RollupError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| RollupError::Damaged("a name is not valid UTF-8"))
    }

    /// Nothing may be left at the end.
    pub(super) fn end(&self) -> Result<(), RollupError> {
        if self.rest.is_empty() { Ok(()) } else { Err(RollupError::Damaged("something follows its end")) }
    }
}
