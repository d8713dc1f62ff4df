//! Listing many rules that iptables-nft laid: porthole's reader beside iptables-save and nft.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use porthole_host::{LinuxHost, Roots};

use crate::args::Args;
use crate::error::BenchError;
use crate::figures;
use crate::machine;
use crate::race::{self, Contender, Ground, Scenario};
use crate::readme;
use crate::sample::Sample;

/// How long a namespace may take to be there.
const PATIENCE: Duration = Duration::from_secs(5);

/// Measures, prints, and writes the page if asked to.
pub(crate) fn bench(args: &Args, rules: usize) -> Result<(), BenchError> {
    let load = machine::load()?;
    let namespace = Namespace::new()?;
    eprintln!("laying {rules} rules");
    namespace.lay(&ruleset(rules))?;
    let scenario = scenario(rules)?;
    let results = race::run(&namespace, &scenario, args.rounds, &mut |line| eprintln!("{line}"))?;
    let tools = format!("{}; {}", first_line("iptables-nft")?, first_line("nft")?);
    let machine = machine::describe_beside(&tools, args.rounds, &load)?;
    let text = format!("{machine}\n{}", figures::table(&scenario, &results));
    println!("{text}");
    if args.write { readme::write("firewall.md", &text) } else { Ok(()) }
}

/// Prints a line for each rule of this process's namespace.
pub(crate) fn list(wording: bool) -> Result<(), BenchError> {
    let firewall = LinuxHost::new(Roots::default()).own_firewall(wording);
    let firewall = firewall.known().map_err(|gap| BenchError::Rules(gap.to_string()))?;
    if let Some(gap) = firewall.gaps().chain(&firewall.wording_gaps).next() {
        return Err(BenchError::Rules(gap.to_string()));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    for table in firewall.tables() {
        for rule in table.chains.iter().flat_map(|chain| &chain.rules) {
            writeln!(out, "{}", rule.wording.text).map_err(BenchError::io("print the rules"))?;
        }
    }
    out.flush().map_err(BenchError::io("print the rules"))
}

/// What a tool says of its version.
fn first_line(tool: &str) -> Result<String, BenchError> {
    let output = Command::new(tool).arg("--version").output();
    let output = output.map_err(BenchError::io(format!("run {tool}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn scenario(rules: usize) -> Result<Scenario, BenchError> {
    let this = std::env::current_exe().map_err(BenchError::io("find this program"))?;
    let this = this.to_string_lossy();
    let contenders = vec![
        Contender::new("porthole's reader", &[&this, "rules"], "172.17.", rules),
        Contender::new(
            "porthole's reader, iptables-save's words",
            &[&this, "rules", "--wording"],
            "-A ",
            rules,
        ),
        Contender::new("`iptables-nft-save -c`", &["iptables-nft-save", "-c"], "-A ", rules),
        Contender::new("`nft list ruleset`", &["nft", "list", "ruleset"], "172.17.", rules),
        // The whole of the JSON is one line.
        Contender::new("`nft -j list ruleset`", &["nft", "-j", "list", "ruleset"], "172.17.", 1),
    ];
    Ok(Scenario { title: format!("{rules} rules of iptables-nft"), contenders })
}

/// Half translations of published ports, half the permissions that belong to them.
fn ruleset(rules: usize) -> String {
    let half = rules / 2;
    let mut text = format!("*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n{}", translations(half));
    text.push_str("COMMIT\n*filter\n:FORWARD ACCEPT [0:0]\n:DOCKER - [0:0]\n");
    for number in half..rules {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "-A DOCKER -d {}/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT",
            address(number)
        );
    }
    text.push_str("COMMIT\n");
    text
}

/// What an engine lays for so many published ports.
pub(crate) fn translations(ports: usize) -> String {
    let rule = |number| {
        format!(
            "-A DOCKER ! -i docker0 -p tcp -m tcp --dport {} -j DNAT --to-destination {}:80\n",
            number + 1,
            address(number)
        )
    };
    (0..ports).map(rule).collect()
}

/// An address of the default network, the same for the same number.
pub(crate) fn address(number: usize) -> String {
    format!("172.17.{}.{}", number / 250 % 250, number % 250 + 1)
}

/// A network namespace that a sleeping process holds.
struct Namespace {
    holder: Child,
}

impl Namespace {
    fn new() -> Result<Self, BenchError> {
        let mut command = Command::new("unshare");
        command.args(["--net", "sleep", "infinity"]).stdin(Stdio::null());
        let holder = command.spawn().map_err(BenchError::io("run unshare"))?;
        let namespace = Self { holder };
        namespace.wait()?;
        Ok(namespace)
    }

    /// `unshare` becomes `sleep` once the namespace is there.
    fn wait(&self) -> Result<(), BenchError> {
        let begin = std::time::Instant::now();
        let name = format!("/proc/{}/comm", self.holder.id());
        while begin.elapsed() < PATIENCE {
            if std::fs::read_to_string(&name).is_ok_and(|name| name.trim() == "sleep") {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(BenchError::Rules("the network namespace did not come about".to_owned()))
    }

    fn enter(&self, command: &[&str]) -> Command {
        let mut entering = Command::new("nsenter");
        entering.arg(format!("--net=/proc/{}/ns/net", self.holder.id())).args(command);
        entering
    }

    fn lay(&self, ruleset: &str) -> Result<(), BenchError> {
        let failed = || BenchError::io("run iptables-nft-restore");
        let mut command = self.enter(&["iptables-nft-restore"]);
        let mut child = command.stdin(Stdio::piped()).spawn().map_err(failed())?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(ruleset.as_bytes()).map_err(failed())?;
        }
        let status = child.wait().map_err(failed())?;
        if status.success() {
            return Ok(());
        }
        Err(BenchError::Failed { command: "iptables-nft-restore".to_owned(), status: status.to_string() })
    }
}

impl Ground for Namespace {
    fn measure(&self, contender: &Contender) -> Result<Sample, BenchError> {
        let this = std::env::current_exe().map_err(BenchError::io("find this program"))?;
        let mut runner =
            self.enter(&[&this.to_string_lossy(), "measure", &format!("--row={}", contender.row), "--"]);
        let output = runner.args(&contender.command).output().map_err(BenchError::io("run nsenter"))?;
        if !output.status.success() {
            let status = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(BenchError::Failed { command: contender.command.join(" "), status });
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Who held the namespace may have ended already; there is no one to tell.
        let _ended = self.holder.kill().and_then(|()| self.holder.wait());
    }
}
