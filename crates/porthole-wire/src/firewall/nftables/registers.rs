//! The kernel's registers while the expressions of a rule are gone through.

use std::collections::BTreeMap;

use super::part::{Content, Part};

/// A slot of four bytes: registers 1 to 4 are four slots each, those from 8 on one each (`nft_parse_register`).
pub(super) type Slot = u32;

/// The slot that a register's number means.
pub(super) fn slot(register: u32) -> Slot {
    if register < 8 { register.saturating_sub(1) * 4 } else { register - 8 }
}

/// What the registers hold at a point of a rule.
#[derive(Debug, Default)]
pub(super) struct Registers {
    slots: BTreeMap<Slot, Content>,
}

impl Registers {
    pub(super) fn set(&mut self, slot: Slot, content: Content) {
        self.slots.insert(slot, content);
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Content> {
        self.slots.get(&slot)
    }

    /// Nothing is known of them any more.
    pub(super) fn forget(&mut self) {
        self.slots.clear();
    }

    /// The data in consecutive slots that makes up `length` bytes.
    pub(super) fn data(&self, slot: Slot) -> Option<&[u8]> {
        match self.get(slot)? {
            Content::Data(data) => Some(data),
            _ => None,
        }
    }

    /// The fields that make up a key of `length` bytes from `slot` on, each padded to four bytes; `None` where some
    /// of it is not a plain field.
    pub(super) fn key(&self, slot: Slot, length: usize) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        let mut at = 0;
        while at < length {
            let next = slot + u32::try_from(at / 4).ok()?;
            let Content::Fields { parts: found, mask: None, flip: None } = self.get(next)? else {
                return None;
            };
            let size: usize = found.iter().map(|part| part.length).sum();
            if size == 0 {
                return None;
            }
            at += size.next_multiple_of(4);
            parts.extend(found.iter().cloned());
        }
        Some(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_numbers_mean_the_same_slots() {
        assert_eq!([1, 2, 4, 8, 9, 12].map(slot), [0, 4, 12, 0, 1, 4]);
    }
}
