//! The fields that a sender refers back to (RFC 7541, section 4).

use std::collections::VecDeque;

use super::Field;

/// The size before anything else is agreed on.
const USUAL: usize = 4096;

/// A sender that uses a larger table is no longer followed, whatever its peer permits.
const LARGEST: usize = 64 * 1024;

/// The fields that a sender refers back to, the latest first.
#[derive(Debug)]
pub(super) struct DynamicTable {
    fields: VecDeque<Field>,
    size: usize,
    capacity: usize,
    permitted: usize,
}

impl Default for DynamicTable {
    fn default() -> Self {
        Self { fields: VecDeque::new(), size: 0, capacity: USUAL, permitted: USUAL }
    }
}

impl DynamicTable {
    /// From the side it cannot be told when the sender has read a lower limit, so the highest ever counts.
    pub(super) fn permit(&mut self, size: usize) {
        self.permitted = self.permitted.max(size.min(LARGEST));
    }

    /// Whether the sender may change its table to that size; if so, it is done.
    pub(super) fn resize(&mut self, capacity: usize) -> bool {
        if capacity > self.permitted {
            return false;
        }
        self.capacity = capacity;
        self.evict();
        true
    }

    /// A field that is larger than the table empties it (section 4.4).
    pub(super) fn insert(&mut self, field: Field) {
        self.size += field.size();
        self.fields.push_front(field);
        self.evict();
    }

    pub(super) fn get(&self, place: usize) -> Option<&Field> {
        self.fields.get(place)
    }

    fn evict(&mut self) {
        while self.size > self.capacity
            && let Some(oldest) = self.fields.pop_back()
        {
            self.size -= oldest.size();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(length: usize) -> Field {
        Field { name: b"n".to_vec(), value: vec![b'v'; length] }
    }

    #[test]
    fn old_fields_make_room_for_new_ones() {
        let mut table = DynamicTable::default();
        assert!(table.resize(100));
        table.insert(field(1));
        table.insert(field(20));
        assert_eq!((table.fields.len(), table.size), (2, 87));
        table.insert(field(30));
        assert_eq!((table.fields.len(), table.get(0)), (1, Some(&field(30))));
        table.insert(field(200));
        assert_eq!((table.fields.len(), table.size), (0, 0));
    }

    #[test]
    fn a_table_grows_as_far_as_the_other_side_permits_and_no_further_than_is_kept() {
        let mut table = DynamicTable::default();
        assert!(!table.resize(5000));
        table.permit(5000);
        table.permit(100);
        assert!(table.resize(5000));
        table.permit(1 << 20);
        assert!(table.resize(LARGEST) && !table.resize(LARGEST + 1));
    }
}
