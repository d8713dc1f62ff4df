//! A relay before the engine's API socket: bytes pass unchanged and at once in both directions, and what they say
//! is read from a copy.
//!
//! *Order of work:* a piece that arrives is first handed to the other side, then decoded; nothing that the decoder
//! does can change, delay or end a connection. *Back-pressure:* a side is read only when all that it sent before
//! has been passed on, so a slow reader slows its own sender and costs at most one piece of memory.
//!
//! *What is never lost:* the line of an exchange. The [`Sink`] is bounded; when it is full the connection waits for
//! room before it reads on, so a consumer that stands still in the end holds up its clients rather than miss a
//! call. Parts shown live and kept bodies are what gives way: both draw on one budget of bytes, and what does not
//! fit is dropped and counted.

pub mod audit;
mod budget;
mod calls;
mod connection;
mod connector;
mod digest;
mod duplex;
mod event;
mod execs;
mod listener;
mod named;
mod observer;
mod outbox;
mod pipeline;
mod pump;
pub mod record;
mod relay;
mod settings;
mod sink;
mod socket_file;
mod splice;
mod target;
mod tls;
mod track;

pub use budget::Kept;
pub use connector::{BoxFuture, BoxedStream, Connect, Stream};
pub use event::{CloseReason, ConnectionClosed, Event, Finished, Message, Part, PartContent};
pub use listener::{ListenAddress, ListenError, Listener};
pub use relay::Relay;
pub use settings::Settings;
pub use sink::{Queue, Sink, queue};
pub use target::{Target, TargetError};
pub use tls::{HandshakeFault, TlsFileError, TlsFiles};

pub use porthole_wire::mask::masked;

/// Names the program behind a connection; called once a connection, on a thread of its own.
pub type Resolve = dyn Fn(porthole_model::ClientAddress) -> porthole_model::Client + Send + Sync;
