//! A body, bounded in bytes, time and memory of all bodies together (I-7).

use crate::failure::{Code, Failure};
use crate::front::Front;
use crate::limits::{BODY_FIRST_BYTES, BODY_UNIT_BYTES};
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use futures::StreamExt;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

/// A body in memory, and its share of what bodies may take.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) bytes: Vec<u8>,
    pub(crate) share: Option<OwnedSemaphorePermit>,
}

/// What a body may be at most, and what is answered when it is more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) bytes_max: usize,
    pub(crate) code: Code,
    pub(crate) message: &'static str,
}

impl Bound {
    fn exceeded(self) -> Failure {
        Failure::new(self.code, self.message)
    }
}

/// Reads a body to its end.
///
/// # Errors
/// Before the first byte is read when its length says that it is too large; later for one that is
/// too large, too slow or broken, and when all bodies together take what they may.
pub(crate) async fn read(
    front: &Front,
    headers: &HeaderMap,
    body: Body,
    bound: Bound,
) -> Result<Held, Failure> {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    // A length past usize is too large as well.
    let length = length.map(|length: u64| usize::try_from(length).unwrap_or(usize::MAX));
    if length.is_some_and(|length| length > bound.bytes_max) {
        return Err(bound.exceeded());
    }
    // A length is only a promise: memory follows the bytes.
    let first = length.unwrap_or(0).min(BODY_FIRST_BYTES);
    let mut held = Held { bytes: Vec::with_capacity(first), share: None };
    let mut chunks = body.into_data_stream();
    let window = front.limits.body_window;
    let (mut deadline, mut window_bytes) = (Instant::now() + window, 0);
    loop {
        let chunk = timeout_at(deadline, chunks.next()).await.map_err(|_| too_slow())?;
        let Some(chunk) = chunk else { return Ok(held) };
        let chunk = chunk.map_err(|_| {
            Failure::new(Code::BadRequest, "the body ended early, or its chunks are broken")
        })?;
        let bytes = held.bytes.len() + chunk.len();
        if bytes > bound.bytes_max {
            return Err(bound.exceeded());
        }
        take_share(front, &mut held, bytes)?;
        held.bytes.extend_from_slice(&chunk);
        window_bytes += chunk.len();
        if window_bytes >= front.limits.body_bytes_per_window {
            (deadline, window_bytes) = (Instant::now() + window, 0);
        }
    }
}

fn take_share(front: &Front, held: &mut Held, bytes: usize) -> Result<(), Failure> {
    let busy = || Failure::new(Code::Busy, "too many bodies at once; try again in a moment");
    let has = held.share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
    let lacks = bytes.div_ceil(BODY_UNIT_BYTES).saturating_sub(has);
    if lacks == 0 {
        return Ok(());
    }
    let lacks = u32::try_from(lacks).map_err(|_| busy())?;
    let more = Arc::clone(&front.body_units).try_acquire_many_owned(lacks).map_err(|_| busy())?;
    match &mut held.share {
        Some(share) => share.merge(more),
        None => held.share = Some(more),
    }
    Ok(())
}

fn too_slow() -> Failure {
    Failure::new(Code::RequestTimeout, "the body came too slowly; send it again")
}
