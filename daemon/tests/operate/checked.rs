//! `pointsman check-config`: all faults at once, and the configuration in effect.

use super::Folder;
use super::support::{Run, command};

fn check(folder: &Folder, arguments: &[&str], environment: &[(&str, &str)]) -> Run {
    let mut command = command(&folder.db());
    let output =
        command.arg("check-config").args(arguments).envs(environment.iter().copied()).output().unwrap();
    assert!(!folder.db().exists(), "checking opens no database");
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn every_fault_of_file_environment_flags_and_named_files_is_told_at_once() {
    let folder = Folder::new();
    let policies = folder.write("policies.toml", "[[policy]]\nkeep = \"route\"\n");
    let tokens = folder.write("tokens", "shop short\n");
    let config = folder.write(
        "pointsman.toml",
        &format!(
            "[serve]\nlistne = \"off\"\n[otlp]\ntls_certificate = \"certificate.pem\"\ntokens_file = \"{tokens}\"\n\
             [recommendations]\npolicy_file = \"{policies}\"\n[[reports.webhook]]\nname = \"chat\"\n\
             url = \"https://example.com/secret\"\nsecret_file = \"no-such-secret\"\n[logs]\nlevel = \"pointsman=loud\"\n"
        ),
    );
    let arguments = [
        "--config",
        &config,
        "--listen",
        "0.0.0.0:1",
        "--otlp-endpoint",
        "http://127.0.0.1:4318",
        "--otlp-grpc",
        "here",
    ];
    let environment = [
        ("POINTSMAN_OTLP__IDLE_TIMEOUT_S", "long"),
        ("POINTSMAN_HASH_SECRET_FILE", "no-such-file"),
        ("POINTSMAN_RETENTION__INTERVAL_S", "0"),
    ];
    let run = check(&folder, &arguments, &environment);
    let told: Vec<&str> = run.err.lines().collect();
    for fault in [
        "pointsman.toml: serve.listne: unknown field",
        "in the environment: POINTSMAN_OTLP__IDLE_TIMEOUT_S (otlp.idle_timeout_s): invalid type",
        "policies.toml: policy 1: handlers is missing",
        "policies.toml: policy 1: reason is missing",
        "serve.otlp_grpc = here: not a valid address",
        "retention.interval_s = 0",
        "logs.level = pointsman=loud",
        "telemetry.otlp_endpoint: this daemon itself listens on 127.0.0.1:4318",
        "the TLS certificate has no key",
        "line 1: the token has fewer than 16 characters",
        "--listen 0.0.0.0:1: other machines reach this address",
        "the secret no-such-file that --hash-secret-file",
        "the webhook chat in [reports]",
    ] {
        assert!(told.iter().any(|line| line.contains(fault)), "{fault}\n{}", run.err);
    }
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    assert!(!run.err.contains("example.com/secret") && !run.err.contains("short\n"), "{}", run.err);
}

#[test]
fn what_is_in_effect_is_printed_and_flags_win_over_environment_over_file() {
    let folder = Folder::new();
    let secret = folder.write("secret", "a secret that nobody sees\n");
    let config = folder.write(
        "pointsman.toml",
        "[serve]\nlisten = \"127.0.0.1:1\"\notlp_grpc = \"127.0.0.1:2\"\notlp_http = \"127.0.0.1:3\"\n\
         [[reports.webhook]]\nname = \"chat\"\nurl = \"https://example.com/hidden\"\n",
    );
    let arguments = ["--config", &config, "--listen", "127.0.0.1:7", "--print"];
    let environment = [
        ("POINTSMAN_SERVE__LISTEN", "127.0.0.1:5"),
        ("POINTSMAN_SERVE__OTLP_GRPC", "127.0.0.1:6"),
        ("POINTSMAN_LISTEN", "127.0.0.1:4"),
        ("POINTSMAN_HASH_SECRET_FILE", &secret),
        ("POINTSMAN_OTLP_TOKENS", "shop 0123456789abcdef"),
    ];
    let run = check(&folder, &arguments, &environment);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let printed: toml::Table = toml::from_str(&run.out).unwrap();
    let serve = |key: &str| printed["serve"][key].as_str().unwrap();
    assert_eq!(
        [serve("listen"), serve("otlp_grpc"), serve("otlp_http")],
        ["127.0.0.1:7", "127.0.0.1:6", "127.0.0.1:3"]
    );
    assert_eq!(printed["otlp"]["hash_secret_file"].as_str(), Some(secret.as_str()));
    for hidden in ["nobody sees", "0123456789abcdef", "example.com"] {
        assert!(!run.out.contains(hidden), "{}", run.out);
    }
    let run = check(&folder, &[], &[]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), "the configuration is without faults\n"));
}

#[test]
fn old_names_still_work_and_are_reported() {
    let folder = Folder::new();
    let config = folder.write("pointsman.toml", "[serve]\nlisten = \"0.0.0.0:1\"\nstop_within_s = 7\n");
    let arguments = ["--config", &config, "--print", "--let-anyone-in"];
    let run = check(&folder, &arguments, &[("POINTSMAN_OTLP__IDLE_S", "300")]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for line in ["shutdown_timeout_s = 7", "idle_timeout_s = 300", "allow_anonymous = true"] {
        assert!(run.out.lines().any(|told| told == line), "{line}: {}", run.out);
    }
    for old in [
        "warning: serve.stop_within_s was renamed to serve.shutdown_timeout_s",
        "warning: POINTSMAN_OTLP__IDLE_S was renamed to POINTSMAN_OTLP__IDLE_TIMEOUT_S",
        "warning: --let-anyone-in (POINTSMAN_LET_ANYONE_IN) was renamed to --allow-anonymous",
    ] {
        assert!(run.err.contains(old), "{old}: {}", run.err);
    }
}
