//! The first bytes of a file, as the kernel looks at them before it executes it (Linux `fs/binfmt_script.c`, elf(5)).

use porthole_model::ExecutableKind;

/// How many bytes are enough: the linker's name stands close to the headers.
pub const ENOUGH: usize = 64 * 1024;

/// A program header that names the dynamic linker.
const PT_INTERP: u64 = 3;
/// A program header that leads to notes, and the note in which the linker left a hash of what it wrote.
const PT_NOTE: u64 = 4;
const GNU: &[u8] = b"GNU\0";
const NT_GNU_BUILD_ID: u64 = 3;
/// Machines that engines run on, by `e_machine`.
const MACHINES: [(u64, &str); 9] = [
    (3, "i386"),
    (8, "mips"),
    (20, "ppc"),
    (21, "ppc64"),
    (22, "s390x"),
    (40, "arm"),
    (62, "x86-64"),
    (183, "aarch64"),
    (243, "riscv"),
];

/// What the kernel would make of it.
pub fn kind(start: &[u8]) -> ExecutableKind {
    if start.is_empty() {
        ExecutableKind::Empty
    } else if let Some(line) = start.strip_prefix(b"#!") {
        script(line)
    } else {
        Elf::of(start).map_or(ExecutableKind::Unknown, |elf| elf.kind())
    }
}

/// What tells this program from every other one: the hash that its linker left among the first bytes.
pub fn build_id(start: &[u8]) -> Option<&[u8]> {
    Elf::of(start)?.build_id().filter(|id| !id.is_empty())
}

fn script(line: &[u8]) -> ExecutableKind {
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let word = line.iter().skip_while(|byte| is_blank(byte)).take_while(|byte| !is_blank(byte));
    let interpreter = String::from_utf8_lossy(&word.copied().collect::<Vec<_>>()).into_owned();
    if interpreter.is_empty() { ExecutableKind::Unknown } else { ExecutableKind::Script { interpreter } }
}

/// A note of an ELF file.
struct Note<'a> {
    name: &'a [u8],
    kind: u64,
    content: &'a [u8],
}

/// An ELF file whose class and byte order are known.
struct Elf<'a> {
    bytes: &'a [u8],
    is_64: bool,
    is_little: bool,
}

