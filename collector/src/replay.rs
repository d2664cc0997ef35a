//! Recorded files through the same pipeline as live senders. The layout of a file is `wire::file`'s business;
//! here it is read, inflated and fed in, with patience where a live sender would be told to come again.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::admit::Reason;
use crate::ingest::{Intake, Pipeline, Refused, Rejected, Ticket, Transport};
use crate::wire::file::{Fault, Place, requests};

/// Requests that may wait for their commit at a time: enough to share commits, few enough to hold in memory.
const IN_FLIGHT: usize = 64;

/// Where recorded requests come from.
pub enum Recording {
    /// A file; compressed or not is told by its content.
    File(PathBuf),
    /// Anything that can be read, under a name for messages.
    Reader(String, Box<dyn Read + Send>),
}

/// What a replay found.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Summary {
    /// Requests taken in.
    pub requests: u64,
    /// Spans stored, repeated ones included.
    pub spans: u64,
    /// Spans refused, by reason.
    pub refused: BTreeMap<Reason, u64>,
    /// Calls found in the traces of the files. Replaying a file again finds the same ones and adds none.
    pub calls: u64,
    /// Parts that could not be read, or not all of whose spans were taken; the parts around them were kept.
    pub faults: Vec<Fault>,
}

/// A replay that could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be read, or not be inflated.
    #[error("cannot read {name}: {reason}")]
    Read {
        /// The file's name as it was given.
        name: String,
        /// Why.
        reason: String,
    },
    /// The file is larger than the limit.
    #[error("{name} is larger than {limit} bytes when inflated; split it, or raise the limit")]
    TooLarge {
        /// The file's name as it was given.
        name: String,
        /// The limit.
        limit: u64,
    },
    /// There is no request in the file.
    #[error("nothing in {name} can be read as OTLP: {reason}")]
    Nothing {
        /// The file's name as it was given.
        name: String,
        /// The first fault, or that it is empty.
        reason: String,
    },
    /// The pipeline refused.
    #[error("cannot store the spans of {name}: {source}")]
    Refused {
        /// The file's name as it was given.
        name: String,
        /// Why.
        source: Refused,
    },
}

