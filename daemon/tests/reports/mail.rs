//! Reports as e-mail, over real sockets and real TLS: a mail server of a few lines takes them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pointsman_store::DeliveryState;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{pointsman, wait_for};
use crate::{CART, World, metric, ten_minutes_ago};

const PASSWORD: &str = "correct horse battery staple";

/// How a connection becomes encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Encryption {
    None,
    Starttls,
    Tls,
}

/// What the server was told.
#[derive(Clone, Default, Debug)]
struct Received {
    encrypted: bool,
    signed_in_as: Option<String>,
    from: String,
    to: Vec<String>,
    message: String,
}

struct Server {
    address: SocketAddr,
    authority: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// `refuses` is a recipient that does not exist.
    fn start(encryption: Encryption, refuses: &'static str) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let (config, authority) = (Arc::new(config), made.cert.pem());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let kept = Arc::clone(&received);
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let config = Arc::clone(&config);
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || {
                    if let Some(one) = serve(connection, encryption, &config, refuses) {
                        kept.lock().unwrap().push(one);
                    }
                });
            }
        });
        Self { address, authority, received }
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn serve(
    connection: TcpStream,
    encryption: Encryption,
    config: &Arc<ServerConfig>,
    refuses: &str,
) -> Option<Received> {
    connection.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let encrypted = |plain| Some(StreamOwned::new(ServerConnection::new(Arc::clone(config)).ok()?, plain));
    let mut known = Received::default();
    match encryption {
        Encryption::Tls => {
            known.encrypted = true;
            let mut stream = encrypted(connection)?;
            say(&mut stream, "220 mail")?;
            talk(&mut stream, &mut known, refuses, false)?;
        }
        Encryption::None => {
            let mut stream = connection;
            say(&mut stream, "220 mail")?;
            talk(&mut stream, &mut known, refuses, false)?;
        }
        Encryption::Starttls => {
            let mut plain = connection;
            say(&mut plain, "220 mail")?;
            talk(&mut plain, &mut known, refuses, true)?;
            known.encrypted = true;
            let mut stream = encrypted(plain)?;
            talk(&mut stream, &mut known, refuses, false)?;
        }
    }
    (!known.message.is_empty()).then_some(known)
}

fn say(stream: &mut impl Write, line: &str) -> Option<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).ok()?;
    stream.flush().ok()
}

fn line(stream: &mut impl Read) -> Option<String> {
    let mut line = Vec::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        line.push(byte[0]);
        if line.ends_with(b"\r\n") {
            line.truncate(line.len() - 2);
            return String::from_utf8(line).ok();
        }
    }
}

/// Answers commands until the end, or until STARTTLS.
fn talk(stream: &mut (impl Read + Write), known: &mut Received, refuses: &str, starttls: bool) -> Option<()> {
    while let Some(command) = line(stream) {
        let upper = command.to_ascii_uppercase();
        if upper.starts_with("EHLO") {
            let more = if starttls { "250 STARTTLS" } else { "250 AUTH PLAIN LOGIN" };
            say(stream, "250-mail")?;
            say(stream, "250-8BITMIME")?;
            say(stream, more)?;
        } else if upper == "STARTTLS" {
            return say(stream, "220 go ahead");
        } else if let Some(secret) = command.strip_prefix("AUTH PLAIN ") {
            let text = String::from_utf8(BASE64_STANDARD.decode(secret).ok()?).ok()?;
            let [_, user, password] = text.split('\0').collect::<Vec<_>>().try_into().ok()?;
            let is_right = password == PASSWORD;
            known.signed_in_as = is_right.then(|| user.to_owned());
            say(stream, if is_right { "235 welcome" } else { "535 no" })?;
        } else if let Some(from) = command.strip_prefix("MAIL FROM:") {
            from.clone_into(&mut known.from);
            say(stream, "250 ok")?;
        } else if let Some(to) = command.strip_prefix("RCPT TO:") {
            if !refuses.is_empty() && to.contains(refuses) {
                say(stream, &format!("550 no mailbox {to}"))?;
            } else {
                known.to.push(to.to_owned());
                say(stream, "250 ok")?;
            }
        } else if upper == "DATA" {
            say(stream, "354 end with a dot")?;
            loop {
                match line(stream)?.as_str() {
                    "." => break,
                    text => known.message += &format!("{}\n", text.strip_prefix('.').unwrap_or(text)),
                }
            }
            say(stream, "250 taken")?;
        } else if upper == "QUIT" {
            say(stream, "221 bye")?;
            return Some(());
        } else {
            say(stream, "250 ok")?;
        }
    }
    Some(())
}

