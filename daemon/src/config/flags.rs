//! Flags of `serve`, and the environment variables that stand for them: which key of the configuration each one sets. They
//! win over everything else.

use super::Config;
use super::renamed::OLD_FLAG;
use crate::cli::ServeOptions;

/// Flags and the keys that they set, for the reference.
#[cfg(test)]
pub(super) const FLAGS: [(&str, &str); 15] = [
    ("otlp_grpc", "serve.otlp_grpc"),
    ("otlp_http", "serve.otlp_http"),
    ("listen", "serve.listen"),
    ("otlp_tls_certificate", "otlp.tls_certificate"),
    ("otlp_tls_key", "otlp.tls_key"),
    ("otlp_tls_client_ca", "otlp.tls_client_ca"),
    ("otlp_tokens_file", "otlp.tokens_file"),
    ("hash_secret_file", "otlp.hash_secret_file"),
    ("pages_tokens_file", "pages.tokens_file"),
    ("allow_anonymous", "pages.allow_anonymous"),
    ("metrics_listen", "pages.metrics_listen"),
    ("metrics_tokens_file", "pages.metrics_tokens_file"),
    ("log_format", "logs.format"),
    ("log_level", "logs.level"),
    ("otlp_endpoint", "telemetry.otlp_endpoint"),
];

/// Flags and environment win over the file.
pub(super) fn prefer(options: ServeOptions, config: &mut Config) {
    let ServeOptions { otlp_grpc, otlp_http, listen, access, pages, logs } = options;
    for (given, setting) in [
        (otlp_grpc, &mut config.serve.otlp_grpc),
        (otlp_http, &mut config.serve.otlp_http),
        (listen, &mut config.serve.listen),
        (pages.metrics_listen, &mut config.pages.metrics_listen),
        (logs.log_level, &mut config.logs.level),
    ] {
        if let Some(given) = given {
            *setting = given;
        }
    }
    for (given, setting) in [
        (access.otlp_tls_certificate, &mut config.otlp.tls_certificate),
        (access.otlp_tls_key, &mut config.otlp.tls_key),
        (access.otlp_tls_client_ca, &mut config.otlp.tls_client_ca),
        (access.otlp_tokens_file, &mut config.otlp.tokens_file),
        (access.hash_secret_file, &mut config.otlp.hash_secret_file),
        (pages.pages_tokens_file, &mut config.pages.tokens_file),
        (pages.metrics_tokens_file, &mut config.pages.metrics_tokens_file),
    ] {
        if given.is_some() {
            *setting = given;
        }
    }
    config.pages.allow_anonymous |= pages.allow_anonymous || pages.let_anyone_in;
    config.old_names.extend(pages.let_anyone_in.then(|| OLD_FLAG.to_owned()));
    if let Some(format) = logs.log_format {
        config.logs.format = format;
    }
    if logs.otlp_endpoint.is_some() {
        config.telemetry.otlp_endpoint = logs.otlp_endpoint;
    }
}
