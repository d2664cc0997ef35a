//! From a body to the blocks that may be stored: rewritten, let through the door, compressed. Each form of a request goes as soon as
//! the next one is made, and a large request is worked on piece by piece: of it there would not be room for every form at once.
//! What is committed, and who is told, is the intake's and the committer's business.

use std::io;

use bytes::Bytes;
use pointsman_store::Block;

use super::Transport;
use super::backlog::LARGEST_KEPT;
use crate::admit::{Admitted, Limits, Refusals, Secret, admit, admit_piece};
use crate::trace::has_spans;
use crate::wire::pieces::in_pieces;
use crate::wire::{DecodeError, convert_json, spanless};

/// What passed of a request.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// One, or of a request larger than [`LARGEST_KEPT`] one for about that many bytes of spans; none where no span passed.
    pub(super) blocks: Vec<Block>,
    /// What is in the block, for extraction; `None` of a large request, which is read back for it.
    pub(super) otlp: Option<Bytes>,
    pub(super) spans: u64,
    pub(super) refused: Refusals,
    /// What the request held instead of spans, where it held something and no span.
    pub(super) found_instead: Option<String>,
}

/// Why nothing passed.
#[derive(Debug)]
pub(super) enum NotPassed {
    Malformed(DecodeError),
    /// The compressor failed, which memory exhaustion alone explains.
    NotCompressed(io::Error),
}

/// What is known beside a request.
#[derive(Clone, Copy)]
pub(super) struct Terms<'t> {
    pub(super) now_ns: u64,
    pub(super) limits: &'t Limits,
    pub(super) secret: &'t Secret,
}

impl Terms<'_> {
    /// Lets pass what may be kept.
    pub(super) fn pass(self, body: Bytes, transport: Transport) -> Result<Passed, NotPassed> {
        if transport != Transport::HttpJson {
            let mut passed = self.pass_protobuf(&body)?;
            if passed.spans == 0 && passed.refused.spans() == 0 {
                passed.found_instead = spanless::found_instead(&body, false);
            }
            return Ok(passed);
        }
        let converted = convert_json(&body)?;
        let is_spanless = !has_spans(&converted.protobuf);
        let found_instead = is_spanless.then(|| spanless::found_instead(&body, true)).flatten();
        drop(body);
        let mut passed = self.pass_protobuf(&converted.protobuf)?;
        passed.refused.add_repaired(converted.repaired);
        passed.found_instead = found_instead;
        Ok(passed)
    }

    fn pass_protobuf(self, otlp: &[u8]) -> Result<Passed, NotPassed> {
        let mut passed = Passed::default();
        if otlp.len() <= LARGEST_KEPT {
            let admitted = admit(otlp, self.now_ns, self.limits, self.secret)?;
            passed.otlp = passed.add(admitted, self.now_ns)?.map(in_its_room);
        } else {
            in_pieces(otlp, LARGEST_KEPT, |piece| {
                let admitted = admit_piece(piece, self.now_ns, self.limits, self.secret)?;
                passed.add(admitted, self.now_ns).map(|_| ())
            })?;
        }
        Ok(passed)
    }
}

impl Passed {
    /// Compresses what passed of a piece; gives it back as it was before.
    fn add(&mut self, admitted: Admitted, now_ns: u64) -> Result<Option<Vec<u8>>, NotPassed> {
        let Admitted { otlp, spans, traces, refused } = admitted;
        self.refused.add_all(&refused);
        if spans == 0 {
            return Ok(None);
        }
        self.spans += u64::from(spans);
        self.blocks.push(Block::compress(&otlp, spans, traces, now_ns).map_err(NotPassed::NotCompressed)?);
        Ok(Some(otlp))
    }

    /// Bytes that it holds until it is committed.
    pub(super) fn held(&self) -> usize {
        match &self.otlp {
            Some(otlp) => otlp.len(),
            None => self.blocks.iter().map(Block::stored_bytes).sum(),
        }
    }
}

/// Bytes that may have to wait, in no more room than they take: the door makes room for all that could have passed.
fn in_its_room(otlp: Vec<u8>) -> Bytes {
    let is_roomy = otlp.capacity() - otlp.len() > otlp.len() / 8;
    if is_roomy { Bytes::copy_from_slice(&otlp) } else { otlp.into() }
}

impl<E: Into<DecodeError>> From<E> for NotPassed {
    fn from(error: E) -> Self {
        Self::Malformed(error.into())
    }
}
