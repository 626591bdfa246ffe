//! The HTTP front door of one machine: the contract of `ingress/openapi.json`, by axum.
//!
//! [`Server`] opens the platform, listens and ends gracefully; [`router`] is the same door without
//! a socket. What a request goes through:
//!
//! ```text
//! connection (bounds, timeouts) → door (origin, token, panics, figures) → route → Platform | SQL
//! ```
//!
//! Every answer has the contract's form, `{"success":true,"data":…}` or
//! `{"success":false,"error":{"code":…,"message":…}}`, except the text of `/metrics`, the rows of
//! `/sql` in a format that was asked for, and what is no HTTP at all, which hyper answers with a
//! bare status.
//!
//! # Absences
//! - No body is read before its size, its type and the caller's token are judged.
//! - No body, statement, token or panic message reaches the log (I-8).

mod answer;
mod body;
mod door;
mod events;
mod failure;
mod front;
mod limits;
mod log;
mod media;
mod metrics;
mod panics;
mod port_failure;
mod routes;
mod server;
mod sql;
mod time;
mod tokens;
mod wire;

pub use events::logged_events;
pub use limits::HttpLimits;
pub use panics::quiet_panics;
pub use routes::router;
pub use server::{Server, ServerOptions, StartError};
pub use sluice_sql::{Spill, SqlLimits};
pub use tokens::{Tokens, TokensError};
