//! Why a connection cannot be understood any further.

use thiserror::Error;

/// Why a connection cannot be understood any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Opaque {
    /// The client sent something else than a request.
    #[error("the client's bytes are no HTTP/1 request")]
    Request,
    /// The engine sent something else than an answer.
    #[error("the engine's bytes are no HTTP/1 answer")]
    Answer,
    /// A head is longer than any that the engine takes.
    #[error("a head is too long to be kept")]
    LongHead,
    /// A head says in two ways how long its body is, or in a way that this decoder does not know.
    #[error("a head does not say clearly how long its body is")]
    Framing,
    /// A body in chunks breaks the rules of chunks.
    #[error("a chunked body is malformed")]
    Chunk,
    /// An answer came before its request.
    #[error("the engine answered what was not asked")]
    Unasked,
    /// A 101 came for a request that asked for no upgrade.
    #[error("the engine changed the protocol unasked")]
    UnaskedUpgrade,
    /// The client sent more than is kept before it knew whether its upgrade was accepted.
    #[error("the client sent too much before its upgrade was answered")]
    LongHeld,
    /// The client sent more requests without waiting than are kept.
    #[error("too many requests wait for an answer")]
    LongPipeline,
    /// CONNECT, which makes a tunnel.
    #[error("the client asked for a tunnel")]
    Tunnel,
    /// A side that should speak HTTP/2 opened with something else: an engine that knows HTTP/1 alone.
    #[error("only one side speaks HTTP/2")]
    NoHttp2,
    /// An HTTP/2 frame breaks the rules of frames (RFC 9113, section 6).
    #[error("an HTTP/2 frame is malformed")]
    Frame,
    /// Compressed headers break the rules of HPACK (RFC 7541), so that all that follow are lost.
    #[error("compressed headers are malformed")]
    Compression,
    /// An HTTP/2 head lacks what every head has.
    #[error("an HTTP/2 head is malformed")]
    Head,
    /// An HTTP/2 frame is of a stream that nobody opened.
    #[error("an HTTP/2 frame belongs to no call")]
    Stream,
    /// More calls are open on a connection than are kept apart.
    #[error("too many HTTP/2 calls are open at once")]
    ManyStreams,
}
