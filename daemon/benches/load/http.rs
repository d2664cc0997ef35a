//! The least that sends OTLP over HTTP/1.1: one connection kept open, one request at a time.

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Answer, Compression, Encoding};

pub(crate) struct Http {
    connection: TcpStream,
    head: String,
    received: Vec<u8>,
}

impl Http {
    pub(crate) async fn connect(
        to: SocketAddr,
        encoding: Encoding,
        compression: Compression,
    ) -> anyhow::Result<Self> {
        let connection = TcpStream::connect(to).await.with_context(|| format!("cannot connect to {to}"))?;
        connection.set_nodelay(true)?;
        let media = if encoding == Encoding::Json { "application/json" } else { "application/x-protobuf" };
        let compressed =
            compression.header().map_or_else(String::new, |name| format!("content-encoding: {name}\r\n"));
        let head = format!("POST /v1/traces HTTP/1.1\r\nhost: {to}\r\ncontent-type: {media}\r\n{compressed}");
        Ok(Self { connection, head, received: Vec::new() })
    }

    pub(crate) async fn send(&mut self, body: &[u8]) -> anyhow::Result<Answer> {
        let head = format!("{}content-length: {}\r\n\r\n", self.head, body.len());
        self.connection.write_all(head.as_bytes()).await?;
        self.connection.write_all(body).await?;
        self.received.clear();
        let head_ends = loop {
            if let Some(at) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.receive().await?;
        };
        let head = std::str::from_utf8(&self.received[..head_ends])?.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.context("an answer without a length")?.trim().parse()?;
        while self.received.len() < head_ends + length {
            self.receive().await?;
        }
        match head.split(' ').nth(1) {
            Some("200") => Ok(Answer::Kept),
            Some("429" | "503") => Ok(Answer::Later),
            _ => bail!("the receiver answered {}", String::from_utf8_lossy(&self.received)),
        }
    }

    async fn receive(&mut self) -> anyhow::Result<()> {
        let count = self.connection.read_buf(&mut self.received).await?;
        ensure!(count > 0, "the receiver closed the connection");
        Ok(())
    }
}
