//! A content as the body of an answer: from the disk to the socket, part by part.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE,
    RANGE, VARY,
};
use hyper::{HeaderMap, Response, StatusCode};
use tokio::sync::mpsc;
use weir_contract::blobs::{Blob, BlobHash, Blobs};

use super::super::Shared;
use super::super::reply::{Problem, Reply, body, with_header};
use super::super::request::{names_tag, text};
use super::range::{Asked, asked};
use super::{NO_SNIFF, SANDBOX, disk_problem, on_disk};

/// Bytes that are read at a time.
const PART_BYTES: u64 = 256 << 10;
/// Parts that wait for a slow client.
const PARTS_AHEAD: usize = 2;

/// The answer that is a content, or the part of it that the client asks for.
pub(in super::super) async fn content(
    shared: &Arc<Shared>,
    headers: &HeaderMap,
    blob: &Blob,
) -> Result<Reply, Problem> {
    let tag = format!("\"{}\"", blob.hash);
    if text(headers, &IF_NONE_MATCH)?.is_some_and(|header| names_tag(header, &tag)) {
        let mut reply = with_header(Response::new(body("")), ETAG, &tag);
        *reply.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(reply);
    }
    let size = blob.size as u64;
    let is_same = text(headers, &IF_RANGE)?.is_none_or(|header| header.trim() == tag);
    let range = text(headers, &RANGE)?.filter(|_| is_same);
    let (status, from, to) = match range.map_or(Asked::Whole, |range| asked(range, size)) {
        Asked::Whole => (StatusCode::OK, 0, size),
        Asked::Part(from, to) => (StatusCode::PARTIAL_CONTENT, from, to),
        Asked::Nothing => {
            let reason = format!("the content has {size} bytes");
            let reply = Problem::new(416, "RangeNotSatisfiable", reason).into_reply();
            return Ok(with_header(
                reply,
                CONTENT_RANGE,
                &format!("bytes */{size}"),
            ));
        }
    };
    // The first part before the head: what is missing or damaged is then told as such.
    let (store, hash) = (shared.config.blobs.clone(), blob.hash);
    let end = to.min(from + PART_BYTES);
    let first = on_disk(move || store.0.read(&hash, from, end)).await?;
    if first.len() as u64 != end - from {
        let place = format!("blob {hash}");
        return Err(disk_problem(weir_contract::blobs::BlobError::Damaged {
            hash,
            place,
        }));
    }
    let (sender, receiver) = mpsc::channel(PARTS_AHEAD);
    tokio::spawn(read_on(shared.config.blobs.clone(), hash, end, to, sender));
    let parts = Parts {
        first: Some(Bytes::from(first)),
        rest: receiver,
        left: to - from,
    };
    let mut reply = Response::new(parts.boxed());
    *reply.status_mut() = status;
    let media_type = match blob.media_type.as_str() {
        "" => "application/octet-stream",
        known => known,
    };
    if status == StatusCode::PARTIAL_CONTENT {
        let last = to - 1;
        let range = format!("bytes {from}-{last}/{size}");
        reply = with_header(reply, CONTENT_RANGE, &range);
    }
    reply = with_header(reply, CONTENT_TYPE, media_type);
    reply = with_header(reply, CONTENT_LENGTH, &(to - from).to_string());
    reply = with_header(reply, ETAG, &tag);
    reply = with_header(reply, ACCEPT_RANGES, "bytes");
    reply = with_header(reply, VARY, "accept");
    reply = with_header(reply, SANDBOX.0, SANDBOX.1);
    Ok(with_header(reply, NO_SNIFF.0, NO_SNIFF.1))
}

/// Reads the rest while it is being sent. Ends when nobody takes it any more.
async fn read_on(
    blobs: Blobs,
    hash: BlobHash,
    mut at: u64,
    to: u64,
    sender: mpsc::Sender<std::io::Result<Bytes>>,
) {
    while at < to {
        let (store, end) = (blobs.clone(), to.min(at + PART_BYTES));
        let read = tokio::task::spawn_blocking(move || store.0.read(&hash, at, end)).await;
        let part = match read {
            Ok(Ok(part)) if part.len() as u64 == end - at => Ok(Bytes::from(part)),
            Ok(Ok(_)) => Err(std::io::Error::other("the content became shorter")),
            Ok(Err(error)) => Err(std::io::Error::other(error)),
            Err(error) => Err(std::io::Error::other(error)),
        };
        let is_last = part.is_err();
        if sender.send(part).await.is_err() || is_last {
            return;
        }
        at = end;
    }
}

/// A body of so many bytes that comes in parts. One that ends too early breaks the connection: the client sees that it is not whole.
struct Parts {
    first: Option<Bytes>,
    rest: mpsc::Receiver<std::io::Result<Bytes>>,
    left: u64,
}

impl Body for Parts {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        let part = match self.first.take() {
            Some(first) => Some(Ok(first)),
            None if self.left == 0 => None,
            None => match self.rest.poll_recv(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(part) => part,
            },
        };
        if let Some(Ok(part)) = &part {
            self.left -= part.len() as u64;
        }
        Poll::Ready(part.map(|part| part.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0 && self.first.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
