//! The protobuf wire format: fields of a message read one by one, borrowed and without allocation. What a field
//! means stands in [`super::otlp`]; writing is [`super::writer`]'s business.
//!
//! Source: the protobuf documentation, "Encoding". Groups (wire types 3 and 4) are refused: OTLP never had any.

/// A message that is not protobuf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Content<'a> {
    /// Integers, flags and enums.
    Varint(u64),
    /// `fixed64` and `double`.
    Fixed64(u64),
    /// `fixed32`.
    Fixed32(u32),
    /// Texts, bytes and messages.
    Bytes(&'a [u8]),
}

/// The fields of a message in the order in which they stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The next field's number and content; `None` at the end. OTLP's numbers are small: larger ones, which are
    /// nobody's business here, all read as [`u8::MAX`].
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<(u8, Content<'a>)>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u8::try_from(tag >> 3).unwrap_or(u8::MAX);
        if number == 0 {
            return Err(Malformed("a field has the number 0"));
        }
        let content = match tag & 7 {
            0 => Content::Varint(self.varint()?),
            1 => Content::Fixed64(u64::from_le_bytes(self.fixed()?)),
            2 => {
                let length = self.varint()?;
                Content::Bytes(self.take(length)?)
            }
            5 => Content::Fixed32(u32::from_le_bytes(self.fixed()?)),
            _ => return Err(Malformed("a field has a wire type that OTLP does not use")),
        };
        Ok(Some((number, content)))
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        match self.rest.split_first() {
            Some((byte, rest)) if *byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for (at, byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if *byte < 0x80 {
                self.rest = self.rest.get(at + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(Malformed(if self.rest.len() < 10 {
            "it is cut off within a number"
        } else {
            "a number is too long"
        }))
    }

    #[inline]
    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let parts = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let (taken, rest) = parts.ok_or(Malformed("a length runs beyond the end of its message"))?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (fixed, rest) =
            self.rest.split_first_chunk().ok_or(Malformed("it is cut off within a fixed-size number"))?;
        self.rest = rest;
        Ok(*fixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(message: &[u8]) -> Result<Vec<(u8, Content<'_>)>, Malformed> {
        let mut fields = Fields::of(message);
        let mut found = Vec::new();
        while let Some(field) = fields.next()? {
            found.push(field);
        }
        Ok(found)
    }

    #[test]
    fn every_wire_type_is_read() {
        let message = [
            0x08, 0x96, 0x01, // 1: varint 150
            0x11, 1, 0, 0, 0, 0, 0, 0, 0, // 2: fixed64 1
            0x1a, 2, b'o', b'k', // 3: bytes
            0x25, 2, 0, 0, 0, // 4: fixed32 2
            0xc2, 0x3e, 0, // 1000: bytes, empty
        ];
        let expected = vec![
            (1, Content::Varint(150)),
            (2, Content::Fixed64(1)),
            (3, Content::Bytes(b"ok")),
            (4, Content::Fixed32(2)),
            (u8::MAX, Content::Bytes(b"")),
        ];
        assert_eq!(all(&message), Ok(expected));
    }

    #[test]
    fn numbers_may_be_written_longer_than_needed() {
        assert_eq!(all(&[0x88, 0x80, 0x00, 0x81, 0x00]), Ok(vec![(1, Content::Varint(1))]));
    }

    #[test]
    fn what_is_no_message_is_told() {
        for (message, reason) in [
            (&[0x08][..], "cut off within a number"),
            (&[0x08, 0x80, 0x80], "cut off within a number"),
            (&[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], "too long"),
            (&[0x00, 0x01], "number 0"),
            (&[0x0a, 0x05, 1], "beyond the end"),
            (&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1], "beyond the end"),
            (&[0x09, 1, 2], "fixed-size"),
            (&[0x0b], "wire type"),
            (&[0x0f], "wire type"),
        ] {
            let error = all(message).unwrap_err();
            assert!(error.0.contains(reason), "{message:?}: {error:?}");
        }
    }
}
