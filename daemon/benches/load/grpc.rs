//! The least that sends OTLP over gRPC: one HTTP/2 connection, one call at a time.

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use h2::client::SendRequest;
use tokio::net::TcpStream;

use super::{Answer, Compression};

/// Bytes before a message: whether it is compressed, and its length.
pub(crate) const PREFIX: usize = 5;
/// gRPC's `OK`: all of it is kept.
const OK: &[u8] = b"0";
/// gRPC's `UNAVAILABLE`: send it again. `RESOURCE_EXHAUSTED` would not get better by that.
const UNAVAILABLE: &[u8] = b"14";

pub(crate) struct Grpc {
    connection: SendRequest<Bytes>,
    to: SocketAddr,
    compression: Compression,
}

impl Grpc {
    pub(crate) async fn connect(to: SocketAddr, compression: Compression) -> anyhow::Result<Self> {
        let connection = TcpStream::connect(to).await.with_context(|| format!("cannot connect to {to}"))?;
        connection.set_nodelay(true)?;
        let (sender, connection) = h2::client::handshake(connection).await?;
        // Its error reaches the request that runs on it.
        tokio::spawn(async { connection.await.ok() });
        Ok(Self { connection: sender, to, compression })
    }

    /// Sends a message that has room for its prefix before it.
    pub(crate) async fn send(&mut self, mut message: Vec<u8>) -> anyhow::Result<Answer> {
        let length = u32::try_from(message.len() - PREFIX)?;
        message[0] = u8::from(self.compression != Compression::None);
        message[1..PREFIX].copy_from_slice(&length.to_be_bytes());
        let uri = format!("http://{}/opentelemetry.proto.collector.trace.v1.TraceService/Export", self.to);
        let mut request =
            http::Request::post(uri).header("content-type", "application/grpc").header("te", "trailers");
        if let Some(name) = self.compression.header() {
            request = request.header("grpc-encoding", name);
        }
        let mut sender = self.connection.clone().ready().await?;
        let (answer, mut body) = sender.send_request(request.body(())?, false)?;
        body.send_data(message.into(), true)?;
        let (head, mut body) = answer.await?.into_parts();
        ensure!(head.status == 200, "the receiver answered {}", head.status);
        while let Some(data) = body.data().await {
            let data = data?;
            body.flow_control().release_capacity(data.len())?;
        }
        let trailers = body.trailers().await?.unwrap_or(head.headers);
        match trailers.get("grpc-status").map(|status| status.as_bytes()) {
            Some(OK) => Ok(Answer::Kept),
            Some(UNAVAILABLE) => Ok(Answer::Later),
            _ => bail!("the receiver answered {trailers:?}"),
        }
    }
}
