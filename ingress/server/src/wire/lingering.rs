//! A body that is read on for a while after nobody wants it any more.
//!
//! Closing a socket with unread bytes resets the connection, and the reset can overtake the answer:
//! a client that still sends would see an error of its network instead of `413`.

use crate::limits::{DRAIN_BYTES_MAX, DRAIN_IDLE, DRAIN_TIME_MAX};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// The body of a request; what is left of it when it is dropped is read and forgotten, within
/// bounds.
pub(crate) struct Lingering {
    /// None once it ended, or when nothing is to be read on.
    body: Option<Incoming>,
    /// The client sends only when it is asked to, which is when the first byte is read.
    waits: bool,
}

impl Lingering {
    /// `waits`: the request came with `Expect: 100-continue`.
    pub(crate) fn new(body: Incoming, waits: bool) -> Self {
        let body = (!body.is_end_stream()).then_some(body);
        Lingering { body, waits }
    }
}

impl Body for Lingering {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.waits = false;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = Pin::new(body).poll_frame(context);
        if let Poll::Ready(None | Some(Err(_))) = frame {
            self.body = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else { return };
        if let Ok(runtime) = Handle::try_current()
            && !self.waits
        {
            runtime.spawn(timeout(DRAIN_TIME_MAX, drain(body)));
        }
    }
}

async fn drain(mut body: Incoming) {
    let mut bytes = 0;
    while bytes <= DRAIN_BYTES_MAX {
        let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        match timeout(DRAIN_IDLE, frame).await {
            Ok(Some(Ok(frame))) => bytes += frame.data_ref().map_or(0, Bytes::len),
            _ => return,
        }
    }
}
