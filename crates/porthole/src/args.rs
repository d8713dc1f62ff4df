//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::commands::api::ApiArgs;
use crate::commands::cp::CpArgs;
use crate::commands::debug::DebugArgs;
use crate::commands::dns::DnsArgs;
use crate::commands::events::EventsArgs;
use crate::commands::forward::ForwardArgs;
use crate::commands::netdb::NetdbArgs;
use crate::commands::ports::PortsArgs;
use crate::commands::sockets::SocketsArgs;
use crate::commands::tap::TapArgs;
#[cfg(feature = "toolbox")]
use crate::commands::testbox::TestboxArgs;
#[cfg(feature = "toolbox")]
use crate::commands::toolbox::ToolboxArgs;
use crate::commands::traffic::TrafficArgs;
use crate::output::{OutputArgs, SourceArgs, TopologyOutput};

const EXAMPLES: &str = "\
Examples:
  porthole doctor                     what is wrong on this host, why, and how to mend it
  porthole topology                   which veth belongs to which container and bridge
  porthole sockets web --listening    who listens in the container web
  porthole ports                      is every published port really published?
  porthole explain PH011              what a finding means
  porthole -c prod doctor --through-engine
                                      the same for a remote engine, read by a short-lived helper there
  porthole snapshot -o host.zst       record everything; show it elsewhere with --from host.zst

Exit codes:
  0  done, nothing found
  1  doctor found something at or over --fail-on, traffic diff a difference, traffic verify an altered audit, or the
     engine refused a call of api
  2  porthole could not do the job
  130  interrupted";

/// Find out why something on a Docker host does not work.
#[derive(Debug, Parser)]
#[command(name = "porthole", version, about, after_long_help = EXAMPLES, propagate_version = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[expect(clippy::doc_markdown, reason = "the text is the help of the command line")]
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The engine to ask: unix:///path, tcp://host:port, ssh://user@host
    ///
    /// Without it the engine is the one the docker CLI would use: --context, DOCKER_HOST, DOCKER_CONTEXT,
    /// the current context of ~/.docker/config.json, then unix:///var/run/docker.sock.
    #[arg(short = 'H', long, global = true, value_name = "URL")]
    pub(crate) host: Option<String>,
    /// The docker context to use
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// How long the engine may take to answer, in seconds
    #[arg(long, global = true, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) timeout: std::time::Duration,
    /// When to colour the output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// Show what looks like a credential instead of masking it
    #[arg(long, global = true)]
    pub(crate) show_secrets: bool,
    /// Read the host of the engine through the engine
    ///
    /// Uploads porthole itself as a one-file image, runs it there in a short-lived container with the host's
    /// process and network namespaces, and removes the container. For a remote engine, or for a user who may use
    /// the engine but is not root. Nothing is pulled.
    #[arg(long, global = true)]
    pub(crate) through_engine: bool,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what is wrong on this host, why, and how to mend it
    ///
    /// Reads the kernel and the engine, runs every check, and prints what it found with the evidence. Where
    /// something seems broken it reads a second time and reports only what was so both times. Changes nothing without
    /// --fix.
    #[command(after_long_help = "\
Examples:
  porthole doctor
  porthole doctor --output json | jq '.findings[].code'
  porthole doctor --output html > report.html
  porthole doctor --active            try published ports, ways out and name servers as well
  porthole doctor --fail-on warning   exit code 1 for warnings too, e.g. in a pipeline
  porthole doctor --from host.zst     diagnose a recorded host
  porthole doctor --fix               mend what is safe to mend, after a question")]
    Doctor(DoctorArgs),
    /// Say what a finding means, how it arises and how to mend it
    #[command(after_long_help = "\
Examples:
  porthole explain           every code with its title
  porthole explain PH011")]
    Explain(ExplainArgs),
    /// Show which host veth belongs to which container, bridge, MAC and network
    #[command(after_long_help = "\
Examples:
  porthole topology
  porthole topology web
  porthole topology --output tree
  porthole topology --output svg > host.svg
  porthole topology --output json | jq '.rows[] | {container: .containers[0].name, veth: .outside.name}'")]
    Topology(TopologyArgs),
    /// Show the TCP, UDP and unix sockets of a container, with the processes that own them
    ///
    /// Works for images without a shell or netstat: the kernel is asked, nothing runs in the container.
    #[command(after_long_help = "\
