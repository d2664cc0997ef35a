//! Reports as e-mail: one message to all recipients, as text and as HTML, over a connection that is encrypted from its first
//! byte or after STARTTLS. Neither the password nor the recipients reach logs or errors.

use std::time::Duration;

use anyhow::Context;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use pointsman_store::KeptReport;

use super::target::Outcome;
use super::webhook::delivery;
use crate::advise::read;
use crate::config::{self, Encryption, secrets};
use crate::render::{self, Audience};

/// A mail server, and who gets reports from it.
pub(super) struct Email {
    name: String,
    from: Mailbox,
    to: Vec<Mailbox>,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    timeout: Duration,
    audience: Audience,
}

impl Email {
    /// Reads its password and its certificates.
    pub(super) fn new(of: &config::Email, audience: Audience) -> anyhow::Result<Self> {
        let context = || format!("the e-mail target {} in [reports]", of.name);
        let timeout = Duration::from_secs(of.timeout_s);
        let transport = transport(of, timeout).with_context(context)?;
        let mailbox =
            |text: &String| text.parse::<Mailbox>().map_err(|_| anyhow::anyhow!("an address cannot be read"));
        let from = mailbox(&of.from).with_context(context)?;
        let to = of.to.iter().map(mailbox).collect::<anyhow::Result<_>>().with_context(context)?;
        Ok(Self { name: of.name.clone(), from, to, transport, timeout, audience })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends a report once.
    pub(super) async fn send(&self, kept: &KeptReport) -> Outcome {
        let message = match self.message(kept) {
            Ok(message) => message,
            Err(error) => return Outcome::Refused(format!("{error:#}")),
        };
        match tokio::time::timeout(self.timeout, self.transport.send(message)).await {
            Ok(Ok(_)) => Outcome::Delivered,
            Ok(Err(error)) if error.is_permanent() => Outcome::Refused(self.said(&error)),
            Ok(Err(error)) => Outcome::Later(self.said(&error), None),
            Err(_) => Outcome::Later(format!("no answer within {} s", self.timeout.as_secs()), None),
        }
    }

    fn message(&self, kept: &KeptReport) -> anyhow::Result<Message> {
        let report = read(kept)?;
        let mail = render::mail::of(&report, &self.audience)?;
        let id = format!("<{}@{}>", delivery(&self.name, &kept.key), self.from.email.domain());
        let mut message =
            Message::builder().from(self.from.clone()).subject(mail.subject).message_id(Some(id));
        for to in &self.to {
            message = message.to(to.clone());
        }
        let message = message.header(AutoSubmitted);
        message
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .context("the message cannot be built")
    }

    /// What went wrong, without addresses: servers like to repeat them.
    fn said(&self, error: &lettre::transport::smtp::Error) -> String {
        let mut text = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            text += &format!(": {cause}");
            source = cause.source();
        }
        let words = text.split_whitespace().map(|word| if word.contains('@') { "…" } else { word });
        render::safe::terminal(&words.collect::<Vec<_>>().join(" "))
    }
}

fn transport(of: &config::Email, timeout: Duration) -> anyhow::Result<AsyncSmtpTransport<Tokio1Executor>> {
    // There can be one of a process; it may be installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let parameters = || -> anyhow::Result<TlsParameters> {
        let mut builder = TlsParameters::builder(of.server.clone());
        if let Some(path) = &of.ca_file {
            let name = path.display();
            let pem = std::fs::read(path).with_context(|| format!("cannot read its ca_file {name}"))?;
            let authority = Certificate::from_pem(&pem)
                .with_context(|| format!("its ca_file {name} holds no certificate (PEM)"))?;
            builder = builder.certificate_store(CertificateStore::None).add_root_certificate(authority);
        }
        builder.build_rustls().context("TLS cannot be set up")
    };
    let tls = match of.tls {
        Encryption::Starttls => Tls::Required(parameters()?),
        Encryption::Tls => Tls::Wrapper(parameters()?),
        Encryption::None => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(of.server.clone())
        .port(of.port())
        .tls(tls)
        .timeout(Some(timeout));
    if let Some(user) = &of.username {
        let path = of.password_file.as_deref().context("password_file is missing")?;
        builder =
            builder.credentials(Credentials::new(user.clone(), secrets::password(path, "password_file")?));
    }
    Ok(builder.build())
}

/// That nobody wrote it: no out-of-office notice is to answer. Source: RFC 3834, section 5.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
