//! Looking a packet up in the sets and maps of nftables.

use porthole_model::firewall::{
    Elements, Field, FirewallTable, Lookup, SetElement, SetKey, SetOutcome, Verdict, VerdictMap,
};

use super::Run;
use super::truth::Truth;
use super::values::{Content, part_holds};

/// What was found in a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found<T> {
    /// This, or nothing.
    Known(Option<T>),
    /// One of these, or nothing: it depends on what is not known.
    Maybe(Vec<T>),
}

impl<T> Found<T> {
    fn map<U>(self, change: impl Fn(T) -> Option<U>) -> Found<U> {
        match self {
            Self::Known(found) => Found::Known(found.and_then(change)),
            Self::Maybe(candidates) => Found::Maybe(candidates.into_iter().filter_map(change).collect()),
        }
    }
}

impl<'s> Run<'_, 's> {
    /// Whether a lookup holds.
    pub(super) fn look_up(&self, table: &'s FirewallTable, lookup: &'s Lookup) -> Truth {
        let contents = self.contents(&lookup.fields);
        if contents.contains(&Content::Absent) {
            return Truth::No;
        }
        let Some(elements) = elements(table, &lookup.elements) else { return Truth::Maybe };
        Truth::any(elements.iter().map(|element| key_holds(&element.key, &contents)))
            .negated_if(lookup.negated)
    }

    /// The verdict that a map has for the packet.
    pub(super) fn find_verdict(&self, table: &'s FirewallTable, map: &'s VerdictMap) -> Found<Verdict> {
        self.find(table, &map.fields, &map.elements).map(|element| match &element.outcome {
            Some(SetOutcome::Verdict(verdict)) => Some(verdict.clone()),
            _ => None,
        })
    }

    /// The element that a map has for the packet.
    pub(super) fn find(
        &self,
        table: &'s FirewallTable,
        fields: &[Field],
        place: &'s Elements,
    ) -> Found<&'s SetElement> {
        let contents = self.contents(fields);
        let Some(elements) = elements(table, place) else { return Found::Maybe(Vec::new()) };
        if contents.contains(&Content::Absent) {
            return Found::Known(None);
        }
        let mut candidates = Vec::new();
        for element in elements.iter().filter(|element| element.key != SetKey::Otherwise) {
            match key_holds(&element.key, &contents) {
                Truth::Yes => return Found::Known(Some(element)),
                Truth::Maybe => candidates.push(element),
                Truth::No => {}
            }
        }
        let otherwise = elements.iter().find(|element| element.key == SetKey::Otherwise);
        if candidates.is_empty() {
            return Found::Known(otherwise);
        }
        candidates.extend(otherwise);
        Found::Maybe(candidates)
    }

    fn contents(&self, fields: &[Field]) -> Vec<Content> {
        fields.iter().map(|field| self.content(field)).collect()
    }
}

/// The elements, where they were read.
fn elements<'s>(table: &'s FirewallTable, place: &'s Elements) -> Option<&'s [SetElement]> {
    match place {
        Elements::Inline(elements) => Some(elements),
        Elements::Named(name) => table.set(name)?.elements.value().map(Vec::as_slice),
    }
}

fn key_holds(key: &SetKey, contents: &[Content]) -> Truth {
    match key {
        SetKey::Otherwise => Truth::Yes,
        SetKey::Parts(parts) if parts.len() == contents.len() => {
            Truth::all(parts.iter().zip(contents).map(|(part, content)| part_holds(part, content)))
        }
        SetKey::Parts(_) => Truth::Maybe,
    }
}
