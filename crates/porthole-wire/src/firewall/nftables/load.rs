//! Expressions that put something into a register, or change what is there.

use porthole_model::firewall::{Field, Fork, ForkKind, MarkChange, MarkSource, Statement};

use super::data::{self, Data};
use super::keys;
use super::kind::{Kind, host_number};
use super::part::{Content, Part};
use super::payload::{self, Header};
use super::registers::slot;
use super::translator::Translator;
use crate::netlink::attribute::Attributes;

/// `None` where the expression is not understood.
pub(super) fn take(translator: &mut Translator<'_>, name: &str, attributes: Attributes<'_>) -> Option<()> {
    match name {
        "meta" => meta(translator, attributes),
        "ct" => conntrack(translator, attributes),
        "payload" => payload(translator, attributes),
        "immediate" => immediate(translator, attributes),
        "bitwise" => bitwise(translator, attributes),
        "byteorder" => byteorder(translator, attributes),
        "exthdr" => extension_header(translator, attributes),
        "fib" => {
            let content = keys::fib(number(attributes, 2)?, number(attributes, 3)?)?;
            load(translator, attributes, 1, content)
        }
        "rt" => load(translator, attributes, 1, other(&format!("rt key {}", number(attributes, 2)?), 4)),
        "socket" => {
            load(translator, attributes, 2, other(&format!("socket key {}", number(attributes, 1)?), 4))
        }
        "osf" => load(translator, attributes, 1, other("osf name", 16)),
        "numgen" => load(translator, attributes, 1, chance("numgen")),
        "hash" => load(translator, attributes, 2, chance("hash")),
        _ => None,
    }
}

pub(super) fn number(attributes: Attributes<'_>, kind: u16) -> Option<u32> {
    attributes.find(kind)?.be32()
}

fn load(
    translator: &mut Translator<'_>,
    attributes: Attributes<'_>,
    register: u16,
    content: Content,
) -> Option<()> {
    translator.registers.set(slot(number(attributes, register)?), content);
    Some(())
}

fn other(name: &str, length: usize) -> Content {
    Content::field(Field::Other(name.to_owned()), Kind::Bytes, length)
}

fn chance(name: &str) -> Content {
    Content::Fork(Fork { kind: ForkKind::Chance, wording: name.to_owned() })
}

/// `NFTA_META_*`: a load, or with a source register a change.
fn meta(translator: &mut Translator<'_>, attributes: Attributes<'_>) -> Option<()> {
    let key = number(attributes, 2)?;
    if let Some(register) = number(attributes, 3) {
        return set_meta(translator, key, slot(register));
    }
    load(translator, attributes, 1, keys::meta(key))
}

fn set_meta(translator: &mut Translator<'_>, key: u32, source: u32) -> Option<()> {
    let statement = match key {
        3 => Statement::Mark(MarkChange { of_connection: false, source: mark(translator, source, false)? }),
        12 => Statement::Trace,
        2 => Statement::Effect("meta priority set".to_owned()),
        14 => Statement::Effect("meta secmark set".to_owned()),
        _ => return None,
    };
    translator.say(statement);
    Some(())
}

/// `NFTA_CT_*`: a load, or with a source register a change.
fn conntrack(translator: &mut Translator<'_>, attributes: Attributes<'_>) -> Option<()> {
    let key = number(attributes, 2)?;
    if let Some(register) = number(attributes, 4) {
        let statement = match key {
            3 => {
                let source = mark(translator, slot(register), true)?;
                Statement::Mark(MarkChange { of_connection: true, source })
            }
            4 => Statement::Effect("ct secmark set".to_owned()),
            13 => Statement::Effect("ct label set".to_owned()),
            17 => Statement::Effect("ct zone set".to_owned()),
            18 => Statement::Effect("ct event set".to_owned()),
            _ => return None,
        };
        translator.say(statement);
        return Some(());
    }
    let direction = attributes.find(3).and_then(|direction| direction.u8());
    let content = keys::conntrack(key, direction, translator.known.v6)?;
    load(translator, attributes, 1, content)
}

