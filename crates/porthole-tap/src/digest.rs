//! The hash of a body that is not kept whole.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a body while it passes, up to a length: hashing takes more than relaying does.
#[derive(Debug)]
pub(crate) struct Digest {
    state: Option<Sha256>,
    left: u64,
}

impl Digest {
    /// Of a body of up to `limit` bytes; 0 for none at all.
    pub(crate) fn new(limit: u64) -> Self {
        Self { state: None, left: limit }
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.left = self.left.saturating_sub(bytes.len() as u64);
        if self.left == 0 {
            self.give_up();
        } else {
            self.state.get_or_insert_default().update(bytes);
        }
    }

    /// There will be no hash.
    pub(crate) fn give_up(&mut self) {
        (self.state, self.left) = (None, 0);
    }

    /// Whether the body's next bytes are needed.
    pub(crate) fn is_wanted(&self) -> bool {
        self.left > 0
    }

    /// The hash of all that was added; `None` where that was nothing, or too much.
    pub(crate) fn sum(&self) -> Option<[u8; 32]> {
        self.state.as_ref().map(|state| state.clone().finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_give_the_hash_of_the_whole_up_to_the_limit() {
        let mut digest = Digest::new(4);
        assert_eq!(digest.sum(), None);
        digest.add(b"ab");
        digest.add(b"c");
        assert_eq!(digest.sum(), Some(Sha256::digest(b"abc").into()));
        assert!(digest.is_wanted());
        digest.add(b"d");
        assert_eq!((digest.sum(), digest.is_wanted()), (None, false));
        digest.add(b"e");
        assert_eq!(digest.sum(), None);
    }
}
