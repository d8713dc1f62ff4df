//! The rules of programs that no engine of the lab runs: those of firewalld as it laid them, and those of Docker 29 with its
//! nftables back end in the shape that its sources describe.

use super::network::Network;
use super::random::{compare, load};
use super::rule_maker;

/// Each rule set this often, with other packets and settings of the kernel.
const ROUNDS: u64 = 25;

#[test]
fn walk_and_kernel_meet_the_same_rules_of_firewalld() {
    compare_file("firewalld-1.3-docker-zone");
    compare_file("firewalld-1.3-drop-zone");
}

/// It is the shape of Docker 29's rules, and not the program.
#[test]
fn walk_and_kernel_meet_the_same_rules_in_the_shape_of_docker_29() {
    compare_file("docker-29-shape");
    compare_file("docker-29-shape-without-proxy");
}

fn compare_file(name: &str) {
    let path = format!("{}/../../fixtures/firewalls/{name}.nft", env!("CARGO_MANIFEST_DIR"));
    let rules = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    // The bridge that firewalld has in a zone is the first one here.
    let rules = if name.starts_with("firewalld") { rules.replace("docker0", "br0") } else { rules };
    compare(ROUNDS, &|network, _| lay(network, &rules));
}

fn lay(network: &Network, rules: &str) -> Result<String, String> {
    let witnesses = rule_maker::witnesses();
    let script = format!("nft flush ruleset\nnft -f - <<'END'\n{rules}END\nnft -f - <<'END'\n{witnesses}END");
    load(network, &script).map(|()| rules.to_owned())
}
