//! Whether a line of iptables-save tells all of a rule.
//!
//! Of a rule that nft put into a table of iptables, iptables-nft-save prints what it understands and may leave out the
//! rest without a word: a rule for one address then reads as one for all.

use porthole_model::firewall::{Field, InterfaceSide, NatKind, PacketSide, Statement, Verdict};

/// Whether each statement has an option in the line that could be its.
pub(super) fn tells_all(line: &str, statements: &[Statement]) -> bool {
    statements.iter().all(|statement| tells(line, statement))
}

fn tells(line: &str, statement: &Statement) -> bool {
    match statement {
        Statement::Match(condition) => has_any(line, options(&condition.field)),
        Statement::Fork(_) | Statement::IpSet(_) => has_any(line, &["-m"]),
        Statement::Counter(_) => true,
        Statement::Nat(nat) => has_target(line, nat_target(nat.kind)),
        Statement::Verdict(verdict) => tells_verdict(line, verdict),
        Statement::Mark(_)
        | Statement::NoTrack
        | Statement::Trace
        | Statement::Log(_)
        | Statement::Effect(_)
        | Statement::Reject(_)
        | Statement::Queue(_) => has_any(line, &["-j"]),
        // What iptables made and porthole does not know are matches and targets of x_tables.
        Statement::Unknown(unknown) => unknown.wording.starts_with("xt "),
        Statement::Lookup(_) | Statement::VerdictMap(_) => false,
    }
}

fn has_any(line: &str, options: &[&str]) -> bool {
    line.split(' ').any(|word| options.contains(&word))
}

/// The options that ask for a field.
fn options(field: &Field) -> &'static [&'static str] {
    match field {
        Field::Interface(InterfaceSide::In) => &["-i"],
        Field::Interface(InterfaceSide::Out) => &["-o"],
        Field::Address(PacketSide::Source) => &["-s", "--src-range"],
        Field::Address(PacketSide::Destination) => &["-d", "--dst-range"],
        Field::Protocol => &["-p"],
        Field::Port(PacketSide::Source) => &["--sport", "--sports"],
        Field::Port(PacketSide::Destination) => &["--dport", "--dports"],
        Field::IsFragment => &["-f"],
        Field::ConntrackState => &["--ctstate", "--state"],
        Field::TcpFlags => &["--tcp-flags"],
        // What no option of iptables asks for.
        Field::InterfaceIndex(_)
        | Field::Bridge(_)
        | Field::EtherType
        | Field::NetworkProtocol
        | Field::NextHeader
        | Field::RouteInterface(_)
        | Field::RouteInterfaceIndex(_)
        | Field::Other(_) => &[],
        _ => &["-m"],
    }
}

fn nat_target(kind: NatKind) -> &'static str {
    match kind {
        NatKind::Source => "SNAT",
        NatKind::Destination => "DNAT",
        NatKind::Masquerade => "MASQUERADE",
        NatKind::Redirect => "REDIRECT",
    }
}

fn tells_verdict(line: &str, verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Accept => has_target(line, "ACCEPT"),
        Verdict::Drop => has_target(line, "DROP"),
        Verdict::Return => has_target(line, "RETURN"),
        Verdict::Jump(chain) => has_target(line, chain),
        Verdict::Goto(chain) => line.ends_with(&format!("-g {chain}")),
        Verdict::Continue | Verdict::Stolen => false,
    }
}

/// The target is the last option with its own options behind it.
fn has_target(line: &str, target: &str) -> bool {
    line.rsplit_once("-j ").is_some_and(|(_, rest)| rest.split(' ').next() == Some(target))
}

#[cfg(test)]
mod tests {
    use porthole_model::firewall::{Elements, Lookup, Match, Value};

    use super::*;

    fn from(address: &str) -> Statement {
        let address = Value::Address(address.parse().unwrap());
        Statement::Match(Match::is(Field::Address(PacketSide::Source), address))
    }

    #[test]
    fn a_line_that_leaves_something_out_is_noticed() {
        let rule = [from("10.0.0.1"), Statement::Verdict(Verdict::Drop)];
        assert!(tells_all("-A INPUT -s 10.0.0.1/32 -j DROP", &rule));
        assert!(!tells_all("-A INPUT -j DROP", &rule));
        assert!(!tells_all("-A INPUT -s 10.0.0.1/32", &rule));
        let fields = vec![Field::Protocol, Field::Port(PacketSide::Source)];
        let lookup = Lookup { fields, negated: false, elements: Elements::Named("set".into()) };
        assert!(!tells_all("-A INPUT -p tcp --sport 1 -j DROP", &[Statement::Lookup(lookup)]));
    }

    #[test]
    fn a_jump_leads_where_the_line_says() {
        let jump = [Statement::Verdict(Verdict::Jump("DOCKER".into()))];
        assert!(tells_all("-A FORWARD -j DOCKER", &jump));
        assert!(!tells_all("-A FORWARD -j DOCKER-USER", &jump));
        assert!(!tells_all("-A FORWARD -g DOCKER", &jump));
    }
}