Examples:
  porthole sockets web                   every socket of the container web
  porthole sockets web --listening       who listens, and on which address
  porthole sockets --all --port 5432     who talks to PostgreSQL, in every container
  porthole sockets pid:4711 --state established
  porthole sockets web --watch           again every 2 seconds")]
    Sockets(SocketsArgs),
    /// Show every published port, stage by stage, and where one is broken
    ///
    /// For each port of a container: who holds it on the host, its docker-proxy, the DNAT rule with its counter, what
    /// the forward chains decide, the way back, the hairpin, the target, and who listens there. Then each stage is tried:
    /// from outside (a network of porthole's own, removed after), from the host, and from the container. Says what
    /// docker-proxy does here and what would be lost without it, and how each network gets out.
    #[command(after_long_help = "\
Examples:
  porthole ports                          every published port, a row each
  porthole ports web                      every stage of the ports of web, with its rules
  porthole ports --no-probe               read only, and send nothing
  porthole ports web --watch              again every 2 seconds: which counters move?
  porthole ports --output json | jq '.ports[] | select(.served == false)'
  porthole ports --from host.zst          of a recorded host

Exit codes: 0 every port leads to a program in its container; 1 one does not; 2 it could not be told.")]
    Ports(PortsArgs),
    /// Show the way of a name from a container, server by server, and which part of it is broken
    ///
    /// Reads the container's resolv.conf and hosts file, finds the engine's resolver behind 127.0.0.11 and the servers
    /// that it asks, and asks each of them, over UDP and TCP, from the network that it is really asked from. Nothing runs
    /// in the container. Without a NAME it looks up a container on the same network, and example.com outside.
    #[command(after_long_help = "\
Examples:
  porthole dns web                        do names work in the container web?
  porthole dns web db api.example.com     these names
  porthole dns web db --output json | jq '.verdicts[0]'
  porthole dns --from-network app db      from a network, without a container
  porthole dns pid:4711 db
  porthole --through-engine dns web       where the engine runs elsewhere, or only root may look

Exit codes: 0 names are found, or what is not found is so by design; 1 something is broken; 2 it could not be told.")]
    Dns(DnsArgs),
    /// Show and record what clients and the engine say to each other
    ///
    /// A relay before the engine's socket: bytes pass unchanged and at once in both directions, and each call is shown
    /// when it ends, with who made it, how it went and how long it took. Run it with a command, or send clients to it.
    #[command(after_long_help = "\
Examples:
  porthole tap -- docker compose up -d      which calls does it make, and which of them fail?
  porthole tap                              names a socket; send clients there with DOCKER_HOST
  porthole tap --filter 'status >= 400' --record calls.db
  porthole tap --listen tcp://127.0.0.1:2375
  porthole tap -v -- docker build .         heads and bodies, too, while they pass
  porthole tap -v --filter 'operation = SystemEvents or status >= 400'
  porthole tap --raw --listen tcp://127.0.0.1:5433 --to tcp://db:5432 -x
                                            any service, as hex
  porthole tap --listen tcp://0.0.0.0:2376 --tlsdir /etc/docker/certs
                                            for other machines: who shows a certificate is let in
  porthole tap --take-over                  every client of this host's engine, as it is
  porthole tap --audit /var/log/porthole/audit.log --audit-required
  porthole -c prod tap -- docker ps         a remote engine's calls, too")]
    Tap(TapArgs),
    /// Look through, count, compare and export what a tap recorded
    #[command(after_long_help = "\
Examples:
  porthole tap --record calls.db -- docker compose up -d
  porthole traffic ls calls.db --filter failed
  porthole traffic show calls.db 17
  porthole traffic stats calls.db
  porthole traffic diff old.db new.db
  porthole traffic export calls.db --format har > calls.har
  porthole traffic verify audit.log         was the audit of porthole tap --audit altered?")]
    Traffic(TrafficArgs),
    /// Get inside a container, with tools, even where its image is empty
    ///
    /// A shell, or a command, that sees what the container sees: its files, processes, network and environment, and beside
    /// them porthole's own tools. Nothing is pulled, copied into the container or mounted there, and nothing is left.
    #[command(after_long_help = "\
