//! A socket that cannot be had is one line with the remedy.

use pointsman_collector::receive::{Listener, Protocol};

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
