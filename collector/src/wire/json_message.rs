//! How JSON objects and lists become protobuf messages: each key is written as a field when it is met, so that
//! nothing is held. Which key is which field is told by the implementations of [`Message`].

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::json_value::Text;
use super::writer::Writer;

/// A message whose fields stand in a JSON object.
pub(super) trait Message {
    /// What it is, for errors: "expected ...".
    const NAME: &'static str;

    /// Reads the value of a key and writes it; every key must be read.
    fn field<'de, A: MapAccess<'de>>(out: &mut Writer, key: &str, map: &mut A) -> Result<(), A::Error>;
}

/// Reads an object, or null, into the message that is open; whether there was an object.
pub(super) fn read<'de, M: Message, D: Deserializer<'de>>(
    out: &mut Writer,
    input: D,
) -> Result<bool, D::Error> {
    Object::<M> { out, message: PhantomData }.deserialize(input)
}

/// Reads an object into a message within the open one; null stands for none.
pub(super) fn read_within<'de, M: Message, A: MapAccess<'de>>(
    out: &mut Writer,
    number: u8,
    map: &mut A,
) -> Result<(), A::Error> {
    map.next_value_seed(Within::<M> { out, number, message: PhantomData }).map(|_| ())
}

/// Reads a list of objects, each into a message of its own. Null stands for no list, and for no element.
pub(super) fn read_list<'de, M: Message, A: MapAccess<'de>>(
    out: &mut Writer,
    number: u8,
    map: &mut A,
) -> Result<(), A::Error> {
    map.next_value_seed(List::<M> { out, number, message: PhantomData })
}

/// Passes over what nobody reads.
pub(super) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}

/// One message within the open one; whether there was an object.
struct Within<'w, M> {
    out: &'w mut Writer,
    number: u8,
    message: PhantomData<M>,
}

impl<'de, M: Message> DeserializeSeed<'de> for Within<'_, M> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<bool, D::Error> {
        let before = self.out.len();
        let open = self.out.open(self.number);
        let present = read::<M, D>(self.out, input)?;
        self.out.close(open);
        if !present {
            self.out.truncate(before);
        }
        Ok(present)
    }
}

struct Object<'w, M> {
    out: &'w mut Writer,
    message: PhantomData<M>,
}

impl<'de, M: Message> DeserializeSeed<'de> for Object<'_, M> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<bool, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de, M: Message> Visitor<'de> for Object<'_, M> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(M::NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            M::field(self.out, &key, &mut map)?;
        }
        Ok(true)
    }

    fn visit_unit<E: de::Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<bool, A::Error> {
        Err(de::Error::custom(format_args!("expected {}, found a list", M::NAME)))
    }
}

struct List<'w, M> {
    out: &'w mut Writer,
    number: u8,
    message: PhantomData<M>,
}

impl<'de, M: Message> DeserializeSeed<'de> for List<'_, M> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de, M: Message> Visitor<'de> for List<'_, M> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list, of which each element is {}", M::NAME)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        loop {
            let element = Within::<M> { out: self.out, number: self.number, message: PhantomData };
            if elements.next_element_seed(element)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}
