//! Very many connected TCP sockets in one network namespace, held by a few processes.

use std::io::{self, BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors of a process beside its sockets.
const RESERVE: u64 = 64;

/// Connections to one listener; a client has about 28,000 ports.
const TO_ONE_PORT: usize = 10_000;

/// Keeps `count` connected sockets (both ends count) on ports from `port` on, and says so when all are open.
pub(crate) fn open(count: usize, port: u16) -> io::Result<()> {
    let share = descriptors()?.min(2 * TO_ONE_PORT) & !1;
    let shares = count.div_ceil(share);
    let holders: io::Result<Vec<Child>> = (0..shares)
        .map(|number| {
            let offset = u16::try_from(number).map_err(io::Error::other)?;
            hold(share.min(count - number * share), port + offset)
        })
        .collect();
    let mut holders = holders?;
    for holder in &mut holders {
        wait_ready(holder)?;
    }
    println!("{count} sockets open");
    loop {
        std::thread::park();
    }
}

/// The work of one process: a listener and its connections, held until the parent goes.
pub(crate) fn share(count: usize, port: u16) -> io::Result<std::process::ExitCode> {
    descriptors()?;
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let listener = TcpListener::bind(address)?;
    let mut held = Vec::with_capacity(count);
    while held.len() < count {
        held.push(TcpStream::connect(address)?);
        held.push(listener.accept()?.0);
    }
    println!("ready");
    loop {
        std::thread::park();
    }
}

/// Raises this process's limit as far as it goes; how many sockets one process can hold.
fn descriptors() -> io::Result<usize> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    usize::try_from(hard.saturating_sub(RESERVE)).map_err(io::Error::other)
}

fn hold(count: usize, port: u16) -> io::Result<Child> {
    Command::new("/proc/self/exe")
        .args(["sockets-share", &count.to_string(), &port.to_string()])
        .stdout(Stdio::piped())
        .spawn()
}

fn wait_ready(holder: &mut Child) -> io::Result<()> {
    let mut line = String::new();
    if let Some(pipe) = &mut holder.stdout {
        BufReader::new(pipe).read_line(&mut line)?;
    }
    if line == "ready\n" { Ok(()) } else { Err(io::Error::other("a process could not open its share")) }
}