Examples:
  porthole debug web                      a shell in the container web
  porthole debug web -- ss -tlnp          one command; its exit code is porthole's
  porthole debug web -- cat /etc/hosts > hosts
  porthole debug -u app -w /srv web       as the container's user app
  porthole debug -v ./tools:/mnt:ro web   with a directory of this host
  porthole debug -v pgdata:/mnt db        with a volume of the engine
  porthole debug --shell /bin/bash web    the container's own shell
  porthole debug --pause web              frozen as long as you look
  porthole debug pid:4711                 beside any process
  porthole debug crashed                  a throw-away copy of a container that does not run, and how it ended
  porthole debug --write-back crashed     its own files, to mend what keeps it from starting
  porthole debug alpine:3                 a throw-away copy of an image
  porthole debug --all -- cat /etc/resolv.conf
  porthole debug --filter label=tier=web -- ps aux
  porthole -c prod debug web              on another host, through its engine alone
  porthole debug --as-target web -- id    as the application: its user, capabilities and control group
  porthole -c prod debug -v /srv:/mnt web   with a directory of the engine's host
  porthole -c prod debug --all -- uptime  in every container there, side by side
  porthole debug --image netshoot web     with the tools of an image, which is pulled when it is missing
  porthole debug --keep night web         goes on when you detach (ctrl-p ctrl-q) or the terminal goes away
  porthole debug -d --keep job web -- sh -c 'while sleep 60; do ss -s; done'
  porthole debug ls                       the sessions that are kept
  porthole debug attach night             back to one of them
  porthole debug rm night job             ends them

A container called ls, attach, rm or help is reached by its id, or behind an option: porthole debug --mode auto ls.

Exit codes: that of the command; 127 when there is none of that name, 126 when it cannot be run, 2 when porthole \
cannot get inside. With --all and --filter, the highest; 125 stands for a container that was not entered.")]
    Debug(DebugArgs),
    /// Start a known-good container, to try networks and published ports with
    ///
    /// Its page on port 80 says where it runs and what it saw of the request: addresses, headers, and how it was
    /// reached. TCP and UDP port 7 echo. It is porthole's own program: nothing is pulled. Published ports are tried at
    /// once, and every tool of the toolbox is in it.
    #[cfg(feature = "toolbox")]
    #[command(after_long_help = "\
Examples:
  porthole testbox -p 8080:80             then open http://127.0.0.1:8080/; Ctrl-C removes it
  porthole testbox db --network app       stands in for db: does its network reach it?
  porthole testbox -d -p 80 -p 7/udp      stays; the engine chooses the host's ports
  porthole testbox ls
  porthole testbox rm db
  docker exec -it db sh                   a shell with every tool in it")]
    Testbox(TestboxArgs),
    /// Copy files in and out of a container, as its processes see them
    ///
    /// Needs no tar in the container, and sees what docker cp does not: tmpfs mounts and /proc. A running container's
    /// files are opened directly, and no link leads out of it; those of others, and of other hosts, come through the
    /// engine. Directories, and paths that end with / or /., mean what they mean to docker cp.
    #[command(after_long_help = "\
Examples:
  porthole cp web:/etc/nginx .              a directory out
  porthole cp nginx.conf web:/etc/nginx/    a file in; it is root's there
  porthole cp -a ./site/. web:/srv          what is in a directory, with users and groups
  porthole cp web:/run/app.pid -            a tar stream on standard output
  porthole cp old:/data new:/data           from container to container
  porthole cp pid:4711:/proc/1/status .     what a process of no engine sees")]
    Cp(CpArgs),
    /// Lead ports and unix sockets of this host into a container that publishes none
    ///
    /// Listens here and connects from within the container's network, until Ctrl-C. The container need not listen on
    /// more than its own loopback address, and when it is started anew, new connections find it again. Where the engine
    /// is on another host, or porthole is not run by root, connections go through the engine: porthole uploads itself
    /// once, and connects from a short-lived container there.
    #[command(after_long_help = "\