/// The parts of a message as they read, without their encoding.
fn decoded(message: &str) -> String {
    let joined = message.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let [first, more @ ..] = rest {
        let hex = more
            .get(..2)
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        match (first, hex) {
            (b'=', Some(byte)) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn target(world: &World, server: &Server, encryption: Encryption, to: &str) -> String {
    std::fs::write(world.path("password"), PASSWORD.to_owned() + "\n").unwrap();
    std::fs::write(world.path("authority.pem"), &server.authority).unwrap();
    let port = server.address.port();
    let tls = match encryption {
        Encryption::None => "none",
        Encryption::Starttls => "starttls",
        Encryption::Tls => "tls",
    };
    let mut text = format!(
        "[[reports.email]]\nname = \"team\"\nserver = \"localhost\"\nport = {port}\ntls = \"{tls}\"\n\
         from = \"Pointsman <pointsman@example.com>\"\nto = [\"Team <team@example.com>\", \"{to}\"]\n"
    );
    if encryption != Encryption::None {
        text += &format!(
            "ca_file = {:?}\nusername = \"pointsman\"\npassword_file = {:?}\n",
            world.path("authority.pem"),
            world.path("password")
        );
    }
    text
}

#[test]
fn a_report_is_mailed_encrypted_or_on_this_machine() {
    for encryption in [Encryption::Starttls, Encryption::Tls, Encryption::None] {
        let world = World::new(CART, None);
        let server = Server::start(encryption, "");
        let link = "pages_url = \"https://pointsman.example.com/\"\ntime_zone = \"Europe/Paris\"\n";
        let daemon = world
            .daemon(&(ten_minutes_ago() + link + &target(&world, &server, encryption, "lead@example.com")));
        let mail = wait_for("the mail", || server.received().pop());
        assert_eq!(mail.encrypted, encryption != Encryption::None, "{encryption:?}");
        assert_eq!(mail.signed_in_as.as_deref(), (encryption != Encryption::None).then_some("pointsman"));
        assert!(mail.from.contains("pointsman@example.com"), "{}", mail.from);
        assert_eq!(mail.to.len(), 2, "{:?}", mail.to);
        let text = decoded(&mail.message);
        for part in [
            "Subject: Pointsman: shop (production): 1 change would save",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "Auto-Submitted: auto-generated",
            "Turn POST /api/cart into a server action",
            "https://pointsman.example.com/changes/c",
            "https://pointsman.example.com/?service=shop&environment=production",
        ] {
            assert!(text.contains(part), "{encryption:?}: {part} is not in\n{text}");
        }
        let delivered = "pointsman_report_deliveries_total{outcome=\"delivered\",target=\"team\"}";
        wait_for("the count", || (metric(&daemon, delivered) == 1).then_some(()));
        let log = daemon.terminate_and_log();
        assert!(!log.contains("example.com") && !log.contains(PASSWORD), "{log}");
    }
}

/// Sends a form or JSON as the daemon's own pages do.
fn post(pages: SocketAddr, path: &str, media_type: &str, body: &str) -> u16 {
    let mut connection = TcpStream::connect(pages).unwrap();
    write!(
        connection,
        "POST {path} HTTP/1.1\r\nhost: {pages}\r\norigin: http://{pages}\r\nconnection: close\r\ncontent-type: {media_type}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn a_change_is_the_same_by_the_mails_link_on_its_page_by_the_command_and_over_the_api() {
    let world = World::new(CART, None);
    let server = Server::start(Encryption::None, "");
    let link = "link = \"https://pointsman.example.com/\"\n";
    let often = "[serve]\nadvice_interval_s = 1\n";
    let daemon = world.daemon(
        &(ten_minutes_ago() + link + &target(&world, &server, Encryption::None, "lead@example.com") + often),
    );
    let mail = decoded(&wait_for("the mail", || server.received().pop()).message);
    let place = "https://pointsman.example.com/changes/";
    let id = mail.split(place).nth(1).unwrap_or_else(|| panic!("no link in\n{mail}"));
    let id: String = id.chars().take_while(char::is_ascii_alphanumeric).collect();

    let page = daemon.get(&format!("/changes/{id}"));
    let form = format!("/changes/{id}/decision");
    assert!(page.status == 200 && page.body.contains(&format!("action=\"{form}\"")), "{}", page.body);
    let shown = |state: &str| {
        wait_for(state, || {
            let change = daemon.get(&format!("/api/v1/changes/{id}")).json();
            (change["state"] == state).then_some(change)
        })
    };
    let proposed = shown("proposed");
    assert_eq!(post(daemon.pages, &form, "application/x-www-form-urlencoded", "decision=accept"), 303);
    shown("accepted");

    let dismissed = pointsman(&world.db, ["dismiss", &id, "--reason", "the cart is rewritten next month"]);
    assert_eq!((dismissed.code, dismissed.err.as_str()), (Some(0), ""));
    shown("dismissed");

    // By the id of its handler, too.
    let handler = proposed["handlers"][0].as_str().unwrap();
    for name in [handler, &id] {
        let decisions = format!("/api/v1/changes/{name}/decisions");
        assert_eq!(
            post(daemon.pages, &decisions, "application/json", "{\"decision\":\"accept\"}"),
            200,
            "{name}"
        );
    }
    let accepted = shown("accepted");
    let steps = accepted["history"].as_array().unwrap();
    let states: Vec<&str> = steps.iter().filter_map(|step| step["to"].as_str()).collect();
    assert_eq!(states, ["proposed", "accepted", "dismissed", "accepted"]);
    let all = daemon.get("/api/v1/changes").json();
    assert_eq!(all["changes"].as_array().map(Vec::len), Some(1), "{all}");
    for field in ["title", "handlers", "benefit"] {
        assert_eq!(accepted[field], proposed[field], "{field}");
    }
}

#[test]
fn a_recipient_who_does_not_exist_is_not_tried_again_and_an_unknown_server_is_not_trusted() {
    let world = World::new(CART, None);
    let server = Server::start(Encryption::Starttls, "nobody");
    let daemon = world
        .daemon(&(ten_minutes_ago() + &target(&world, &server, Encryption::Starttls, "nobody@example.com")));
    let [kept] =
        wait_for("a report", || Some(world.kept()).filter(|kept| !kept.is_empty())).try_into().unwrap();
    let [given_up] = world.delivered(&kept.key).try_into().unwrap();
    assert_eq!((given_up.state, given_up.attempts), (DeliveryState::GivenUp, 1));
    let log = daemon.terminate_and_log();
    assert!(log.contains("550") && !log.contains("nobody@"), "{log}");

    // Its certificate is signed by nobody who is known here.
    let world = World::new(CART, None);
    let server = Server::start(Encryption::Starttls, "");
    let config = target(&world, &server, Encryption::Starttls, "lead@example.com");
    let config: String =
        config.lines().filter(|line| !line.starts_with("ca_file")).map(|line| format!("{line}\n")).collect();
    let daemon = world.daemon(&(ten_minutes_ago() + &config));
    let failed = "pointsman_report_deliveries_total{outcome=\"failed\",target=\"team\"}";
    wait_for("the failure", || (metric(&daemon, failed) >= 1).then_some(()));
    assert!(server.received().is_empty());
    assert!(!daemon.terminate_and_log().contains(PASSWORD));
}

#[test]
#[ignore = "it needs Python's aiosmtpd: make test-mail"]
fn a_mail_server_of_others_takes_it() {
    let folder = std::env::var("MAIL_SERVER").unwrap_or_else(|_| panic!("make test-mail sets MAIL_SERVER"));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let world = World::new(CART, None);
    let (authority, key) = (world.path("authority.pem"), world.path("key.pem"));
    std::fs::write(&authority, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    std::fs::write(world.path("password"), PASSWORD).unwrap();
    let script = crate::support::workspace().join("daemon/tests/reports/python/server.py");
    let mut server = Command::new(format!("{folder}/bin/python"))
        .arg(script)
        .args([&authority, &key])
        .arg(PASSWORD)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
    let port = said.next().unwrap();
    let daemon = world.daemon(&(ten_minutes_ago()
        + &format!(
            "[[reports.email]]\nname = \"team\"\nserver = \"localhost\"\nport = {port}\nusername = \"pointsman\"\n\
             password_file = {:?}\nca_file = {authority:?}\nfrom = \"pointsman@example.com\"\nto = [\"team@example.com\"]\n",
            world.path("password")
        )));
    let told: serde_json::Value = serde_json::from_str(&said.next().unwrap()).unwrap();
    drop(daemon);
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!((&told["encrypted"], &told["to"]), (&true.into(), &serde_json::json!(["team@example.com"])));
    let message = BASE64_STANDARD.decode(told["message"].as_str().unwrap()).unwrap();
    let text = decoded(&String::from_utf8(message).unwrap().replace("\r\n", "\n"));
    assert!(text.contains("Turn POST /api/cart into a server action"), "{text}");
}
