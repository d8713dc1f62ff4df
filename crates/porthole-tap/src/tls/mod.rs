//! TLS before the relay: every client shows a certificate of an authority that the tap trusts.

mod certificate;
mod fault;
mod files;
mod handshake;

pub use fault::HandshakeFault;
pub use files::{TlsFileError, TlsFiles};

pub(crate) use files::acceptor;
pub(crate) use handshake::shake_hands;
