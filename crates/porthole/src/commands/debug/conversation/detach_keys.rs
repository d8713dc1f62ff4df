//! The keys that leave a session, as docker's `--detach-keys` has them.

use std::str::FromStr;

/// A sequence of keys, such as `ctrl-p,ctrl-q`. An empty one never leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DetachKeys(Vec<u8>);

impl Default for DetachKeys {
    fn default() -> Self {
        Self(vec![control(b'p'), control(b'q')])
    }
}

impl FromStr for DetachKeys {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        text.split(',').map(key).collect::<Result<_, _>>().map(Self)
    }
}

/// A key is a character, or `ctrl-` with a letter or one of `@[\]^_` (moby/term, `ascii.go`).
fn key(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [key] => Ok(*key),
        [b'c', b't', b'r', b'l', b'-', key @ (b'a'..=b'z' | b'@' | b'['..=b'_')] => Ok(control(*key)),
        _ => Err(format!("{text} is no key: give a character, or ctrl- and a letter or one of @ [ \\ ] ^ _")),
    }
}

fn control(key: u8) -> u8 {
    key & 0x1f
}

/// Looks for the keys in what is typed.
#[derive(Debug)]
pub(super) struct Detector {
    keys: Vec<u8>,
    /// How many of the keys were typed last, and held back.
    held: usize,
}

impl Detector {
    pub(super) fn new(keys: &DetachKeys) -> Self {
        Self { keys: keys.0.clone(), held: 0 }
    }

    /// What of it goes to the command; `None` once the keys are complete.
    pub(super) fn pass(&mut self, typed: &[u8]) -> Option<Vec<u8>> {
        if self.keys.is_empty() {
            return Some(typed.to_vec());
        }
        let mut passed = Vec::with_capacity(typed.len());
        for byte in typed {
            if *byte != self.keys[self.held] {
                passed.extend_from_slice(&self.keys[..self.held]);
                self.held = 0;
            }
            if *byte == self.keys[self.held] {
                self.held += 1;
            } else {
                passed.push(*byte);
            }
            if self.held == self.keys.len() {
                return None;
            }
        }
        Some(passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detector(keys: &str) -> Detector {
        Detector::new(&keys.parse().unwrap())
    }

    #[test]
    fn the_keys_leave_wherever_they_are_cut() {
        let mut detector = detector("ctrl-p,ctrl-q");
        assert_eq!(detector.pass(b"ls\x10").unwrap(), b"ls");
        assert_eq!(detector.pass(b"\x11"), None);
    }

    #[test]
    fn what_only_looks_like_the_keys_is_passed_on() {
        let mut detector = detector("ctrl-p,ctrl-q");
        assert_eq!(detector.pass(b"\x10").unwrap(), b"");
        assert_eq!(detector.pass(b"x").unwrap(), b"\x10x");
        assert_eq!(detector.pass(b"\x10\x10").unwrap(), b"\x10");
        assert_eq!(detector.pass(b"\x11"), None);
    }

    #[test]
    fn no_keys_never_leave() {
        assert_eq!(detector("").pass(b"\x10\x11").unwrap(), b"\x10\x11");
    }

    #[test]
    fn other_keys_can_be_chosen() {
        assert_eq!(detector("a,ctrl-],@").pass(b"a\x1d@"), None);
        assert!("ctrl-1".parse::<DetachKeys>().is_err());
        assert!("alt-x".parse::<DetachKeys>().is_err());
    }
}
