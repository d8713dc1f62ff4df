//! Whether an engine relays what its rules do not catch by docker-proxy processes, or leaves all to the kernel.

use porthole_model::firewall::{
    ChainKind, Field, Hook, Match, PacketSide, Rule, Statement, Value, ValueTest, Verdict,
};
use porthole_model::{IpPrefix, NetworkStack, Snapshot};

use crate::places::engine_namespace;

/// The chain of the engine's rules for published ports.
const CHAIN: &str = "DOCKER";

/// Who relays to published ports what is sent to a loopback address, or by the container itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relaying {
    /// docker-proxy processes.
    Proxies,
    /// The kernel alone: the engine runs with `userland-proxy` off.
    Kernel,
}

/// What the engine's own rule for packets that the host itself sends says, or its settings; `None` where neither does.
///
/// With docker-proxy that rule leaves out what is sent to 127.0.0.0/8 (moby's `iptables.go`, `hairpinMode`).
pub(crate) fn relaying(snapshot: &Snapshot) -> Option<Relaying> {
    let stack = engine_namespace(snapshot).ok()?.stack.value()?;
    by_rules(stack).or_else(|| by_settings(snapshot))
}

/// What says that there are no docker-proxy processes: where it was read, and what stood there.
pub(crate) fn without_proxies(snapshot: &Snapshot) -> (&'static str, &'static str) {
    let stack = engine_namespace(snapshot).ok().and_then(|namespace| namespace.stack.value());
    if stack.and_then(by_rules) == Some(Relaying::Kernel) {
        ("the engine's rule in the chain OUTPUT of table nat", "holds for 127.0.0.0/8 too")
    } else {
        ("the engine's setting userland-proxy", "false")
    }
}

fn by_rules(stack: &NetworkStack) -> Option<Relaying> {
    let tables = stack.firewall.value()?.tables().filter(|table| !table.dormant);
    let chains = tables.flat_map(|table| &table.chains).filter(|chain| {
        let base = chain.base.as_ref();
        base.is_some_and(|base| base.hook == Hook::Output && base.kind == ChainKind::Nat)
    });
    let mut ours = chains.flat_map(|chain| &chain.rules).filter(|rule| leads_to_engine(rule)).peekable();
    ours.peek()?;
    Some(if ours.any(|rule| !leaves_loopback_out(rule)) { Relaying::Kernel } else { Relaying::Proxies })
}

fn leads_to_engine(rule: &Rule) -> bool {
    let leads = |statement: &Statement| matches!(statement, Statement::Verdict(Verdict::Jump(chain)) if chain == CHAIN);
    rule.statements.iter().any(leads)
}

fn leaves_loopback_out(rule: &Rule) -> bool {
    let is_loopback = |test: &ValueTest| match test {
        ValueTest::Is(Value::Address(address)) | ValueTest::Prefix(IpPrefix { address, .. }) => {
            address.is_loopback()
        }
        _ => false,
    };
    let leaves_out = |each: &Match| {
        each.negated
            && each.field == Field::Address(PacketSide::Destination)
            && each.tests.iter().any(is_loopback)
    };
    rule.statements.iter().any(|statement| matches!(statement, Statement::Match(each) if leaves_out(each)))
}

/// The settings are as they are now; the engine may have been started with others that nobody sees.
fn by_settings(snapshot: &Snapshot) -> Option<Relaying> {
    let settings = snapshot.engine.value()?.settings.value()?;
    (settings.userland_proxy == Some(false)).then_some(Relaying::Kernel)
}
