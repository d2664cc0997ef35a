//! A large request cut into smaller ones that say the same together, so that what works on a request never works on more than a
//! few megabytes. Spans stay in their order, each below its resource and its scope. What may pass is not decided here.

use super::fields::{Content, Fields, Malformed};
use super::otlp::{request, resource_spans, scope_spans};
use super::writer::{Open, Writer};

/// A part of a request, itself a request. Within it what describes spans stands before them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'p> {
    pub(crate) otlp: &'p [u8],
    /// Whether what stands before its first span was in the piece before it already.
    pub(crate) continues: bool,
}

/// Hands over a request (OTLP protobuf) in pieces with about `most` bytes of spans each. A span is never cut.
pub(crate) fn in_pieces<E: From<Malformed>>(
    otlp: &[u8],
    most: usize,
    take: impl FnMut(Piece<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut cutter = Cutter { out: Writer::default(), spans: 0, most, continues: false, take };
    let mut fields = Fields::of(otlp);
    while let Some(field) = fields.next()? {
        if let (request::RESOURCE_SPANS, Content::Bytes(resource)) = field {
            cutter.resource_spans(resource)?;
        }
    }
    cutter.hand_over()
}

struct Cutter<T> {
    out: Writer,
    /// Bytes of spans in the piece. What describes them does not count: it may be larger than a piece.
    spans: usize,
    most: usize,
    continues: bool,
    take: T,
}

impl<T> Cutter<T> {
    fn resource_spans<E: From<Malformed>>(&mut self, resource: &[u8]) -> Result<(), E>
    where
        T: FnMut(Piece<'_>) -> Result<(), E>,
    {
        let mut open = self.begin(request::RESOURCE_SPANS, resource, resource_spans::SCOPE_SPANS)?;
        let mut fields = Fields::of(resource);
        while let Some(field) = fields.next()? {
            if let (resource_spans::SCOPE_SPANS, Content::Bytes(scope)) = field {
                open = self.scope_spans(resource, open, scope)?;
            }
        }
        self.out.close(open);
        Ok(())
    }

    /// Takes the spans of a scope; the resource comes back as it is open then, maybe in another piece.
    fn scope_spans<E: From<Malformed>>(
        &mut self,
        resource: &[u8],
        mut of_resource: Open,
        scope: &[u8],
    ) -> Result<Open, E>
    where
        T: FnMut(Piece<'_>) -> Result<(), E>,
    {
        let mut of_scope = self.begin(resource_spans::SCOPE_SPANS, scope, scope_spans::SPANS)?;
        let mut fields = Fields::of(scope);
        while let Some(field) = fields.next()? {
            let (scope_spans::SPANS, Content::Bytes(span)) = field else { continue };
            if self.spans >= self.most {
                self.out.close(of_scope);
                self.out.close(of_resource);
                self.hand_over()?;
                self.continues = true;
                of_resource = self.begin(request::RESOURCE_SPANS, resource, resource_spans::SCOPE_SPANS)?;
                of_scope = self.begin(resource_spans::SCOPE_SPANS, scope, scope_spans::SPANS)?;
            }
            self.out.data(scope_spans::SPANS, span);
            self.spans += span.len();
        }
        self.out.close(of_scope);
        Ok(of_resource)
    }

    /// Opens a message with all that stands in it but the messages of one field.
    fn begin(&mut self, number: u8, message: &[u8], but: u8) -> Result<Open, Malformed> {
        let open = self.out.open(number);
        let mut fields = Fields::of(message);
        while let Some(field) = fields.next()? {
            if let (number, Content::Bytes(bytes)) = field
                && number != but
            {
                self.out.data(number, bytes);
            }
        }
        Ok(open)
    }

    fn hand_over<E>(&mut self) -> Result<(), E>
    where
        T: FnMut(Piece<'_>) -> Result<(), E>,
    {
        (self.take)(Piece { otlp: self.out.written(), continues: self.continues })?;
        self.out.truncate(0);
        self.spans = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::admit::{Limits, Reason, Refusals, Secret, admit, admit_piece};
    use crate::trace::{Assembly, Trace};
    use crate::wire::DecodeError;

    const NOW: u64 = 1_795_400_000_000_000_000;

    /// Resources with scopes with spans, by the texts of an attribute that is stored, some too long; what describes spans may stand
    /// behind them.
    type Made = Vec<(String, bool, Vec<(String, Vec<u8>)>)>;

    fn made() -> impl Strategy<Value = Made> {
        let scope = ("[a-z]{1,9}", prop::collection::vec(any::<u8>(), 0..12));
        let resource = ("[a-z]{1,30}", any::<bool>(), prop::collection::vec(scope, 0..4));
        prop::collection::vec(resource, 0..4)
    }

    fn request(made: &Made) -> Vec<u8> {
        let mut out = Writer::default();
        let mut number = 0;
        for (service, behind, scopes) in made {
            let of_request = out.open(request::RESOURCE_SPANS);
            let resource = |out: &mut Writer| {
                let open = out.open(resource_spans::RESOURCE);
                attribute(out, 1, "service.name", service);
                out.close(open);
            };
            if !behind {
                resource(&mut out);
            }
            for (name, traces) in scopes {
                let of_resource = out.open(resource_spans::SCOPE_SPANS);
                let open = out.open(scope_spans::SCOPE);
                out.text(1, name);
                out.close(open);
                for trace in traces {
                    number += 1;
                    span(&mut out, *trace, number);
                }
                out.close(of_resource);
            }
            if *behind {
                resource(&mut out);
            }
            out.close(of_request);
        }
        out.written().to_vec()
    }

    /// Trace 0 is none, so that such a span is refused.
    fn span(out: &mut Writer, trace: u8, number: u64) {
        let open = out.open(scope_spans::SPANS);
        out.data(1, &[trace; 16]);
        out.data(2, &number.to_be_bytes());
        out.fixed64(7, NOW + number);
        out.fixed64(8, NOW + number + 1);
        attribute(out, 9, "url.path", "/a/path/that/is/longer/than/the/limit");
        out.close(open);
    }

    fn attribute(out: &mut Writer, number: u8, key: &str, text: &str) {
        let open = out.open(number);
        out.text(1, key);
        let value = out.open(2);
        out.text(1, text);
        out.close(value);
        out.close(open);
    }

    fn assembled(blocks: &[Vec<u8>]) -> Vec<Trace<'_>> {
        let mut assembly = Assembly::new(usize::MAX);
        blocks.iter().for_each(|block| assembly.add(block).unwrap());
        assembly.finish()
    }

    proptest! {
        #[test]
        fn pieces_say_what_the_whole_says(made in made(), most in 1_usize..2_000) {
            let limits = Limits { max_text_bytes: 20, ..Limits::default() };
            let (whole, secret) = (request(&made), Secret::new("s"));
            let admitted = admit(&whole, NOW, &limits, &secret).unwrap();
            let (mut blocks, mut refused, mut spans) = (Vec::new(), Refusals::default(), 0);
            in_pieces::<DecodeError>(&whole, most, |piece| {
                let passed = admit_piece(piece, NOW, &limits, &secret)?;
                refused.add_all(&passed.refused);
                spans += passed.spans;
                blocks.push(passed.otlp);
                Ok(())
            }).unwrap();
            prop_assert_eq!(&refused, &admitted.refused);
            prop_assert_eq!(spans, admitted.spans);
            let whole = [admitted.otlp];
            prop_assert_eq!(assembled(&blocks), assembled(&whole));
        }
    }

    #[test]
    fn a_piece_has_about_as_much_as_it_may_and_is_counted_once() {
        let whole = request(&vec![("s".repeat(30), true, vec![("scope".to_owned(), vec![1; 100])])]);
        let limits = Limits { max_text_bytes: 20, ..Limits::default() };
        let mut lengths = Vec::new();
        let mut cut = Vec::new();
        in_pieces::<DecodeError>(&whole, 1_000, |piece| {
            lengths.push(piece.otlp.len());
            let passed = admit_piece(piece, NOW, &limits, &Secret::new("s"))?;
            cut.push(passed.refused.count(Reason::Values) - u64::from(passed.spans));
            Ok(())
        })
        .unwrap();
        assert!(lengths.len() > 5 && lengths.iter().all(|length| *length < 1_300), "{lengths:?}");
        assert_eq!(
            cut.iter().sum::<u64>(),
            cut[0],
            "the resource is cut in each piece and counted in the first"
        );
        assert_eq!(cut[0], 1);
    }
}
