//! Whether bytes are an OTLP trace request in protobuf, for those who have to guess. Live requests are read by
//! [`crate::admit`], which finds out on the way.

use super::DecodeError;
use super::fields::{Content, Fields, Malformed};
use super::otlp::{Parts, Span, request, resource_spans, scope_spans};

/// Walks through a request down to its spans; no bytes are an empty request.
///
/// # Errors
/// When the bytes are not such a message.
pub fn check_protobuf(bytes: &[u8]) -> Result<(), DecodeError> {
    Ok(walk(bytes)?)
}

fn walk(bytes: &[u8]) -> Result<(), Malformed> {
    let mut span = Span::default();
    within(bytes, request::RESOURCE_SPANS, |resource| {
        within(resource, resource_spans::SCOPE_SPANS, |scope| {
            within(scope, scope_spans::SPANS, |message| span.read(message, Parts::ALL).map(|_| ()))
        })
    })
}

fn within<'a>(
    message: &'a [u8],
    number: u8,
    mut each: impl FnMut(&'a [u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut fields = Fields::of(message);
    while let Some((found, content)) = fields.next()? {
        match content {
            Content::Bytes(bytes) if found == number => each(bytes)?,
            _ if found == number => return Err(Malformed("a message stands where none can be")),
            _ => {}
        }
    }
    Ok(())
}
