//! The first bytes of a file, as the kernel looks at them before it executes it (Linux `fs/binfmt_script.c`, elf(5)).

use porthole_model::ExecutableKind;

/// How many bytes are enough: the linker's name stands close to the headers.
pub const ENOUGH: usize = 64 * 1024;

/// A program header that names the dynamic linker.
const PT_INTERP: u64 = 3;
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

fn script(line: &[u8]) -> ExecutableKind {
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let word = line.iter().skip_while(|byte| is_blank(byte)).take_while(|byte| !is_blank(byte));
    let interpreter = String::from_utf8_lossy(&word.copied().collect::<Vec<_>>()).into_owned();
    if interpreter.is_empty() { ExecutableKind::Unknown } else { ExecutableKind::Script { interpreter } }
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
        let [table, entry_size, count] = if self.is_64 {
            [self.number(32, 8)?, self.number(54, 2)?, self.number(56, 2)?]
        } else {
            [self.number(28, 4)?, self.number(42, 2)?, self.number(44, 2)?]
        };
        let header = |index: u64| usize::try_from(table.checked_add(index * entry_size)?).ok();
        let mut headers = (0..count).map_while(header);
        let named = headers.find(|header| self.number(*header, 4) == Some(PT_INTERP))?;
        let [offset, size] = if self.is_64 {
            [self.number(named + 8, 8)?, self.number(named + 32, 8)?]
        } else {
            [self.number(named + 4, 4)?, self.number(named + 16, 4)?]
        };
        let start = usize::try_from(offset).ok()?;
        let name = self.bytes.get(start..start.checked_add(usize::try_from(size).ok()?)?)?;
        let name = name.strip_suffix(b"\0").unwrap_or(name);
        Some(String::from_utf8_lossy(name).into_owned())
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
