//! Chains: one rule after the other, into other chains and back, to a verdict or the policy.

use porthole_model::firewall::{
    Backend, BaseChain, Chain, ChainKind, FirewallTable, Hook, Policy, TableFamily, Verdict,
};
use porthole_model::{ChainReference, Outcome, RuleReference, Step};

use super::station::{Based, Stop};
use super::{Onward, Run};

/// `NFT_JUMP_STACK_SIZE`: the kernel drops what jumps deeper.
const DEEPEST: usize = 16;

/// A rule, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Standing<'s> {
    pub(super) table: &'s FirewallTable,
    pub(super) chain: &'s Chain,
    pub(super) rule: &'s porthole_model::firewall::Rule,
    pub(super) hook: Hook,
}

impl Standing<'_> {
    pub(super) fn reference(&self) -> RuleReference {
        RuleReference {
            chain: chain_reference(self.table, self.chain, self.hook),
            position: self.rule.position,
            handle: self.rule.handle,
            text: self.rule.wording.text.clone(),
        }
    }
}

fn chain_reference(table: &FirewallTable, chain: &Chain, hook: Hook) -> ChainReference {
    ChainReference {
        hook,
        family: table.family,
        legacy: table.backend == Backend::IptablesLegacy,
        table: table.name.clone(),
        chain: chain.name.clone(),
    }
}

impl<'s> Run<'_, 's> {
    /// All that hangs at a hook.
    pub(super) fn hook(&mut self, family: TableFamily, hook: Hook) -> Onward<()> {
        self.part_of_hook(family, hook, |_| true)
    }

    /// Of what hangs at a hook, that whose priority is among these.
    pub(super) fn part_of_hook(
        &mut self,
        family: TableFamily,
        hook: Hook,
        is_among: impl Fn(i32) -> bool,
    ) -> Onward<()> {
        let stops = self.walker.stops(family, hook);
        self.flight.place.is_in_bridge = family == TableFamily::Bridge;
        for (_, stop) in stops.into_iter().filter(|(priority, _)| is_among(*priority)) {
            match stop {
                Stop::Chain(based) if based.base.kind == ChainKind::Route => self.route_chain(based)?,
                Stop::Chain(based) => self.base_chain(based)?,
                Stop::Tracking => self.track(),
                Stop::Translation(chains) => self.translate(hook, &chains)?,
            }
        }
        Ok(())
    }

    /// A chain after which the packet is routed anew where the chain changed its mark (`nf_route_table_hook`).
    fn route_chain(&mut self, based: Based<'s>) -> Onward<()> {
        let mark = self.flight.mark;
        self.base_chain(based)?;
        if based.base.hook == Hook::Output && self.flight.mark != mark { self.route_again() } else { Ok(()) }
    }

    /// A base chain: the packet goes on from it, or ends.
    pub(super) fn base_chain(&mut self, based: Based<'s>) -> Onward<()> {
        let Based { table, chain, base } = based;
        let mut stack: Vec<(&Chain, usize)> = Vec::new();
        let (mut chain, mut next) = (chain, 0);
        loop {
            let verdict = match chain.rules.get(next) {
                Some(rule) => self.rule(Standing { table, chain, rule, hook: base.hook })?,
                None => Some(Verdict::Return),
            };
            if next >= chain.rules.len() {
                self.steps.push(Step::End(chain_reference(table, chain, base.hook)));
            }
            next += 1;
            match verdict {
                None | Some(Verdict::Continue) => {}
                Some(Verdict::Return) => match stack.pop() {
                    Some(left) => (chain, next) = left,
                    None => return self.policy(based),
                },
                Some(Verdict::Jump(target)) => {
                    if stack.len() == DEEPEST {
                        return Err(Outcome::Loops);
                    }
                    stack.push((chain, next));
                    (chain, next) = (self.target(based, &target)?, 0);
                }
                Some(Verdict::Goto(target)) => (chain, next) = (self.target(based, &target)?, 0),
                Some(Verdict::Accept | Verdict::Drop | Verdict::Stolen) => return Ok(()),
            }
        }
    }

    fn target(&mut self, based: Based<'s>, name: &str) -> Onward<&'s Chain> {
        self.chains_left = self.chains_left.checked_sub(1).ok_or(Outcome::Loops)?;
        // The kernel has no jump without its target; a dump that was edited by hand may.
        let missing = || {
            let Some(Step::Rule { rule, .. }) = self.steps.last() else { return Outcome::Loops };
            Outcome::Undecided(rule.clone())
        };
        self.walker.chain(based.table, name).ok_or_else(missing)
    }

    fn policy(&mut self, based: Based<'_>) -> Onward<()> {
        let BaseChain { policy, hook, .. } = based.base;
        let chain = chain_reference(based.table, based.chain, *hook);
        let drops = *policy == Policy::Drop;
        self.steps.push(Step::Policy { chain: chain.clone(), drops });
        if drops { Err(Outcome::DroppedByPolicy(chain)) } else { Ok(()) }
    }
}
