//! The demo: a host with a small application in which nothing is wrong.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitCode};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use nix::sys::signal::Signal;
use porthole_lab::{Lab, LabError};

use crate::args::Host;
use crate::{owner, print, signals};

/// One container of the application.
struct Service {
    name: &'static str,
    options: &'static [&'static str],
    image: &'static str,
    command: &'static [&'static str],
}

const WEB: &str = "mkdir -p /www && echo '<h1>shop</h1>' >/www/index.html && exec httpd -f -p 80 -h /www";
const VISITOR: &str = "trap exit TERM; while :; do
  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 10.77.0.2 8080 >/dev/null; sleep 5 & wait
done";

const SERVICES: &[Service] = &[
    Service {
        name: "db",
        options: &["--network", "shop", "--restart", "unless-stopped"],
        image: "bb:1",
        command: &["nc", "-ll", "-p", "5432", "-e", "cat"],
    },
    Service {
        name: "api",
        options: &["--network", "shop", "--restart", "unless-stopped", "--publish", "8081:8081"],
        image: "peer:1",
        command: &["http", "8081"],
    },
    Service {
        name: "web",
        options: &["--network", "shop", "--restart", "unless-stopped", "--publish", "8080:80"],
        image: "bb:1",
        command: &["sh", "-c", WEB],
    },
    Service { name: "visitor", options: &[], image: "bb:1", command: &["sh", "-c", VISITOR] },
];

/// How long the programs have to listen before the application counts as running.
const SETTLE: Duration = Duration::from_secs(4);

/// Runs the demo for one command, or until a signal.
pub(crate) fn demo(host: &Host, command: &[String]) -> Result<ExitCode, LabError> {
    let signals = signals::catch()?;
    let name = format!("demo-{}", std::process::id());
    let lab = owner::builder(host)?.name(&name).without_slot().start()?;
    fill(&lab)?;
    let code = match command.split_first() {
        Some((program, arguments)) if signals.recv_timeout(SETTLE).is_err() => {
            let child = lab.command(program).args(arguments).spawn();
            let child = child.map_err(|source| LabError::Io { attempt: format!("run {program}"), source })?;
            wait(child, &signals)?
        }
        Some(_) => 130,
        None => {
            describe(&lab);
            signals.recv().ok();
            0
        }
    };
    lab.down()?;
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

fn fill(lab: &Lab) -> Result<(), LabError> {
    lab.docker(&["network", "create", "shop"]).ok()?;
    for service in SERVICES {
        let begin = ["run", "--detach", "--stop-timeout", "1", "--name", service.name];
        lab.docker(&[&begin, service.options, &[service.image], service.command].concat()).ok()?;
    }
    Ok(())
}

fn describe(lab: &Lab) {
    let name = lab.name();
    print::line(&format!(
        "{} runs on {name}: web on port 8080, api on 8081, db inside the network shop, visitor on the default bridge\n\
         \x20 lab docker {name} -- ps\n\
         \x20 lab exec {name} -- bash\n\
         \x20 lab outside {name} -- curl http://10.77.0.2:8080/\n\
         Ctrl-C ends it",
        lab.engine()
    ));
}

/// The command gets Ctrl-C from the terminal itself; the other signals are for the whole demo.
fn wait(mut child: Child, signals: &Receiver<Signal>) -> Result<i32, LabError> {
    loop {
        let ended = child.try_wait();
        let ended =
            ended.map_err(|source| LabError::Io { attempt: "wait for the command".to_owned(), source })?;
        if let Some(status) = ended {
            return Ok(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)));
        }
        match signals.recv_timeout(Duration::from_millis(10)) {
            Ok(Signal::SIGINT) | Err(RecvTimeoutError::Timeout) => {}
            Ok(_) | Err(RecvTimeoutError::Disconnected) => drop(child.kill()),
        }
    }
}
