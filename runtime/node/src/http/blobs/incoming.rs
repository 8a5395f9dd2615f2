//! The body of a request as a content: from the socket to the disk, part by part.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use weir_contract::blobs::{Blob, BlobWriter};

use super::super::Shared;
use super::super::reply::Problem;
use super::on_disk;

/// Bytes that are written at a time, or a little more.
const PART_BYTES: usize = 256 << 10;

/// Takes a content of at most `longest` bytes in; returns when it is durable. The client may take its time, as long as something comes.
pub(super) async fn take(
    shared: &Arc<Shared>,
    mut incoming: Incoming,
    media_type: String,
    longest: u64,
) -> Result<Blob, Problem> {
    let too_big = || {
        let reason = format!("the content is longer than {longest} bytes");
        Problem::new(413, "PayloadTooLarge", reason)
    };
    if incoming.size_hint().lower() > longest {
        return Err(too_big());
    }
    let stalled = Duration::from_millis(shared.config.body_timeout_ms);
    let store = shared.config.blobs.clone();
    let mut writer = on_disk(move || store.0.begin()).await?;
    let mut part = Vec::new();
    let mut size = 0;
    loop {
        let frame = tokio::time::timeout(stalled, incoming.frame()).await;
        let late = |_| Problem::new(408, "RequestTimeout", "nothing more of the body arrived");
        let Some(frame) = frame.map_err(late)? else {
            break;
        };
        let frame = frame.map_err(|_| Problem::bad_request("the body ended too early"))?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        size += data.len() as u64;
        if size > longest {
            return Err(too_big());
        }
        part.extend_from_slice(data);
        if part.len() >= PART_BYTES {
            (writer, part) = write(writer, part).await?;
        }
    }
    let (writer, _) = write(writer, part).await?;
    on_disk(move || writer.finish(&media_type)).await
}

/// Gives the writer back, and the buffer, empty.
async fn write(
    mut writer: Box<dyn BlobWriter>,
    mut part: Vec<u8>,
) -> Result<(Box<dyn BlobWriter>, Vec<u8>), Problem> {
    on_disk(move || {
        writer.write(&part)?;
        part.clear();
        Ok((writer, part))
    })
    .await
}
