//! Scalars and attribute values of OTLP/JSON, read as leniently as the protobuf JSON mapping allows:
//! null is the default, 64-bit numbers may be strings, floats may be `NaN` or `Infinity`.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::json_message::{Message, read_list, read_within, skip};
use super::otlp::{any_value, key_value, list};
use super::writer::Writer;

/// A text, borrowed where it holds no escapes; null is the empty one.
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

/// An id in hex of either case. What is no hex, or longer than any id, is no id.
#[derive(Default)]
pub(super) struct Id {
    bytes: [u8; Id::LONGEST],
    length: usize,
}

/// Nanoseconds: what is no time becomes 0, which the door refuses span by span.
pub(super) struct Nanos(pub(super) u64);

/// A field of an integer type.
pub(super) struct Integer<N>(pub(super) N);

/// Any JSON scalar that stands for an integer, a float or an enum's word; what it means the field decides.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Scalar<'a> {
    Absent,
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(Cow<'a, str>),
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed("")))
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        input.deserialize_any(TextVisitor)
    }
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct ScalarVisitor;
        impl<'de> Visitor<'de> for ScalarVisitor {
            type Value = Scalar<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a number written as a string")
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(Scalar::Absent)
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Scalar::Unsigned(number))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Scalar::Signed(number))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Scalar::Float(number))
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Owned(text.to_owned())))
            }
        }
        input.deserialize_any(ScalarVisitor)
    }
}

impl Scalar<'_> {
    /// The integer it stands for; `None` when it is none or out of range.
    pub(super) fn whole<N: TryFrom<i128>>(&self) -> Option<N> {
        N::try_from(self.wide()?).ok()
    }

    fn wide(&self) -> Option<i128> {
        match self {
            Self::Absent => Some(0),
            Self::Unsigned(number) => Some(i128::from(*number)),
            Self::Signed(number) => Some(i128::from(*number)),
            Self::Float(number) => whole(*number),
            Self::Text(text) => match text.parse::<u64>() {
                Ok(number) => Some(i128::from(number)),
                Err(_) => text.parse().ok().or_else(|| text.parse().ok().and_then(whole)),
            },
        }
    }

    fn float(&self) -> Option<f64> {
        match self {
            Self::Absent => None,
            #[expect(clippy::cast_precision_loss, reason = "a double attribute written without a fraction")]
            Self::Unsigned(number) => Some(*number as f64),
            #[expect(clippy::cast_precision_loss, reason = "a double attribute written without a fraction")]
            Self::Signed(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            // Rust reads "NaN", "Infinity" and "-Infinity" as the mapping writes them.
            Self::Text(text) => text.parse().ok(),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn whole(number: f64) -> Option<i128> {
    (number.fract() == 0.0 && number.abs() < 1e30).then_some(number as i128)
}

impl Id {
    /// Bytes of the longest id that is one, and one more, so that a longer one does not become a right one.
    const LONGEST: usize = 17;

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Hex, or base64 as Grafana Tempo writes ids: its padding and length tell it from hex.
    fn from_text(text: &str) -> Self {
        let is_base64 = matches!(text.len(), 12 | 24) && text.ends_with('=');
        let decoded = if is_base64 { from_base64(text) } else { None };
        let Some(decoded) = decoded else { return Self::from_hex(text) };
        let mut id = Self::default();
        for (byte, place) in decoded.into_iter().zip(&mut id.bytes) {
            *place = byte;
            id.length += 1;
        }
        id
    }

    pub(super) fn from_hex(text: &str) -> Self {
        let mut id = Self::default();
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        for (pair, place) in text.as_bytes().chunks(2).zip(&mut id.bytes) {
            let [high, low] = *pair else { return Self::default() };
            let (Some(high), Some(low)) = (digit(high), digit(low)) else { return Self::default() };
            *place = high << 4 | low;
            id.length += 1;
        }
        id
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Ok(match Scalar::deserialize(input)? {
            Scalar::Text(text) => Self::from_text(&text),
            _ => Self::default(),
        })
    }
}

impl<'de> Deserialize<'de> for Nanos {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Ok(Self(Scalar::deserialize(input)?.whole().unwrap_or(0)))
    }
}

impl<'de, N: TryFrom<i128>> Deserialize<'de> for Integer<N> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let scalar = Scalar::deserialize(input)?;
        let error = || de::Error::custom(format!("{scalar:?} is not an integer of the field's range"));
        scalar.whole().map(Self).ok_or_else(error)
    }
}

/// An attribute.
pub(super) struct Attribute;

impl Message for Attribute {
    const NAME: &'static str = "an object with key and value";

    fn field<'de, A: MapAccess<'de>>(out: &mut Writer, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "key" => {
                let Text(key) = map.next_value()?;
                out.text(key_value::KEY, &key);
                Ok(())
            }
            "value" => read_within::<Value, _>(out, key_value::VALUE, map),
            _ => skip(map),
        }
    }
}

/// An attribute's value; an empty object is one without content.
struct Value;

impl Message for Value {
    const NAME: &'static str = "an object with one of stringValue, intValue and the like";

    fn field<'de, A: MapAccess<'de>>(out: &mut Writer, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "stringValue" => {
                if let Some(Text(text)) = map.next_value::<Option<Text<'_>>>()? {
                    out.text(any_value::STRING, &text);
                }
            }
            "boolValue" => {
                if let Some(flag) = map.next_value::<Option<bool>>()? {
                    out.integer(any_value::BOOL, flag.into());
                }
            }
            "intValue" => {
                let scalar: Scalar<'_> = map.next_value()?;
                // One that is no 64-bit integer is no value.
                if let Some(number) = scalar.whole::<i64>().filter(|_| scalar != Scalar::Absent) {
                    out.integer(any_value::INT, number.cast_unsigned());
                }
            }
            "doubleValue" => {
                if let Some(number) = map.next_value::<Scalar<'_>>()?.float() {
                    out.fixed64(any_value::DOUBLE, number.to_bits());
                }
            }
            "bytesValue" => {
                let text: Option<Text<'_>> = map.next_value()?;
                if let Some(bytes) = text.and_then(|Text(text)| from_base64(&text)) {
                    out.data(any_value::BYTES, &bytes);
                }
            }
            "arrayValue" => return read_within::<Array, _>(out, any_value::ARRAY, map),
            "kvlistValue" => return read_within::<Kvlist, _>(out, any_value::KVLIST, map),
            _ => return skip(map),
        }
        Ok(())
    }
}

struct Array;

impl Message for Array {
    const NAME: &'static str = "an object with values";

    fn field<'de, A: MapAccess<'de>>(out: &mut Writer, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key == "values" { read_list::<Value, _>(out, list::VALUES, map) } else { skip(map) }
    }
}

struct Kvlist;

impl Message for Kvlist {
    const NAME: &'static str = "an object with values";

    fn field<'de, A: MapAccess<'de>>(out: &mut Writer, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key == "values" { read_list::<Attribute, _>(out, list::VALUES, map) } else { skip(map) }
    }
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
    engines.into_iter().find_map(|engine| engine.decode(text).ok())
}