Examples:
  porthole forward web 8080:80             http://127.0.0.1:8080 is port 80 of web
  porthole forward web 80                  at a free port, which is printed
  porthole forward db 5432:5432 ./admin.sock:/run/admin.sock
  porthole forward dns 5353:53/udp
  porthole forward app 8080:/run/app.sock  a port here, a unix socket there
  porthole forward web 0.0.0.0:8080:80     other machines may connect, too
  porthole -c prod forward web 8080:80     into a container of another host
  porthole forward pid:4711 8080:80")]
    Forward(ForwardArgs),
    /// List the tools that porthole takes into a container, or run one here
    #[cfg(feature = "toolbox")]
    #[command(after_long_help = "\
Examples:
  porthole toolbox ls                       every tool, with what it does
  porthole toolbox run ps aux               one of them, here")]
    Toolbox(ToolboxArgs),
    /// Show, check, save, reset and restore what the engine keeps of its networks
    ///
    /// Docker keeps its networks in a file, local-kv.db. When that is lost or damaged, or the engine is killed at the wrong
    /// moment, containers do not start ("network ... not found"), and bridges are left behind.
    #[command(after_long_help = "\
Examples:
  porthole netdb show                 what is in it, while the engine runs
  porthole netdb check                is it whole, and does it fit the engine, the kernel and the containers?
  porthole netdb repair web           \"network ... not found\": put web back on its network
  porthole netdb backup -o /var/backups/networks.tar.zst
  porthole netdb reset                the whole drill: save, stop, move away, start
  porthole netdb restore --start /var/backups/networks.tar.zst
  porthole netdb clean                bridges and veth pairs that are nobody's")]
    Netdb(NetdbArgs),
    /// Follow what happens at an engine, without a gap
    ///
    /// One line for each event, as it happens. When the connection breaks or the engine is started anew, porthole comes
    /// back, asks for what it missed, and shows each event once; what the engine itself does not remember is said.
    #[command(after_long_help = "\
Examples:
  porthole events
  porthole events --since 10m --until 0s         what happened lately
  porthole events -f type=container -f event=die -f event=oom
  porthole events -f event=die --exec 'jq -r .name | mail -s \"a container ended\" ops'
  porthole events -f network=web --render lb.j2:/etc/haproxy/lb.cfg --notify 'systemctl reload haproxy'
  porthole events --once --render hosts.j2:/etc/hosts.containers
  porthole -c prod events --output json | jq -c 'select(.news == \"event\") | [.action, .name]'")]
    Events(EventsArgs),
    /// Make one call of the engine's API, over any endpoint that the docker CLI reaches
    ///
    /// The version is put before the path. On a terminal JSON is laid out, and what looks like a credential is masked; in a
    /// pipe an answer stays as the engine sent it. Streams come as they come, and a container's are split into standard
    /// output and standard error. Where the connection becomes that of a container (attach, exec start), the terminal is
    /// joined to it: input, end of input, size and detach keys pass.
    #[command(after_long_help = "\
Examples:
  porthole api GET /info
  porthole api GET '/containers/json?all=true' | jq -r '.[].Names[]'
  porthole api GET /containers/json -q 'filters={\"status\":[\"exited\"]}'
  porthole api ls volumes                        the calls about volumes, and what they take

Make and start a container, in two calls:
  porthole api POST /containers/create -q name=web -d '{\"Image\": \"nginx\"}'
  porthole api POST /containers/web/start

  porthole api POST '/images/create?fromImage=alpine&tag=3'
  porthole api POST /images/load -d @image.tar
  porthole api GET /containers/web/export > web.tar
  porthole api GET '/containers/web/logs?stdout=1&stderr=1&follow=1' 2> errors
  porthole api POST /containers/web/exec -d '{\"Cmd\": [\"sh\"], \"Tty\": true, \"AttachStdin\": true, \"AttachStdout\": true}'
  porthole api POST /exec/ID/start               its terminal, with the id that the call before gave
  porthole api --curl POST /containers/web/stop  the same as a line with curl
  porthole -H tcp://10.0.0.5:2376 api GET /info  behind the word api, -H is a header

Exit codes: 0 for a status below 400, 1 for one from 400 on or progress that ends with a failure, 2 when there was no whole answer.")]
    Api(ApiArgs),
    /// Record everything that the other commands read into one file
    ///
    /// The file is compressed JSON with a schema version; credentials are masked. Every command that reads a host
    /// takes it with --from.
    #[command(after_long_help = "\
