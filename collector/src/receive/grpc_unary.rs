//! Unary gRPC services whose messages are taken and given as bytes: what a trace request holds is read once,
//! behind the door, and what a metric holds never.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

/// A service of OTLP: its one method is `Export`.
pub(super) trait Export: Clone + Send + Sync + 'static {
    /// Its full name.
    const SERVICE: &'static str;

    /// Answers a request with the message of the response.
    fn export(self, request: Request<Body>) -> impl Future<Output = Result<Vec<u8>, Status>> + Send;
}

/// Serves an [`Export`].
#[derive(Clone, Debug)]
pub(super) struct Unary<E>(pub(super) E);

impl<E: Export> NamedService for Unary<E> {
    const NAME: &'static str = E::SERVICE;
}

impl<E: Export> Service<Request<Body>> for Unary<E> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let service = self.0.clone();
        Box::pin(async move {
            let path = request.uri().path();
            let method = path.strip_prefix('/').and_then(|path| path.strip_prefix(E::SERVICE));
            if method != Some("/Export") {
                return Ok(Status::unimplemented(format!("{path} is not here")).into_http());
            }
            Ok(service
                .export(request)
                .await
                .map_or_else(|status| status.into_http(), |message| answer(&message)))
        })
    }
}

/// A response with that message.
fn answer(message: &[u8]) -> Response<Body> {
    let mut frame = BytesMut::with_capacity(message.len() + 5);
    frame.put_u8(0);
    // Answers are a few hundred bytes.
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Full::<Bytes>::new(frame.freeze()).with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut response = Response::new(Body::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}
