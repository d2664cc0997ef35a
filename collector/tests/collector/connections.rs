//! How many connections there may be and how long they may be silent, on both receivers.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use pointsman_collector::receive::access::{Access, Tokens};
use pointsman_collector::receive::{Listener, Protocol, grpc, http};
use prost::Message;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::certificates::{Authority, Files, answer, ask};
use crate::spans::{one, request, route_call};
use crate::world::World;

async fn http_at(world: &World, access: Access) -> String {
    let url = world.http_with(http::Settings { access, ..http::Settings::default() }).await;
    url.strip_prefix("http://").unwrap().to_owned()
}

async fn grpc_at(world: &World, access: Access) -> String {
    world.grpc_with(grpc::Settings { access, ..grpc::Settings::default() }).await
}

/// Waits until so many connections are open.
async fn open(world: &World, protocol: &str, connections: f64) {
    while world.metric("connections", protocol) != connections {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A request that is answered only when the file is unlocked: its connection is in use.
async fn in_use(address: &str, trace: u64) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let body = one(trace).encode_to_vec();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
    socket
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_and_counted() {
    let world = World::new().await;
    let access = Access { max_connections: 2, ..Access::default() };
    let address = http_at(&world, access.clone()).await;
    let lock = world.lock().await;
    let mut first = in_use(&address, 1).await;
    let _second = in_use(&address, 2).await;
    while world.metric("queue_bytes", "") < 2_048.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut third = TcpStream::connect(&address).await.unwrap();
    assert_eq!(answer(&mut third).await.unwrap_or_default(), "");
    assert_eq!(world.metric("connections_refused_total", "http"), 1.0);
    drop(lock);
    assert!(answer(&mut first).await.unwrap().starts_with("HTTP/1.1 200"));
    let mut fourth = TcpStream::connect(&address).await.unwrap();
    assert!(ask(&mut fourth).await.unwrap().starts_with("HTTP/1.1 200"), "one that is idle makes place");
    assert_eq!(world.metric("connections_evicted_total", "http"), 1.0);
}

/// A table full of silent peers keeps no sender out.
#[tokio::test]
async fn silent_peers_make_place() {
    let world = World::new().await;
    let access = Access { max_connections: 20, ..Access::default() };
    let address = http_at(&world, access.clone()).await;
    let mut silent = Vec::new();
    for _ in 0..60 {
        silent.push(TcpStream::connect(&address).await.unwrap());
    }
    open(&world, "http", 20.0).await;
    let mut sender = TcpStream::connect(&address).await.unwrap();
    assert!(ask(&mut sender).await.unwrap().starts_with("HTTP/1.1 200"));
    assert_eq!(world.metric("connections_evicted_total", "http"), 41.0);
    assert_eq!(world.metric("connections_refused_total", "http"), 0.0);

    let url = grpc_at(&world, access).await;
    let mut client = TraceServiceClient::connect(url.clone()).await.unwrap();
    client.export(one(1)).await.unwrap();
    for _ in 0..60 {
        silent.push(TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap());
    }
    open(&world, "grpc", 20.0).await;
    client.export(one(2)).await.unwrap();
    let mut late = TraceServiceClient::connect(url).await.unwrap();
    late.export(one(3)).await.unwrap();
}

#[tokio::test]
async fn what_is_half_read_or_idle_does_not_hold_the_stop() {
    let world = World::new().await;
    let (stop, stopped) = tokio::sync::watch::channel(());
    let until = |mut stopped: tokio::sync::watch::Receiver<()>| async move {
        let _ = stopped.changed().await;
    };
    let any = "127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind(Protocol::Http, any).await.unwrap();
    let address = listener.local_addr().to_string();
    let intake = world.pipeline.intake();
    let http = tokio::spawn(http::serve(
        listener,
        intake.clone(),
        http::Settings::default(),
        until(stopped.clone()),
    ));
    let listener = Listener::bind(Protocol::Grpc, any).await.unwrap();
    let grpc_address = listener.local_addr().to_string();
    let grpc = tokio::spawn(grpc::serve(listener, intake, grpc::Settings::default(), until(stopped)));

    let _silent = TcpStream::connect(&address).await.unwrap();
    let _without_preface = TcpStream::connect(&grpc_address).await.unwrap();
    let mut half_a_head = TcpStream::connect(&address).await.unwrap();
    half_a_head.write_all(b"POST /v1/traces HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let mut half_a_body = TcpStream::connect(&address).await.unwrap();
    let head = b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 90000\r\n\r\n{";
    half_a_body.write_all(head).await.unwrap();
    let lock = world.lock().await;
    let mut whole = in_use(&address, 1).await;
    open(&world, "http", 4.0).await;
    while world.metric("queue_bytes", "") < 2_048.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let begin = std::time::Instant::now();
    drop(stop);
    let told = answer(&mut half_a_body).await.unwrap();
    assert!(told.starts_with("HTTP/1.1 503") && told.contains("shutting down"), "{told}");
    assert!(told.contains("retry-after: 1"), "{told}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(lock);
    assert!(answer(&mut whole).await.unwrap().starts_with("HTTP/1.1 200"), "what is complete is answered");
    http.await.unwrap().unwrap();
    grpc.await.unwrap().unwrap();
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
    let world = World::new().await;
    let address = http_at(&world, Access { idle: Duration::from_millis(400), ..Access::default() }).await;
    let (mut reading, mut writing) = TcpStream::connect(&address).await.unwrap().into_split();
    let trickle = tokio::spawn(async move {
        writing.write_all(b"POST /v1/traces HTTP/1.1\r\nx-slow: ").await?;
        loop {
            // Often enough that the connection is never silent.
            tokio::time::sleep(Duration::from_millis(20)).await;
            writing.write_all(b"x").await?;
        }
        #[allow(unreachable_code, reason = "names the type that `?` needs")]
        Ok::<(), std::io::Error>(())
    });
    assert_eq!(answer(&mut reading).await.unwrap_or_default(), "");
    drop(reading);
    trickle.await.unwrap().unwrap_err();
    open(&world, "http", 0.0).await;
    assert_eq!(world.metric("connections_silent_total", "http"), 1.0);
}

#[tokio::test]
async fn a_connection_on_which_nothing_moves_is_closed() {
    let world = World::new().await;
    let access = Access { idle: Duration::from_secs(1), ..Access::default() };
    let address = http_at(&world, access.clone()).await;
    let grpc = grpc_at(&world, access).await;
    let mut used = TcpStream::connect(&address).await.unwrap();
    assert!(ask(&mut used).await.unwrap().starts_with("HTTP/1.1 200"));
    let mut unused = TcpStream::connect(&address).await.unwrap();
    let mut without_preface = TcpStream::connect(grpc.strip_prefix("http://").unwrap()).await.unwrap();
    for socket in [&mut used, &mut unused, &mut without_preface] {
        // HTTP/2 says something of itself before it is closed.
        while !answer(socket).await.unwrap_or_default().is_empty() {}
    }
    open(&world, "http", 0.0).await;
    open(&world, "grpc", 0.0).await;
    assert_eq!(world.metric("connections_silent_total", "http"), 2.0);
    assert_eq!(world.metric("connections_silent_total", "grpc"), 1.0);
}

#[tokio::test]
async fn a_silent_sender_that_answers_when_asked_stays_connected() {
    let world = World::new().await;
    let access = Access {
        idle: Duration::from_secs(2),
        keepalive: Duration::from_millis(50),
        keepalive_timeout: Duration::from_secs(10),
        ..Access::default()
    };
    let mut client = TraceServiceClient::connect(grpc_at(&world, access).await).await.unwrap();
    client.export(one(1)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(world.metric("connections", "grpc"), 1.0);
    assert_eq!(world.metric("connections_silent_total", "grpc"), 0.0);
    client.export(one(2)).await.unwrap();
}

/// A connection with a part of a large body, which is in use for five seconds.
async fn in_use_with(address: &str, headers: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head =
        "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 90000\r\n";
    let part = " ".repeat(8_000);
    socket.write_all(format!("{head}{headers}\r\n{part}").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    socket
}

/// Moves every metric of access. The connection that it returns is open.
pub(crate) async fn knock(world: &World) -> TcpStream {
    let tokens = Tokens::load(None, Some(("TOKENS", "shop 0123456789abcdef"))).unwrap().map(Arc::new);
    let address = http_at(world, Access { tokens, max_connections: 1, ..Access::default() }).await;
    let mut first = TcpStream::connect(&address).await.unwrap();
    assert!(ask(&mut first).await.unwrap().starts_with("HTTP/1.1 401"));
    let busy = in_use_with(&address, "authorization: Bearer 0123456789abcdef\r\n").await;
    assert_eq!(answer(&mut first).await.unwrap_or_default(), "", "its place was needed");
    let mut second = TcpStream::connect(&address).await.unwrap();
    assert_eq!(answer(&mut second).await.unwrap_or_default(), "");
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let large = request((1..=6).map(|span| route_call(8, span)).collect());
    world.send(large).await.unwrap();
    drop(busy);
    open(world, "http", 0.0).await;
    let logs = crate::http_client().post(format!("http://{address}/v1/logs")).body("{}");
    let logs = logs.header("content-type", "application/json").bearer_auth("0123456789abcdef");
    assert!(logs.send().await.unwrap().status().is_success());

    let idle = Duration::from_millis(50);
    let mut silent =
        TcpStream::connect(http_at(world, Access { idle, ..Access::default() }).await).await.unwrap();
    assert_eq!(answer(&mut silent).await.unwrap_or_default(), "");

    let access = Files::new(world.folder.path(), &Authority::new().issue(), None).access();
    let mut plain = TcpStream::connect(http_at(world, access).await).await.unwrap();
    let _ = ask(&mut plain).await;
    while world.metric("tls_handshakes_failed_total", "not_tls") == 0.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    let mut kept = TcpStream::connect(http_at(world, Access::default()).await).await.unwrap();
    assert!(ask(&mut kept).await.unwrap().starts_with("HTTP/1.1 200"));
    kept
}
