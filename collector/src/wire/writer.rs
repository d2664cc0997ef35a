//! The protobuf wire format: writing. A message's length is known only after its fields are written, so it is
//! put before them then; what is written once is never looked at again.

/// Writes one message and those within it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

/// Where the fields of a message that is not closed yet begin.
#[derive(Debug)]
#[must_use = "a message must be closed"]
pub(crate) struct Open(usize);

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const BYTES: u8 = 2;
const FIXED32: u8 = 5;

impl Writer {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes) }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What is written; nothing of it is complete that is still open.
    pub(crate) fn written(&self) -> &[u8] {
        &self.bytes
    }

    /// How much is written.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Takes back everything after the first `len` bytes. Only what the innermost open message holds may be
    /// taken back.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
    }

    /// Begins a message within this one. What is written until [`Writer::close`] are its fields.
    #[inline]
    pub(crate) fn open(&mut self, number: u8) -> Open {
        self.tag(number, BYTES);
        // Most messages are shorter than 128 bytes: one byte of length.
        self.bytes.push(0);
        Open(self.bytes.len())
    }

    /// Ends the message that was begun last.
    #[inline]
    pub(crate) fn close(&mut self, Open(start): Open) {
        let length = self.bytes.len().saturating_sub(start);
        match u8::try_from(length) {
            Ok(length) if length < 0x80 => {
                if let Some(place) = self.bytes.get_mut(start - 1) {
                    *place = length;
                }
            }
            _ => self.close_long(start, length),
        }
    }

    /// Moves the fields to make room for a length of several bytes.
    fn close_long(&mut self, start: usize, length: usize) {
        let (encoded, size) = encode(length as u64);
        let end = self.bytes.len();
        self.bytes.resize(end + size - 1, 0);
        self.bytes.copy_within(start..end, start + size - 1);
        let place = self.bytes.get_mut(start - 1..start - 1 + size);
        if let (Some(place), Some(encoded)) = (place, encoded.get(..size)) {
            place.copy_from_slice(encoded);
        }
    }

    /// A text, also an empty one.
    #[inline]
    pub(crate) fn text(&mut self, number: u8, text: &str) {
        self.data(number, text.as_bytes());
    }

    /// Bytes, also none.
    #[inline]
    pub(crate) fn data(&mut self, number: u8, data: &[u8]) {
        self.tag(number, BYTES);
        self.varint(data.len() as u64);
        self.bytes.extend_from_slice(data);
    }

    /// A varint, also zero.
    #[inline]
    pub(crate) fn integer(&mut self, number: u8, value: u64) {
        self.tag(number, VARINT);
        self.varint(value);
    }

    /// Eight bytes, also zero.
    #[inline]
    pub(crate) fn fixed64(&mut self, number: u8, value: u64) {
        self.tag(number, FIXED64);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Four bytes, also zero.
    #[inline]
    pub(crate) fn fixed32(&mut self, number: u8, value: u32) {
        self.tag(number, FIXED32);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// OTLP has no field above 16 that is written here: tags are one or two bytes.
    #[inline]
    fn tag(&mut self, number: u8, wire_type: u8) {
        self.varint(u64::from(number) << 3 | u64::from(wire_type));
    }

    #[inline]
    fn varint(&mut self, value: u64) {
        if let Ok(byte) = u8::try_from(value)
            && byte < 0x80
        {
            self.bytes.push(byte);
        } else {
            let (encoded, size) = encode(value);
            self.bytes.extend_from_slice(encoded.get(..size).unwrap_or_default());
        }
    }
}

/// A varint and how many bytes of it count.
fn encode(mut value: u64) -> ([u8; 10], usize) {
    let mut bytes = [0; 10];
    let mut size = 0;
    for byte in &mut bytes {
        size += 1;
        *byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            break;
        }
        *byte |= 0x80;
    }
    (bytes, size)
}

#[cfg(test)]
mod tests {
    use super::super::fields::{Content, Fields};
    use super::*;

    #[test]
    fn lengths_of_every_size_are_put_before_their_message() {
        for length in [0_usize, 1, 127, 128, 16_383, 16_384, 2_097_152] {
            let mut writer = Writer::default();
            writer.integer(3, 7);
            let content = vec![b'x'; length];
            let outer = writer.open(1);
            let inner = writer.open(2);
            writer.data(16, &content);
            writer.close(inner);
            writer.close(outer);
            let bytes = writer.into_bytes();
            let mut fields = Fields::of(&bytes);
            assert_eq!(fields.next(), Ok(Some((3, Content::Varint(7)))));
            let Ok(Some((1, Content::Bytes(outer)))) = fields.next() else { panic!("{length}") };
            assert_eq!(fields.next(), Ok(None));
            let Ok(Some((2, Content::Bytes(inner)))) = Fields::of(outer).next() else { panic!("{length}") };
            assert_eq!(Fields::of(inner).next(), Ok(Some((16, Content::Bytes(&content)))));
        }
    }

    #[test]
    fn numbers_read_back_as_they_were_written() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut writer = Writer::default();
            writer.integer(1, value);
            assert_eq!(Fields::of(&writer.into_bytes()).next(), Ok(Some((1, Content::Varint(value)))));
        }
    }
}
