//! What a relay keeps, and how it stops.

use std::time::Duration;

/// What a relay keeps, and how it stops.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether the bytes are some other protocol's: nothing is decoded, and parts belong to no exchange.
    pub raw: bool,
    /// How much of each request's body is kept with its exchange, next to its head; `None` keeps neither.
    pub request_limit: Option<usize>,
    /// The same for answers.
    pub answer_limit: Option<usize>,
    /// The longest body that is hashed though it is not kept whole; 0 for none.
    pub hash_limit: u64,
    /// How many bytes may be kept at a time, in all connections and in the sink together.
    pub kept_limit: usize,
    /// Whether heads and bodies are also shown while they pass.
    pub parts: bool,
    /// Whether what a client sends on an upgraded connection is kept and shown: what is typed may be a password.
    pub client_input: bool,
    /// How long connections that are busy may go on after the relay was told to stop.
    pub drain: Duration,
    /// How long a client may take for the handshake of TLS.
    pub handshake: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            raw: false,
            request_limit: Some(64 * 1024),
            answer_limit: Some(64 * 1024),
            hash_limit: 0,
            kept_limit: 16 * 1024 * 1024,
            parts: false,
            client_input: false,
            drain: Duration::from_secs(10),
            handshake: Duration::from_secs(10),
        }
    }
}