/// Replays one recording and waits until its Calls are stored. Recorded times are kept. `max_bytes` bounds it
/// after inflating, because it is held in memory. `progress` is told the bytes read and the bytes there are, inflated. One
/// at a time on a pipeline.
///
/// # Errors
/// When nothing of it can be read, or when spans cannot be stored. What was stored before stays stored.
pub async fn replay(
    pipeline: &Pipeline,
    recording: Recording,
    max_bytes: u64,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Summary, ReplayError> {
    let name = recording.name();
    let content = recording.read(max_bytes).await?;
    pipeline.tally().begin();
    let fed = feed(pipeline, &name, &content.bytes, progress).await;
    pipeline.settled().await;
    let calls = pipeline.tally().end();
    let mut summary = Summary { calls, ..fed? };
    if let Some(error) = content.broken {
        let place = Place::Byte(content.bytes.len());
        let reason = format!("the compressed stream breaks off: {error}");
        summary.faults.push(Fault { file: name, place, reason });
    }
    Ok(summary)
}

async fn feed(
    pipeline: &Pipeline,
    name: &str,
    bytes: &[u8],
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Summary, ReplayError> {
    let intake = pipeline.intake();
    let refused = |source| ReplayError::Refused { name: name.to_owned(), source };
    let mut summary = Summary::default();
    let mut waiting: VecDeque<(Place, Ticket)> = VecDeque::new();
    let mut parts = requests(name, bytes);
    while let Some(part) = parts.next() {
        let (read, all) = parts.read();
        progress(read as u64, all as u64);
        let request = match part {
            Ok(request) => request,
            Err(fault) => {
                summary.faults.push(fault);
                continue;
            }
        };
        intake.count_body(Transport::Replay, request.len());
        intake.metrics().count_repaired(parts.repaired());
        let reservation = intake.reserve_in_time(request.len()).await.map_err(refused)?;
        let ticket =
            match intake.submit(reservation, Bytes::from(request.into_owned()), Transport::Replay).await {
                Ok(ticket) => ticket,
                Err(Rejected::Malformed(error)) => {
                    summary.faults.push(Fault {
                        file: name.to_owned(),
                        place: parts.place(),
                        reason: error.to_string(),
                    });
                    continue;
                }
                Err(Rejected::Later(later)) => return Err(refused(later)),
            };
        waiting.push_back((parts.place(), ticket));
        if waiting.len() >= IN_FLIGHT
            && let Some((place, ticket)) = waiting.pop_front()
        {
            summary.add(&intake, name, place, ticket).await.map_err(refused)?;
        }
    }
    for (place, ticket) in waiting {
        summary.add(&intake, name, place, ticket).await.map_err(refused)?;
    }
    if summary.requests > 0 {
        return Ok(summary);
    }
    let first = summary.faults.first();
    let reason =
        first.map_or_else(|| "it is empty".to_owned(), |fault| format!("{}: {}", fault.place, fault.reason));
    Err(ReplayError::Nothing { name: name.to_owned(), reason })
}

impl Summary {
    async fn add(
        &mut self,
        intake: &Intake,
        name: &str,
        place: Place,
        ticket: Ticket,
    ) -> Result<(), Refused> {
        let accepted = ticket.settled().await?;
        intake.count_request(Transport::Replay.as_str(), accepted.outcome());
        self.requests += 1;
        self.spans += accepted.stored;
        let mut reasons = Vec::new();
        for (reason, count) in accepted.refused.iter().filter(|(reason, _)| reason.refuses_span()) {
            *self.refused.entry(reason).or_default() += count;
            reasons.push(format!("{} {count}", reason.as_str()));
        }
        if !reasons.is_empty() {
            let reason = format!("spans refused: {}; the others are kept", reasons.join(", "));
            self.faults.push(Fault { file: name.to_owned(), place, reason });
        }
        Ok(())
    }
}

impl Recording {
    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Reader(name, _) => name.clone(),
        }
    }

    /// All of it, inflated; files are read off the async threads.
    async fn read(self, max_bytes: u64) -> Result<Content, ReplayError> {
        let name = self.name();
        let fail = |reason: String| ReplayError::Read { name: name.clone(), reason };
        let reading = tokio::task::spawn_blocking(move || match self {
            Self::File(path) => read_file(&path, max_bytes),
            Self::Reader(_, mut reader) => inflated(&mut reader, max_bytes),
        });
        let content = reading.await.map_err(|error| fail(error.to_string()))?;
        let content = content.map_err(|error| fail(error.to_string()))?;
        match (content.bytes.len() as u64 > max_bytes, &content.broken) {
            (true, _) => Err(ReplayError::TooLarge { name, limit: max_bytes }),
            (false, Some(error)) if content.bytes.is_empty() => Err(fail(error.to_string())),
            _ => Ok(content),
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recording({})", self.name())
    }
}

/// What was read of a recording.
struct Content {
    bytes: Vec<u8>,
    /// Why the rest could not be inflated.
    broken: Option<std::io::Error>,
}

fn read_file(path: &Path, max_bytes: u64) -> std::io::Result<Content> {
    inflated(&mut std::fs::File::open(path)?, max_bytes)
}

/// Reads to the end, through the decompressor that the first bytes call for, and one byte beyond the limit at
/// most. What was inflated before a stream broke is kept.
fn inflated(mut from: &mut dyn Read, max_bytes: u64) -> std::io::Result<Content> {
    let mut magic = Vec::new();
    Read::take(&mut from, 4).read_to_end(&mut magic)?;
    let (gzip, zstd) = (magic.starts_with(&[0x1f, 0x8b]), magic == [0x28, 0xb5, 0x2f, 0xfd]);
    let whole = std::io::Cursor::new(magic).chain(from);
    let limit = max_bytes.saturating_add(1);
    let mut bytes = Vec::new();
    let broken = if gzip {
        flate2::read::MultiGzDecoder::new(whole).take(limit).read_to_end(&mut bytes).err()
    } else if zstd {
        zstd::Decoder::new(whole)?.take(limit).read_to_end(&mut bytes).err()
    } else {
        whole.take(limit).read_to_end(&mut bytes)?;
        None
    };
    Ok(Content { bytes, broken })
}
