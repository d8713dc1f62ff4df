//! HPACK (RFC 7541): header blocks to fields. The table that it builds up is that of the sender, so that every block
//! has to pass through here, and one that cannot be read is the end of all understanding.

mod dynamic_table;
mod huffman;
mod integer;
mod static_table;
#[cfg(test)]
mod tests;

use dynamic_table::DynamicTable;

use crate::http::Opaque;

/// The most bytes that the fields of one block come to, by the measure of section 4.1: a short block can name a long
/// field many times.
const LARGEST_LIST: usize = 256 * 1024;

/// A name and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: Vec<u8>,
    pub(super) value: Vec<u8>,
}

impl Field {
    /// The size by the measure of section 4.1.
    fn size(&self) -> usize {
        self.name.len() + self.value.len() + 32
    }
}

/// Reads the header blocks of one side of a connection.
#[derive(Debug, Default)]
pub(super) struct Decompressor {
    table: DynamicTable,
}

/// What a block says next (section 6).
enum Instruction {
    Indexed(usize),
    /// Whether it goes into the table, and the index of its name, 0 for one that is spelt out.
    Literal {
        is_kept: bool,
        name: usize,
    },
    Resize(usize),
}

impl Decompressor {
    /// The other side announced that it takes a table of that size (`SETTINGS_HEADER_TABLE_SIZE`).
    pub(super) fn permit(&mut self, size: usize) {
        self.table.permit(size);
    }

    /// The fields of a whole block.
    pub(super) fn fields(&mut self, mut block: &[u8]) -> Result<Vec<Field>, Opaque> {
        let mut fields = Vec::new();
        let mut size = 0;
        while !block.is_empty() {
            if let Some(field) = self.next_field(&mut block)? {
                size += field.size();
                fields.push(field);
            }
            if size > LARGEST_LIST {
                return Err(Opaque::LongHead);
            }
        }
        Ok(fields)
    }

    /// The next field; `None` for an instruction that gives none.
    fn next_field(&mut self, block: &mut &[u8]) -> Result<Option<Field>, Opaque> {
        let field = match instruction(block).ok_or(Opaque::Compression)? {
            Instruction::Resize(size) if self.table.resize(size) => return Ok(None),
            Instruction::Resize(_) => None,
            Instruction::Indexed(index) => self.at(index),
            Instruction::Literal { is_kept, name } => self.literal(is_kept, name, block),
        };
        field.map(Some).ok_or(Opaque::Compression)
    }

    fn literal(&mut self, is_kept: bool, name: usize, block: &mut &[u8]) -> Option<Field> {
        let name = if name == 0 { string(block)? } else { self.at(name)?.name };
        let field = Field { name, value: string(block)? };
        if is_kept {
            self.table.insert(field.clone());
        }
        Some(field)
    }

    /// The field of an index, which runs through the static table first (section 2.3.3).
    fn at(&self, index: usize) -> Option<Field> {
        let place = index.checked_sub(1)?;
        match static_table::FIELDS.get(place) {
            Some((name, value)) => {
                Some(Field { name: name.as_bytes().into(), value: value.as_bytes().into() })
            }
            None => self.table.get(place - static_table::FIELDS.len()).cloned(),
        }
    }
}

fn instruction(block: &mut &[u8]) -> Option<Instruction> {
    Some(match block.first()? {
        0x80.. => Instruction::Indexed(integer::read(block, 7)?),
        0x40..0x80 => Instruction::Literal { is_kept: true, name: integer::read(block, 6)? },
        0x20..0x40 => Instruction::Resize(integer::read(block, 5)?),
        ..0x20 => Instruction::Literal { is_kept: false, name: integer::read(block, 4)? },
    })
}

/// A string, plain or in Huffman's code (section 5.2).
fn string(block: &mut &[u8]) -> Option<Vec<u8>> {
    let is_coded = block.first()? & 0x80 != 0;
    let length = integer::read(block, 7)?;
    let (bytes, rest) = block.split_at_checked(length)?;
    *block = rest;
    if is_coded { huffman::decode(bytes) } else { Some(bytes.to_vec()) }
}