/// What a mark is set to by a register: data, or a mark under a mask.
fn mark(translator: &Translator<'_>, source: u32, of_connection: bool) -> Option<MarkSource> {
    let word = |bytes: &[u8]| host_number(bytes).and_then(|number| u32::try_from(number).ok());
    match translator.registers.get(source)? {
        Content::Data(data) => Some(MarkSource::Itself { keep: 0, flip: word(data)? }),
        Content::Fields { parts, mask, flip } => {
            let [part] = parts.as_slice() else { return None };
            let mask = mask.as_ref().map_or(Some(u32::MAX), |mask| word(mask))?;
            let flip = flip.as_ref().map_or(Some(0), |flip| word(flip))?;
            match (&part.field, of_connection) {
                (Field::Mark, false) | (Field::ConntrackMark, true) => {
                    Some(MarkSource::Itself { keep: mask, flip })
                }
                (Field::ConntrackMark, false) | (Field::Mark, true) if flip == 0 => {
                    Some(MarkSource::Other { keep: 0, take: mask })
                }
                _ => None,
            }
        }
        Content::Mapped(_) | Content::Fork(_) => None,
    }
}

/// `NFTA_PAYLOAD_*`; with a source register it changes the packet, which is not followed.
fn payload(translator: &mut Translator<'_>, attributes: Attributes<'_>) -> Option<()> {
    if attributes.find(5).is_some() {
        return None;
    }
    let header = Header::of_number(number(attributes, 2)?)?;
    let (offset, length) = (number(attributes, 3)? as usize, number(attributes, 4)? as usize);
    // The kernel allows no more (`nft_payload_init`).
    if length == 0 || length > 64 || offset > 255 {
        return None;
    }
    let parts = payload::fields(header, translator.known, offset, length);
    load(translator, attributes, 1, Content::parts(parts))
}

/// `NFTA_IMMEDIATE_*`.
fn immediate(translator: &mut Translator<'_>, attributes: Attributes<'_>) -> Option<()> {
    match data::data(attributes.find(2)?)? {
        Data::Verdict(verdict) => translator.say(Statement::Verdict(verdict)),
        Data::Value(value) => {
            let content = Content::Data(value.to_vec());
            translator.registers.set(slot(number(attributes, 1)?), content);
        }
    }
    Some(())
}

/// `NFTA_BITWISE_*`: only `(register & mask) ^ flip` is followed.
fn bitwise(translator: &mut Translator<'_>, attributes: Attributes<'_>) -> Option<()> {
    if number(attributes, 6).unwrap_or(0) != 0 {
        return None;
    }
    let (mask, flip) = (data::value(attributes, 4)?, data::value(attributes, 5)?);
    let flip = flip.iter().any(|byte| *byte != 0).then(|| flip.to_vec());
    let content = match translator.registers.get(slot(number(attributes, 1)?))? {
        Content::Fields { parts, mask: None, flip: None } => {
            Content::Fields { parts: parts.clone(), mask: Some(mask.to_vec()), flip }
        }
        _ => return None,
    };
    load(translator, attributes, 2, content)
}

/// `NFTA_BYTEORDER_*`: a number turned around is still that number.
fn byteorder(translator: &mut Translator<'_>, attributes: Attributes<'_>) -> Option<()> {
    let content = match translator.registers.get(slot(number(attributes, 1)?))? {
        Content::Fields { parts, mask: None, flip: None } => {
            let turn = |part: &Part| Part { kind: part.kind.turned(), ..part.clone() };
            Content::parts(parts.iter().map(turn).collect())
        }
        Content::Fork(fork) => Content::Fork(fork.clone()),
        _ => return None,
    };
    load(translator, attributes, 2, content)
}

/// `NFTA_EXTHDR_*`: TCP options and IPv6 extension headers; setting one is what clamping the segment size does.
fn extension_header(translator: &mut Translator<'_>, attributes: Attributes<'_>) -> Option<()> {
    let kind = attributes.find(2).and_then(|kind| kind.u8())?;
    let what = if number(attributes, 6).unwrap_or(0) == 1 { "tcp option" } else { "exthdr" };
    if attributes.find(7).is_some() {
        translator.say(Statement::Effect(format!("{what} {kind} set")));
        return Some(());
    }
    let length = number(attributes, 4)? as usize;
    load(translator, attributes, 1, other(&format!("{what} {kind}"), length))
}
