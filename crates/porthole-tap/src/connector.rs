//! The way to the engine: anything that opens a stream of bytes.

use std::any::Any;
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};

/// A future on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A connection: bytes in both directions, each of which can be closed on its own. One that is a tokio socket itself
/// may be relayed within the kernel.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + Any {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + Any> Stream for S {}

/// A connection of any kind.
pub type BoxedStream = Box<dyn Stream>;

/// Opens connections to the engine.
pub trait Connect: Send + Sync {
    /// Opens one; the error is told to whoever watches, the client only sees its connection closed.
    fn connect(&self) -> BoxFuture<'_, io::Result<BoxedStream>>;
}

impl<F: Fn() -> BoxFuture<'static, io::Result<BoxedStream>> + Send + Sync> Connect for F {
    fn connect(&self) -> BoxFuture<'_, io::Result<BoxedStream>> {
        self()
    }
}
