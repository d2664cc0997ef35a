//! Sockets as a daemon meets them: one that cannot be had is one line with the remedy, and servers end on time.

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use pointsman_collector::receive::{Listener, Protocol, grpc, http};
use tokio::sync::watch;

use crate::spans::one;
use crate::world::{PATIENCE, World};

#[tokio::test]
async fn a_port_in_use_names_the_flag_and_the_way_out() {
    let first = Listener::bind(Protocol::Http, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let error = Listener::bind(Protocol::Grpc, first.local_addr()).await.unwrap_err().to_string();
    let addr = first.local_addr();
    assert_eq!(
        error,
        format!(
            "cannot listen for OTLP/gRPC on {addr}: Address already in use (os error 98); stop the program that \
             uses it, choose another address with --otlp-grpc ADDR, or switch it off with --otlp-grpc off"
        )
    );
}

#[tokio::test]
async fn servers_end_when_they_are_told_to_although_clients_stay_connected() {
    let world = World::new().await;
    let any = "127.0.0.1:0".parse().unwrap();
    let http = Listener::bind(Protocol::Http, any).await.unwrap();
    let grpc = Listener::bind(Protocol::Grpc, any).await.unwrap();
    let (http_url, grpc_url) =
        (format!("http://{}", http.local_addr()), format!("http://{}", grpc.local_addr()));
    let (stop, stopped) = watch::channel(());
    let until = |mut stopped: watch::Receiver<()>| async move {
        let _ = stopped.changed().await;
    };
    let intake = world.pipeline.intake();
    let http =
        tokio::spawn(http::serve(http, intake.clone(), http::Settings::default(), until(stopped.clone())));
    let grpc = tokio::spawn(grpc::serve(grpc, intake, grpc::Settings::default(), until(stopped)));

    let client = crate::http_client();
    let post =
        || client.post(format!("{http_url}/v1/traces")).header("content-type", "application/json").body("{}");
    assert!(post().send().await.unwrap().status().is_success());
    let mut traces = TraceServiceClient::connect(grpc_url).await.unwrap();
    traces.export(one(1)).await.unwrap();

    drop(stop);
    tokio::time::timeout(PATIENCE, http).await.unwrap().unwrap().unwrap();
    tokio::time::timeout(PATIENCE, grpc).await.unwrap().unwrap().unwrap();
    assert!(post().send().await.is_err());
    assert!(traces.export(one(2)).await.is_err());
}