impl<'a> Elf<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let is_64 = match bytes.strip_prefix(b"\x7fELF")?.first()? {
            1 => false,
            2 => true,
            _ => return None,
        };
        Some(Self { bytes, is_64, is_little: *bytes.get(5)? == 1 })
    }

    fn kind(&self) -> ExecutableKind {
        let Some(number) = self.number(18, 2) else { return ExecutableKind::Unknown };
        let known = MACHINES.iter().find(|(machine, _)| *machine == number);
        let machine = known.map_or_else(|| format!("machine {number}"), |(_, name)| (*name).to_owned());
        ExecutableKind::Elf { machine, interpreter: self.interpreter() }
    }

    fn interpreter(&self) -> Option<String> {
        let name = self.segments(PT_INTERP).next()?;
        let name = name.strip_suffix(b"\0").unwrap_or(name);
        Some(String::from_utf8_lossy(name).into_owned())
    }

    fn build_id(&self) -> Option<&'a [u8]> {
        self.segments(PT_NOTE).find_map(|mut notes| {
            while !notes.is_empty() {
                let note = self.note(&mut notes)?;
                if note.name == GNU && note.kind == NT_GNU_BUILD_ID {
                    return Some(note.content);
                }
            }
            None
        })
    }

    /// Takes the first note away: three numbers, then name and content, each padded to four bytes.
    fn note(&self, notes: &mut &'a [u8]) -> Option<Note<'a>> {
        let elf = Elf { bytes: notes, ..*self };
        let [name, content, kind] = [elf.number(0, 4)?, elf.number(4, 4)?, elf.number(8, 4)?];
        let [name, content] = [usize::try_from(name).ok()?, usize::try_from(content).ok()?];
        let place = 12_usize.checked_add(name.checked_next_multiple_of(4)?)?;
        let end = place.checked_add(content)?;
        let note = Note { name: elf.bytes.get(12..12 + name)?, kind, content: elf.bytes.get(place..end)? };
        *notes = elf.bytes.get(end.checked_next_multiple_of(4)?..).unwrap_or_default();
        Some(note)
    }

    /// What the program headers of a kind stand for, as far as it lies within these bytes.
    fn segments(&self, kind: u64) -> impl Iterator<Item = &'a [u8]> {
        self.headers().filter(move |header| self.number(*header, 4) == Some(kind)).filter_map(|header| {
            let [offset, size] = if self.is_64 {
                [self.number(header + 8, 8)?, self.number(header + 32, 8)?]
            } else {
                [self.number(header + 4, 4)?, self.number(header + 16, 4)?]
            };
            let start = usize::try_from(offset).ok()?;
            self.bytes.get(start..start.checked_add(usize::try_from(size).ok()?)?)
        })
    }

    /// Where the program headers are.
    fn headers(&self) -> impl Iterator<Item = usize> {
        let places = if self.is_64 { [(32, 8), (54, 2), (56, 2)] } else { [(28, 4), (42, 2), (44, 2)] };
        let [table, size, count] = places.map(|(offset, length)| self.number(offset, length).unwrap_or(0));
        (0..count).map_while(move |index| usize::try_from(table.checked_add(index * size)?).ok())
    }

    fn number(&self, offset: usize, length: usize) -> Option<u64> {
        let field = self.bytes.get(offset..offset.checked_add(length)?)?;
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(if self.is_little { field.iter().rev().fold(0, add) } else { field.iter().fold(0, add) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(interpreter: &str) -> ExecutableKind {
        ExecutableKind::Script { interpreter: interpreter.to_owned() }
    }

    /// Notes of other kinds, of other owners, and the one that counts.
    fn notes() -> Vec<u8> {
        let note = |name: &[u8], kind: u8, content: &[u8]| {
            let mut bytes = [u8::try_from(name.len()).unwrap(), 0, 0, 0].to_vec();
            bytes.extend([u8::try_from(content.len()).unwrap(), 0, 0, 0, kind, 0, 0, 0]);
            for part in [name, content] {
                bytes.extend(part);
                bytes.resize(bytes.len().next_multiple_of(4), 0);
            }
            bytes
        };
        [note(GNU, 1, &[9; 16]), note(b"Go\0", 3, b"not"), note(GNU, 3, b"hash!")].concat()
    }

    #[test]
    fn a_program_is_known_by_what_its_linker_left() {
        let mut program = elf();
        let header = 64 + 56;
        (program[header], program[header + 32]) = (4, u8::try_from(notes().len()).unwrap());
        program.truncate(176);
        program.extend(notes());
        assert_eq!(build_id(&program), Some(&b"hash!"[..]));
        assert_eq!(kind(&program), kind(&program[..176]));
        for length in 0..program.len() {
            build_id(&program[..length]);
        }
        program.truncate(program.len() - 3);
        assert_eq!(build_id(&program), None);
        assert_eq!(build_id(&elf()), None);
        assert_eq!(build_id(b"#!/bin/sh"), None);
    }

    /// A program for x86-64 whose second header names a linker.
    fn elf() -> Vec<u8> {
        let mut bytes = vec![0; 64 + 2 * 56];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (bytes[18], bytes[32], bytes[54], bytes[56]) = (62, 64, 56, 2);
        let header = 64 + 56;
        (bytes[header], bytes[header + 8], bytes[header + 32]) = (3, 176, 10);
        bytes.extend(b"/lib/ld.1\0");
        bytes
    }

    #[test]
    fn a_script_names_its_interpreter_as_the_kernel_reads_it() {
        assert_eq!(kind(b"#!/bin/sh\necho"), script("/bin/sh"));
        assert_eq!(kind(b"#! /usr/bin/env python3\n"), script("/usr/bin/env"));
        assert_eq!(kind(b"#!/bin/sh\r\necho"), script("/bin/sh\r"));
        assert_eq!(kind(b"#!\n"), ExecutableKind::Unknown);
    }

    #[test]
    fn a_program_names_its_machine_and_linker() {
        let expected = |interpreter: Option<&str>| ExecutableKind::Elf {
            machine: "x86-64".to_owned(),
            interpreter: interpreter.map(str::to_owned),
        };
        assert_eq!(kind(&elf()), expected(Some("/lib/ld.1")));
        let mut without = elf();
        without[64 + 56] = 1;
        assert_eq!(kind(&without), expected(None));
    }

    #[test]
    fn a_damaged_program_is_read_as_far_as_it_goes() {
        for length in 0..elf().len() {
            kind(&elf()[..length]);
        }
        let mut wild = elf();
        wild[32..40].fill(0xff);
        wild[54..58].fill(0xff);
        kind(&wild);
        assert_eq!(kind(b""), ExecutableKind::Empty);
        assert_eq!(kind(b"echo hello\n"), ExecutableKind::Unknown);
    }
}
