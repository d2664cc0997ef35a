//! Between an agent on standard input and output and `/mcp` of a running daemon: each line is one POST, and its answer one line.
//! Both speak the same protocol, so messages pass as they are; only what HTTP wants in headers is taken from them.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::LONGEST_LINE;
use crate::config::secrets;
use crate::render::safe;

/// A daemon gives up an answer after 60 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(70);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// A larger answer is none of a daemon, bytes.
const LARGEST_ANSWER: usize = 4 << 20;
/// The variable that holds the token.
const TOKEN_VARIABLE: &str = "POINTSMAN_MCP_TOKEN";
/// The error of JSON-RPC for what is wrong with a server.
const INTERNAL_ERROR: i32 = -32603;

/// Where messages go.
struct Bridge {
    client: Client,
    url: Url,
    token: Option<HeaderValue>,
    /// What `initialize` agreed on; later protocols say it in each message.
    agreed: Option<String>,
}

/// Passes messages on until the agent closes its end.
pub(super) async fn run(url: &str, token_file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let mut bridge = Bridge::new(url, token(token_file)?)?;
    let mut lines = BufReader::new(tokio::io::stdin());
    let mut out = tokio::io::stdout();
    loop {
        let mut line = Vec::new();
        let most = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX);
        let read = (&mut lines).take(most).read_until(b'\n', &mut line).await;
        if read.context("cannot read from the agent")? == 0 {
            return Ok(ExitCode::SUCCESS);
        }
        anyhow::ensure!(
            line.len() < LONGEST_LINE,
            "the agent sent a message of more than {} KiB",
            LONGEST_LINE >> 10
        );
        if line.trim_ascii().is_empty() {
            continue;
        }
        if let Some(answer) = bridge.pass(&line).await {
            let mut answer = serde_json::to_vec(&answer).context("an answer cannot be written")?;
            answer.push(b'\n');
            out.write_all(&answer).await.context("cannot write to the agent")?;
            out.flush().await.context("cannot write to the agent")?;
        }
    }
}

fn token(file: Option<&Path>) -> anyhow::Result<Option<HeaderValue>> {
    let token = match file {
        Some(file) => Some(secrets::token(file, "--token-file")?),
        None => std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty()),
    };
    let header = token.map(|token| HeaderValue::from_str(&format!("Bearer {token}")));
    let mut header = header.transpose().context("the token is not one line of ASCII")?;
    header.iter_mut().for_each(|header| header.set_sensitive(true));
    Ok(header)
}

impl Bridge {
    fn new(url: &str, token: Option<HeaderValue>) -> anyhow::Result<Self> {
        let fault = || format!("--url {}: write it as http://127.0.0.1:4400", safe::terminal(url));
        let mut url: Url = url.parse().map_err(anyhow::Error::msg).with_context(fault)?;
        anyhow::ensure!(matches!(url.scheme(), "http" | "https") && url.has_host(), fault());
        if !url.path().ends_with("/mcp") {
            let path = format!("{}/mcp", url.path().trim_end_matches('/'));
            url.set_path(&path);
        }
        // There can be one of a process; it may be installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(ANSWER_WITHIN)
            .connect_timeout(CONNECT_WITHIN)
            .user_agent(concat!("pointsman/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("cannot speak HTTP")?;
        Ok(Self { client, url, token, agreed: None })
    }

    /// The answer to a message; nothing for one that wants none.
    async fn pass(&mut self, line: &[u8]) -> Option<Value> {
        let message: Value = match serde_json::from_slice(line) {
            Ok(message) => message,
            Err(_) => return Some(error(&Value::Null, "this is not a message in JSON")),
        };
        let id = message.get("id").cloned();
        let answer = self.answer(&message, line.to_vec()).await;
        match (answer, id) {
            (Ok(answer), _) => {
                if message["method"] == "initialize" {
                    self.agreed = answer
                        .as_ref()
                        .and_then(|it| it["result"]["protocolVersion"].as_str())
                        .map(str::to_owned);
                }
                answer
            }
            (Err(why), Some(id)) => Some(error(&id, &why)),
            (Err(why), None) => {
                eprintln!("pointsman: {why}");
                None
            }
        }
    }

    async fn answer(&self, message: &Value, line: Vec<u8>) -> Result<Option<Value>, String> {
        let mut request = self.client.post(self.url.clone()).headers(self.headers(message)).body(line);
        if let Some(token) = &self.token {
            request = request.header("authorization", token.clone());
        }
        let unreachable = |error: reqwest::Error| {
            format!(
                "{} does not answer: {}. Is `pointsman serve` running there?",
                self.shown_url(),
                error.without_url()
            )
        };
        let mut answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&piece);
            if body.len() > LARGEST_ANSWER {
                return Err(format!("{} gave an answer that is too large", self.shown_url()));
            }
        }
        if status == StatusCode::ACCEPTED {
            return Ok(None);
        }
        let value: Option<Value> = serde_json::from_slice(&body).ok();
        // Errors of the protocol itself come with statuses of their own.
        match value {
            Some(value) if value.get("jsonrpc").is_some() => Ok(Some(value)),
            value => Err(self.refused(status, value.as_ref())),
        }
    }

    fn refused(&self, status: StatusCode, problem: Option<&Value>) -> String {
        let detail = problem
            .and_then(|problem| problem["detail"].as_str())
            .unwrap_or("it is no Pointsman of this version");
        let token = if status == StatusCode::UNAUTHORIZED {
            format!(" Set {TOKEN_VARIABLE} or --token-file.")
        } else {
            String::new()
        };
        format!("{} says {}: {}.{token}", self.shown_url(), status.as_u16(), safe::sentence(detail))
    }

    /// Without what may be a secret in it.
    fn shown_url(&self) -> String {
        format!("{}://{}", self.url.scheme(), self.url.host_str().unwrap_or_default())
            + &self.url.port().map_or_else(String::new, |port| format!(":{port}"))
    }

    /// What streamable HTTP wants in headers: the version, and of later protocols the method and what it is about.
    fn headers(&self, message: &Value) -> HeaderMap {
        let meta = &message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
        let method = message["method"].as_str();
        let about = match method {
            Some("tools/call" | "prompts/get") => message["params"]["name"].as_str(),
            Some("resources/read") => message["params"]["uri"].as_str(),
            _ => None,
        };
        let version = meta.as_str().or(self.agreed.as_deref());
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", Some("application/json")),
            ("accept", Some("application/json, text/event-stream")),
            ("mcp-protocol-version", version),
            ("mcp-method", method),
            ("mcp-name", about),
        ] {
            if let Some(value) = value.and_then(header_value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        headers
    }
}

/// Text that no header can hold travels in base64, as the protocol wants it.
fn header_value(text: &str) -> Option<HeaderValue> {
    let is_plain = text.trim() == text && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_plain && !text.starts_with("=?base64?") {
        return HeaderValue::from_str(text).ok();
    }
    HeaderValue::from_str(&format!("=?base64?{}?=", BASE64_STANDARD.encode(text))).ok()
}

fn error(id: &Value, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": INTERNAL_ERROR, "message": message } })
}
