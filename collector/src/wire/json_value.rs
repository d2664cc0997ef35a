//! Scalars and attribute values of OTLP/JSON, read as leniently as the protobuf JSON mapping allows:
//! null is the default, 64-bit numbers may be strings, floats may be `NaN` or `Infinity`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// Any JSON scalar that stands for an integer, a float or an enum's word; what it means the field decides.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) enum Scalar<'a> {
    #[default]
    Absent,
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(Cow<'a, str>),
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
    fn wide(&self) -> Option<i128> {
        match self {
            Self::Absent => Some(0),
            Self::Unsigned(number) => Some(i128::from(*number)),
            Self::Signed(number) => Some(i128::from(*number)),
            Self::Float(number) => whole(*number),
            Self::Text(text) => match text.parse() {
                Ok(number) => Some(number),
                Err(_) => text.parse().ok().and_then(whole),
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

/// A field of an integer type.
pub(super) fn integer<'de, D, N>(input: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<i128>,
{
    let scalar = Scalar::deserialize(input)?;
    let number = scalar.wide().and_then(|wide| N::try_from(wide).ok());
    number.ok_or_else(|| de::Error::custom(format!("{scalar:?} is not an integer of the field's range")))
}

/// The content of an `intValue`; one that is no 64-bit integer is no value.
fn optional_integer<'de, D: Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    Ok(match Scalar::deserialize(input)? {
        Scalar::Absent => None,
        scalar => scalar.wide().and_then(|wide| i64::try_from(wide).ok()),
    })
}

/// The content of a `doubleValue`; one that is no number is no value.
fn optional_float<'de, D: Deserializer<'de>>(input: D) -> Result<Option<f64>, D::Error> {
    Ok(Scalar::deserialize(input)?.float())
}

/// Nanoseconds: what is no time becomes 0, which the door refuses span by span.
pub(super) fn nanos<'de, D: Deserializer<'de>>(input: D) -> Result<u64, D::Error> {
    let wide = Scalar::deserialize(input)?.wide();
    Ok(wide.and_then(|wide| u64::try_from(wide).ok()).unwrap_or(0))
}

/// A field whose null means its default.
pub(super) fn nullable<'de, D, T>(input: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(input)?.unwrap_or_default())
}

/// A list in which null stands for the empty list and null elements are left out.
pub(super) fn list<'de, D, T>(input: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct ListVisitor<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
        type Value = Vec<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }
        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }
        fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(item) = items.next_element::<Option<T>>()? {
                all.extend(item);
            }
            Ok(all)
        }
    }
    input.deserialize_any(ListVisitor(PhantomData))
}

/// An id in hex of either case. What is no hex becomes no id, which the door refuses span by span.
pub(super) fn id<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<u8>, D::Error> {
    Ok(match Scalar::deserialize(input)? {
        Scalar::Text(text) => from_hex(&text).unwrap_or_default(),
        _ => Vec::new(),
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JsonKeyValue {
    #[serde(default, deserialize_with = "nullable")]
    key: String,
    #[serde(default)]
    value: Option<JsonValue>,
}

/// At most one field is set; an empty object is a value without content.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JsonValue {
    #[serde(default)]
    string_value: Option<String>,
    #[serde(default)]
    bool_value: Option<bool>,
    #[serde(default, deserialize_with = "optional_integer")]
    int_value: Option<i64>,
    #[serde(default, deserialize_with = "optional_float")]
    double_value: Option<f64>,
    #[serde(default)]
    array_value: Option<JsonArray>,
    #[serde(default)]
    kvlist_value: Option<JsonKvlist>,
    #[serde(default)]
    bytes_value: Option<String>,
}

#[derive(Deserialize)]
struct JsonArray {
    #[serde(default, deserialize_with = "list")]
    values: Vec<JsonValue>,
}

#[derive(Deserialize)]
struct JsonKvlist {
    #[serde(default, deserialize_with = "list")]
    values: Vec<JsonKeyValue>,
}

impl From<JsonKeyValue> for KeyValue {
    fn from(json: JsonKeyValue) -> Self {
        Self { key: json.key, value: json.value.map(AnyValue::from), ..Self::default() }
    }
}

impl From<JsonValue> for AnyValue {
    fn from(json: JsonValue) -> Self {
        let value = if let Some(text) = json.string_value {
            Some(Value::StringValue(text))
        } else if let Some(flag) = json.bool_value {
            Some(Value::BoolValue(flag))
        } else if let Some(number) = json.int_value {
            Some(Value::IntValue(number))
        } else if let Some(number) = json.double_value {
            Some(Value::DoubleValue(number))
        } else if let Some(array) = json.array_value {
            let values = array.values.into_iter().map(Self::from).collect();
            Some(Value::ArrayValue(ArrayValue { values }))
        } else if let Some(kvlist) = json.kvlist_value {
            let values = kvlist.values.into_iter().map(KeyValue::from).collect();
            Some(Value::KvlistValue(KeyValueList { values }))
        } else {
            json.bytes_value.and_then(|text| from_base64(&text)).map(Value::BytesValue)
        };
        Self { value }
    }
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
    engines.into_iter().find_map(|engine| engine.decode(text).ok())
}
