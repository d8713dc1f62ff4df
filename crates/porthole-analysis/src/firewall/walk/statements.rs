//! Rules: their statements in order, until one does not hold or decides.

use porthole_model::firewall::{
    Backend, MarkChange, MarkSource, Nat, Reject, Statement, Unknown, UnknownEffect, Verdict, VerdictMap,
};
use porthole_model::{Outcome, RuleAction, Step};

use super::chains::Standing;
use super::connection::Tracking;
use super::sets::Found;
use super::truth::Truth;
use super::{Onward, Run, fields};

/// What became of a statement.
enum Done {
    /// The next one.
    Next,
    /// The rule does not apply.
    Left,
    /// The rule decided.
    Decided(Verdict),
}

impl<'s> Run<'_, 's> {
    /// What the rule says, where all of it holds; `Continue` where it says nothing.
    pub(super) fn rule(&mut self, standing: Standing<'s>) -> Onward<Option<Verdict>> {
        for (index, statement) in standing.rule.statements.iter().enumerate() {
            let done = match self.holds(standing, index, statement) {
                Some(true) => Done::Next,
                Some(false) => Done::Left,
                None => self.act(standing, index, statement)?,
            };
            match done {
                Done::Next => {}
                Done::Left => return Ok(None),
                Done::Decided(verdict) => return Ok(Some(verdict)),
            }
        }
        self.decide(standing, Verdict::Continue).map(Some)
    }

    /// Whether a statement that is a condition holds.
    fn holds(&mut self, standing: Standing<'s>, index: usize, statement: &'s Statement) -> Option<bool> {
        let truth = match statement {
            Statement::Match(asked) => self.matches(asked),
            Statement::Lookup(lookup) => self.look_up(standing.table, lookup),
            Statement::IpSet(lookup) => self.in_ip_set(lookup),
            Statement::Fork(_) | Statement::Unknown(Unknown { effect: UnknownEffect::Match, .. }) => {
                Truth::Maybe
            }
            _ => return None,
        };
        Some(match truth {
            Truth::Yes => true,
            Truth::No => false,
            Truth::Maybe => self.ask(standing, index, statement),
        })
    }

    /// Takes an answer for granted. The same condition has the same answer wherever it stands, also turned round.
    fn ask(&mut self, standing: Standing<'s>, index: usize, statement: &'s Statement) -> bool {
        let (question, condition, negated) = match statement {
            Statement::Match(asked) => {
                let question = format!("{:?} {:?}", asked.field, asked.tests);
                (question, format!("{} is as the rule wants it", fields::words(&asked.field)), asked.negated)
            }
            Statement::Lookup(lookup) => {
                let fields: Vec<_> = lookup.fields.iter().map(fields::words).collect();
                let question = format!("{:?} {:?}", lookup.fields, lookup.elements);
                (question, format!("{} is in the rule's set", fields.join(" and ")), lookup.negated)
            }
            Statement::IpSet(lookup) => {
                let question = format!("{:?} {:?} {:?}", lookup.set, lookup.sides, lookup.conditions);
                (question, format!("the packet is in the ipset {}", lookup.set), lookup.negated)
            }
            Statement::Fork(fork) => (of_rule(standing, index), fork.wording.clone(), false),
            Statement::Unknown(unknown) => (of_rule(standing, index), unknown.wording.clone(), false),
            _ => (of_rule(standing, index), standing.rule.wording.text.clone(), false),
        };
        self.oracle.ask(question, condition, Some(standing.reference())) != negated
    }

    fn act(&mut self, standing: Standing<'s>, index: usize, statement: &'s Statement) -> Onward<Done> {
        match statement {
            Statement::Mark(change) => {
                if self.lacks_mark(standing, *change) {
                    return Ok(Done::Left);
                }
                self.set_mark(*change);
                Ok(Done::Next)
            }
            Statement::NoTrack => {
                if self.flight.tracking == Tracking::NotYet {
                    self.flight.tracking = Tracking::Untracked;
                }
                Ok(Done::Next)
            }
            Statement::Nat(nat) => self.nat_statement(standing, nat),
            Statement::Reject(reject) => Err(self.reject(standing, *reject)),
            Statement::Queue(_) => {
                self.note(standing, RuleAction::Queue);
                Err(Outcome::Queued(standing.reference()))
            }
            Statement::Verdict(verdict) => self.decide(standing, verdict.clone()).map(Done::Decided),
            Statement::VerdictMap(map) => self.verdict_map(standing, index, map),
            Statement::Unknown(unknown) => self.unknown_action(standing, index, statement, unknown),
            // Conditions have been asked; the rest changes nothing about where the packet goes.
            _ => Ok(Done::Next),
        }
    }

    /// Notes that the rule applied, and ends the packet where it drops.
    fn decide(&mut self, standing: Standing<'s>, verdict: Verdict) -> Onward<Verdict> {
        self.note(standing, RuleAction::Verdict(verdict.clone()));
        match verdict {
            Verdict::Drop => Err(Outcome::Dropped(standing.reference())),
            Verdict::Stolen => Err(Outcome::Undecided(standing.reference())),
            other => Ok(other),
        }
    }

    fn reject(&mut self, standing: Standing<'s>, with: Reject) -> Outcome {
        self.note(standing, RuleAction::Reject(with));
        Outcome::Rejected { rule: standing.reference(), with }
    }

    fn nat_statement(&mut self, standing: Standing<'s>, nat: &'s Nat) -> Onward<Done> {
        if !self.flight.has_connection() {
            return Ok(Done::Left);
        }
        let before = self.flight.header();
        if !self.apply_nat(standing, nat)? {
            return Ok(Done::Left);
        }
        self.note(standing, RuleAction::Nat(Box::new(nat.clone())));
        self.translated(before);
        Ok(Done::Decided(Verdict::Accept))
    }

    fn verdict_map(&mut self, standing: Standing<'s>, index: usize, map: &'s VerdictMap) -> Onward<Done> {
        let found = self.find_verdict(standing.table, map);
        let verdict = match found {
            Found::Known(verdict) => verdict,
            Found::Maybe(candidates) => candidates.into_iter().enumerate().find_map(|(which, verdict)| {
                let question = format!("{} {which}", of_rule(standing, index));
                let condition = format!("the map has the packet at {verdict:?}");
                let holds = self.oracle.ask(question, condition, Some(standing.reference()));
                holds.then_some(verdict)
            }),
        };
        match verdict {
            Some(verdict) => self.decide(standing, verdict).map(Done::Decided),
            None => Ok(Done::Left),
        }
    }

    /// What is not understood may do nothing, or decide.
    fn unknown_action(
        &mut self,
        standing: Standing<'s>,
        index: usize,
        statement: &'s Statement,
        unknown: &Unknown,
    ) -> Onward<Done> {
        if self.ask(standing, index, statement) {
            self.note(standing, RuleAction::Unknown(unknown.wording.clone()));
            return Err(Outcome::Undecided(standing.reference()));
        }
        Ok(Done::Next)
    }

    /// Without a connection there is no mark to take from it: nftables leaves the rule there (`nft_ct_get_eval`), the
    /// CONNMARK of iptables goes on.
    fn lacks_mark(&self, standing: Standing<'_>, change: MarkChange) -> bool {
        let takes = !change.of_connection && matches!(change.source, MarkSource::Other { .. });
        takes && standing.table.backend == Backend::Nftables && !self.flight.has_connection()
    }

    fn set_mark(&mut self, change: MarkChange) {
        if !self.flight.has_connection()
            && (change.of_connection || matches!(change.source, MarkSource::Other { .. }))
        {
            return;
        }
        let (packet, connection) = (self.flight.mark, self.flight.connection.mark);
        let (own, other) = if change.of_connection { (connection, packet) } else { (packet, connection) };
        let mark = match change.source {
            MarkSource::Itself { keep: 0, flip } => Some(flip),
            MarkSource::Itself { keep, flip } => own.map(|own| (own & keep) ^ flip),
            MarkSource::Other { keep, take } => {
                own.zip(other).map(|(own, other)| (own & keep) ^ (other & take))
            }
        };
        if change.of_connection {
            self.flight.connection.mark = mark;
        } else {
            self.flight.mark = mark;
        }
    }

    fn note(&mut self, standing: Standing<'s>, action: RuleAction) {
        self.steps.push(Step::Rule { rule: standing.reference(), action });
    }
}

/// A question that no other rule asks.
fn of_rule(standing: Standing<'_>, index: usize) -> String {
    format!("{:?} {index}", standing.reference())
}
