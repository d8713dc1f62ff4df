//! The budget of bytes that may be kept at a time, and what is kept on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is left of the bytes that a relay may keep.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<AtomicUsize>);

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(limit)))
    }

    /// Takes up to `wanted` bytes.
    fn take(&self, wanted: usize) -> usize {
        let left = |left: usize| Some(left - left.min(wanted));
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        before.unwrap_or_else(|same| same).min(wanted)
    }

    fn give_back(&self, taken: usize) {
        self.0.fetch_add(taken, Ordering::Relaxed);
    }
}

/// The beginning of a head or a body. Dropping it gives its bytes back to the relay's budget.
#[derive(Debug)]
pub struct Kept {
    bytes: Vec<u8>,
    length: u64,
    limit: usize,
    budget: Budget,
}

impl Kept {
    /// An empty one that keeps up to `limit` bytes.
    pub(crate) fn new(budget: &Budget, limit: usize) -> Self {
        Self { bytes: Vec::new(), length: 0, limit, budget: budget.clone() }
    }

    /// A copy of all `bytes`; `None` when the budget has not as many left.
    pub(crate) fn copy_of(budget: &Budget, bytes: &[u8]) -> Option<Self> {
        let mut kept = Self::new(budget, bytes.len());
        kept.push(bytes);
        Some(kept).filter(|kept| !kept.is_truncated())
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let fits = if self.is_truncated() { 0 } else { bytes.len().min(self.limit - self.bytes.len()) };
        let taken = self.budget.take(fits);
        self.bytes.extend_from_slice(&bytes[..taken]);
        self.length += bytes.len() as u64;
    }

    /// As [`Kept::push`], without a copy where nothing was kept before.
    pub(crate) fn take(&mut self, bytes: Vec<u8>) {
        if self.length > 0 || bytes.len() > self.limit {
            return self.push(&bytes);
        }
        self.length = bytes.len() as u64;
        self.bytes = bytes;
        self.bytes.truncate(self.budget.take(self.bytes.len()));
    }

    /// There was more, which nobody looked at.
    pub(crate) fn pass_over(&mut self, count: u64) {
        self.length += count;
    }

    /// Whether nothing of what comes is kept any more.
    pub(crate) fn is_full(&self) -> bool {
        self.is_truncated() || self.bytes.len() == self.limit
    }

    /// What was kept.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How much there was.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether there was more than was kept.
    pub fn is_truncated(&self) -> bool {
        self.length > self.bytes.len() as u64
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_and_a_budget_bound_what_is_kept() {
        let budget = Budget::new(10);
        let mut first = Kept::new(&budget, 6);
        first.push(b"0123");
        first.push(b"4567");
        first.push(b"8");
        assert_eq!((first.bytes(), first.length(), first.is_truncated()), (&b"012345"[..], 9, true));
        assert!(Kept::copy_of(&budget, b"01234").is_none());
        let second = Kept::copy_of(&budget, b"0123").unwrap();
        assert!(Kept::copy_of(&budget, b"0").is_none());
        let mut third = Kept::new(&budget, 6);
        third.take(b"0123".to_vec());
        assert_eq!((third.bytes(), third.length()), (&b""[..], 4));
        drop((first, second, third));
        let mut fourth = Kept::new(&budget, 6);
        fourth.take(b"0123".to_vec());
        fourth.take(b"4567".to_vec());
        assert_eq!((fourth.bytes(), fourth.length()), (&b"012345"[..], 8));
        drop(fourth);
        assert!(Kept::copy_of(&budget, b"0123456789").is_some());
    }
}