Examples:
  porthole snapshot -o host.zst
  porthole snapshot -o - | ssh colleague 'cat > host.zst'
  porthole doctor --from host.zst")]
    Snapshot(SnapshotArgs),
    /// Remove what killed runs of porthole left behind
    ///
    /// Removes helper containers, testboxes that do not run, and their images from the engine, and gives an engine's
    /// socket back that a tap had taken over. Sessions of porthole debug --keep go on, and are listed; the sockets of
    /// killed ones are removed.
    #[command(after_long_help = "\
Examples:
  porthole gc
  porthole gc --sessions                  kept debug sessions, too
  porthole -c prod gc")]
    Gc(GcArgs),
    /// Print the completions of a shell
    #[command(after_long_help = "\
Examples:
  porthole completions bash > /etc/bash_completion.d/porthole
  porthole completions zsh > \"${fpath[1]}/_porthole\"
  porthole completions fish > ~/.config/fish/completions/porthole.fish")]
    Completions(CompletionsArgs),
    /// Print the man page
    #[command(after_long_help = "\
Examples:
  porthole man | man -l -
  porthole man > /usr/local/share/man/man1/porthole.1")]
    Man,
}

/// `porthole doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// The format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportOutput,
    /// The least severity that makes the exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub(crate) fail_on: FailOn,
    /// Mend what can be mended safely and be taken back, after a question for each finding
    ///
    /// Shows what will be done and how it is taken back, does it after a yes, reads the host again, and says what is
    /// left and how all of it is taken back. Where it restarts a container or the engine, deletes something, or opens
    /// what somebody closed, it is only shown. Nothing is done to the host of a remote engine.
    #[arg(long, conflicts_with = "from")]
    pub(crate) fix: bool,
    /// Do not ask before each mend
    #[arg(short, long, requires = "fix")]
    pub(crate) yes: bool,
    /// Try published ports, ways out and name servers too: packets are sent to them
    ///
    /// Connects to every published TCP port, and sends an empty datagram to every published UDP port, of containers that
    /// run: from outside, from the host, and in the container. What comes of it stands beside the findings, or is one.
    /// For "outside" there is an interface porthole0 on the host for as long as this takes. From one container of each
    /// network, and from the host to compare with, it asks the host's next router and the name servers of that
    /// container's own files, for `localhost` and for the name of a container. Needs root.
    #[arg(long, conflicts_with = "from")]
    pub(crate) active: bool,
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportOutput {
    /// For people.
    Text,
    /// For programs; the schema is docs/schema/report.json.
    Json,
    /// One self-contained page.
    Html,
}

/// What makes the exit code of doctor 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Errors.
    Error,
    /// Warnings and errors.
    Warning,
    /// Any finding.
    Note,
    /// Nothing.
    Never,
}

/// `porthole explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The code of a finding, such as PH011; without it, all are listed
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// `porthole topology`.
#[derive(Debug, clap::Args)]
pub(crate) struct TopologyArgs {
    /// The container: a name, an id, a unique prefix of either, or pid:N
    #[arg(value_name = "CONTAINER")]
    pub(crate) container: Option<String>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// The format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: TopologyOutput,
}

/// `porthole snapshot`.
#[derive(Debug, clap::Args)]
pub(crate) struct SnapshotArgs {
    /// The file to write; `-` is standard output
    #[arg(short = 'o', long = "output-file", value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Read the kernel only and ask no engine
    #[arg(long)]
    pub(crate) no_engine: bool,
    /// Try published ports, ways out and name servers too, as porthole doctor --active does, and keep what came of it
    #[arg(long, conflicts_with = "no_engine")]
    pub(crate) active: bool,
}

/// `porthole gc`.
#[derive(Debug, clap::Args)]
pub(crate) struct GcArgs {
    /// End the sessions of porthole debug --keep, too
    #[arg(long)]
    pub(crate) sessions: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// `porthole completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// A number of seconds.
pub(crate) fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let seconds: f64 =
        text.trim_end_matches('s').parse().map_err(|_| "give a number of seconds, such as 2.5")?;
    match std::time::Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() && duration.as_secs() <= 86_400 => Ok(duration),
        _ => Err("give more than 0 and at most 86400 seconds".into()),
    }
}
