//! Attributes and their values at the door: treated by their names, cut to their limits, written.

use std::borrow::Cow;

use super::Reason;
use super::door::Door;
use crate::extract::build_span;
use crate::redact::{Left, Marks, Rule, Treatment, origin_of, rule, treat};
use crate::wire::fields::Malformed;
use crate::wire::otlp::{Attribute, Value, any_value, key_value, list, repeated};

impl Door<'_> {
    /// What the attributes of a span tell beside what may stay of them, and the rule of each into `rules`.
    pub(super) fn marks<'a>(
        attributes: &[Attribute<'a>],
        rules: &mut Vec<Rule>,
    ) -> Result<Marks<'a>, Malformed> {
        let mut marks = Marks::default();
        rules.clear();
        for attribute in attributes {
            let rule = rule(attribute.key);
            rules.push(rule);
            if let Some(mark) = rule.mark {
                marks.note(mark, first_text(attribute.value)?);
            }
        }
        Ok(marks)
    }

    /// Writes what may stay of attributes.
    pub(super) fn attributes(&mut self, number: u8, attributes: &[Attribute<'_>]) -> Result<(), Malformed> {
        let with_rules = attributes.iter().map(|attribute| (attribute, rule(attribute.key)));
        self.attributes_up_to(self.limits.max_attributes, number, with_rules)
    }

    /// Writes what may stay of attributes, each with its rule, and at most so many of them.
    pub(super) fn attributes_up_to<'t, 'a: 't>(
        &mut self,
        most: usize,
        number: u8,
        attributes: impl Iterator<Item = (&'t Attribute<'a>, Rule)>,
    ) -> Result<(), Malformed> {
        let mut written = 0;
        for (attribute, rule) in attributes {
            let before = self.out.len();
            if self.attribute(number, attribute, rule)? {
                written += 1;
                if written > most {
                    self.out.truncate(before);
                    self.refused.add(Reason::Attributes, 1);
                }
            }
        }
        Ok(())
    }

    /// Writes an attribute, if it may stay; whether it did.
    fn attribute(&mut self, number: u8, attribute: &Attribute<'_>, rule: Rule) -> Result<bool, Malformed> {
        let key = self.utf8(attribute.key);
        let key = self.cut(&key);
        let treatment = self.treatment(key, rule);
        if treatment == Treatment::Drop {
            return Ok(false);
        }
        let before = self.out.len();
        let stays = self.message(number, |door| {
            door.out.text(key_value::KEY, key);
            door.value(key_value::VALUE, treatment, attribute.value, 0)
        })?;
        if !stays {
            self.out.truncate(before);
        }
        Ok(stays)
    }

    /// What happens to an attribute. What tells of credentials never stays, whatever the settings say.
    fn treatment(&self, key: &str, rule: Rule) -> Treatment {
        match rule.treatment {
            Treatment::Drop if rule.mark.is_none() && self.limits.keeps_attribute(key) => Treatment::Word,
            treatment => treatment,
        }
    }

    /// Writes a value and all within it; whether it may stay.
    fn value(
        &mut self,
        number: u8,
        treatment: Treatment,
        message: &[u8],
        depth: usize,
    ) -> Result<bool, Malformed> {
        match Value::read(message)? {
            Value::Text(text) => {
                let text = self.utf8(text);
                let Some(treated) = self.treated(treatment, &text) else { return Ok(false) };
                self.message(number, |door| door.cut_text(any_value::STRING, &treated));
                Ok(true)
            }
            // Nothing that the product reads is a map or bytes, and of what is treated only texts can be.
            Value::Bytes(_) | Value::Kvlist(_) => Ok(false),
            Value::Bool(_) | Value::Int(_) | Value::Double(_) if !treatment.takes_numbers() => Ok(false),
            value => {
                self.message(number, |door| door.content(treatment, value, depth))?;
                Ok(true)
            }
        }
    }

    fn treated<'a>(&self, treatment: Treatment, text: &'a str) -> Option<Cow<'a, str>> {
        if treatment == Treatment::Referer && self.referer_is_foreign && !text.starts_with('/') {
            return Some(origin_of(text));
        }
        treat(treatment, text, self.secret)
    }

    fn content(&mut self, treatment: Treatment, value: Value<'_>, depth: usize) -> Result<(), Malformed> {
        match value {
            Value::Array(_) if depth >= self.limits.max_depth => self.refused.add(Reason::Values, 1),
            Value::Array(array) => {
                self.message(any_value::ARRAY, |door| door.array(treatment, array, depth))?;
            }
            Value::Bool(flag) => self.out.integer(any_value::BOOL, flag.into()),
            Value::Int(number) => self.out.integer(any_value::INT, number.cast_unsigned()),
            Value::Double(number) => self.out.fixed64(any_value::DOUBLE, number.to_bits()),
            // Texts are written where it is decided whether they may stay; the rest never stays.
            Value::Absent | Value::Text(_) | Value::Bytes(_) | Value::Kvlist(_) => {}
        }
        Ok(())
    }

    fn array(&mut self, treatment: Treatment, message: &[u8], depth: usize) -> Result<(), Malformed> {
        let usual = self.limits.max_list;
        // A build may have many routes and actions.
        let of_build = treatment == Treatment::OfBuild;
        let longest = if of_build { usual.max(build_span::LONGEST_LIST) } else { usual };
        for (at, value) in repeated(message, list::VALUES).enumerate() {
            let value = value?;
            if at < longest {
                self.value(list::VALUES, treatment, value, depth + 1)?;
            } else {
                self.refused.add(Reason::Values, 1);
            }
        }
        Ok(())
    }

    /// Writes an attribute that is left in place of others.
    pub(super) fn leave(&mut self, number: u8, key: &str, left: Left) {
        self.message(number, |door| {
            door.out.text(key_value::KEY, key);
            door.message(key_value::VALUE, |door| match left {
                Left::Text(text) => door.out.text(any_value::STRING, &text),
                Left::Yes => door.out.integer(any_value::BOOL, 1),
                Left::Words(words) => door.message(any_value::ARRAY, |door| {
                    for word in &words {
                        door.message(list::VALUES, |door| door.out.text(any_value::STRING, word));
                    }
                }),
            });
        });
    }

    /// Writes a text up to the limit.
    pub(super) fn cut_text(&mut self, number: u8, text: &str) {
        let kept = self.cut(text);
        self.out.text(number, kept);
    }

    fn cut<'a>(&mut self, text: &'a str) -> &'a str {
        let limit = self.limits.max_text_bytes;
        if text.len() <= limit {
            return text;
        }
        self.refused.add(Reason::Values, 1);
        text.get(..text.floor_char_boundary(limit)).unwrap_or_default()
    }

    /// Bytes as the text that they should be. One bad text must not cost a sender its request.
    pub(super) fn utf8<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, str> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => {
                self.refused.add(Reason::Utf8, 1);
                // What is longer is cut anyway.
                let most = self.limits.max_text_bytes.saturating_add(4);
                String::from_utf8_lossy(bytes.get(..most).unwrap_or(bytes)).into_owned().into()
            }
        }
    }
}

/// The text of a value; the first one where it is a list, as header attributes are.
fn first_text(message: &[u8]) -> Result<Option<&str>, Malformed> {
    match Value::read(message)? {
        Value::Text(text) => Ok(std::str::from_utf8(text).ok()),
        Value::Array(array) => {
            for element in repeated(array, list::VALUES) {
                if let Value::Text(text) = Value::read(element?)? {
                    return Ok(std::str::from_utf8(text).ok());
                }
            }
            Ok(None)
        }
        _ => Ok(None),
    }
}
