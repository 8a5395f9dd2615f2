//! HTTP on loopback: connections with limits of number and time, each request on its own.

mod admin;
mod args;
mod blobs;
mod call;
mod live;
mod outcome;
mod reply;
mod request;
mod route;
mod runs;
mod stream;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use weir_log::Log;

use crate::config::Config;
use crate::core::Door;
use call::Asked;
use reply::{Problem, Reply, body};
use request::Body;
pub(crate) use request::BodyRoom;
use stream::Unstuck;

/// What all requests share.
pub(crate) struct Shared {
    pub door: Door,
    pub log: Arc<dyn Log>,
    pub config: Config,
    pub body_room: BodyRoom,
    /// Turns true when the node stops.
    pub stopping: watch::Receiver<bool>,
}

/// Accepts connections until `stop` turns true, then lets open requests finish.
pub(crate) async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(shared.config.connections_max));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        let (socket, _) = match accepted {
            Ok(accepted) => accepted,
            // Out of file descriptors, most likely: others will be closed.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        let _ = socket.set_nodelay(true);
        let Ok(place) = places.clone().try_acquire_owned() else {
            tokio::spawn(turn_away(socket));
            continue;
        };
        let (shared, mut stop) = (shared.clone(), stop.clone());
        tokio::spawn(async move {
            let send_timeout = Duration::from_millis(shared.config.send_timeout_ms);
            let head_timeout = Duration::from_millis(shared.config.head_timeout_ms);
            let io = TokioIo::new(Unstuck::new(socket, send_timeout));
            let service = service_fn(|request| handle(&shared, request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(head_timeout)
                .max_buf_size(64 << 10)
                .serve_connection(io, service);
            let mut connection = std::pin::pin!(connection);
            // What ends a connection concerns only its client.
            tokio::select! {
                _ = connection.as_mut() => {}
                _ = stop.changed() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
            drop(place);
        });
    }
    drop(listener);
    let drain = Duration::from_millis(shared.config.drain_timeout_ms);
    let all = shared.config.connections_max as u32;
    let _ = tokio::time::timeout(drain, places.acquire_many(all)).await;
}

/// Too many connections: one answer that says so.
async fn turn_away(mut socket: tokio::net::TcpStream) {
    use tokio::io::AsyncWriteExt;
    let answer = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let _ = tokio::time::timeout(Duration::from_secs(1), socket.write_all(answer)).await;
}

async fn handle(shared: &Arc<Shared>, request: Request<Incoming>) -> Result<Reply, Infallible> {
    let is_head = request.method() == Method::HEAD;
    let mut reply = answer(shared, request)
        .await
        .unwrap_or_else(Problem::into_reply);
    if is_head {
        *reply.body_mut() = body("");
    }
    Ok(reply)
}

async fn answer(shared: &Arc<Shared>, request: Request<Incoming>) -> Result<Reply, Problem> {
    let (head, incoming) = request.into_parts();
    request::check_local(&head.headers)?;
    let timeout = Duration::from_millis(shared.config.body_timeout_ms);
    let program = shared.door.program();
    let longest = program.limits.body_bytes();
    let segments = route::segments(head.uri.path())?;
    let incoming = match blobs::answer(shared, &head, &segments, incoming).await {
        Ok(reply) => return reply,
        Err(incoming) => incoming,
    };
    let (body, blob) = match blobs::wanted_by(&program, &head, &segments) {
        Some(access) => {
            let taken = blobs::take(shared, &program, &access?, &head, incoming).await?;
            (Body::default(), Some(taken))
        }
        None => {
            let room = &shared.body_room;
            let body = request::read_body(incoming, longest, timeout, room).await?;
            (body, None)
        }
    };
    let asked = Asked {
        segments,
        query: head.uri.query().unwrap_or("").to_owned(),
        body,
        blob,
        method: head.method,
        headers: head.headers,
    };
    match asked.segments.first().map(String::as_str) {
        Some("_weir") => admin::answer(shared, &asked).await,
        _ => match runs::answer(shared, &asked).await {
            Some(reply) => reply,
            None if live::is_asked(&asked) => live::answer(shared, asked).await,
            None => call::answer(shared, &asked).await,
        },
    }
}

/// Loopback only: what listens elsewhere needs verified callers, which this version does not have.
pub(crate) fn address(config: &Config) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], config.port))
}
