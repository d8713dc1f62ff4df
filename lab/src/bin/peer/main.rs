//! `peer`: the small static program of the lab. It is the far end of connections, in images and outside, and the
//! first process of every lab.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this program is for")]

mod enter;
mod http;
mod init;
mod load;
mod mounts;
mod network;
mod router;
mod sockets;
mod stop;
mod tcp;
mod udp;
mod world;

use std::io;
use std::process::ExitCode;

const HELP: &str = "\
peer: the far end of a connection

  peer http [ADDRESS:]PORT    answer every request with the host name; /client: the client's address; /bytes/N: N bytes
  peer get URL                print the body behind an http:// URL; fails when the status is not 200
  peer load ADDRESS:PORT N    ask with N threads until standard input ends; tells what came of it line by line
  peer udp-echo ADDRESS:PORT… send every datagram back
  peer sink PORT              accept connections and read all that comes
  peer backlog PORT N         listen with a backlog of N and never accept
  peer connect ADDRESS:PORT   try for 3 s; prints ok (exit code 0), refused (1) or timeout (2)
  peer sockets N [PORT]       keep N TCP sockets connected over loopback
  peer advertise DEVICE ADDRESS  say each second that here is a router of IPv6, with a prefix of 64 bits
  peer idle                   wait for SIGTERM";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run(&words).unwrap_or_else(|error| {
        eprintln!("peer: {error}");
        ExitCode::from(3)
    })
}

fn run(words: &[&str]) -> io::Result<ExitCode> {
    match words {
        ["http", address] => stop::on_signal(|| http::serve(address)),
        ["get", url] => http::get(url),
        ["load", address, threads] => load::load(address, number(threads)?).map(|()| ExitCode::SUCCESS),
        ["udp-echo", addresses @ ..] if !addresses.is_empty() => stop::on_signal(|| udp::echo(addresses)),
        ["sink", port] => stop::on_signal(|| tcp::sink(port)),
        ["backlog", port, length] => stop::on_signal(|| tcp::backlog(port, number(length)?)),
        ["connect", address] => tcp::connect(address),
        ["sockets", count] => stop::on_signal(|| sockets::open(number(count)?, 7070)),
        ["sockets", count, port] => stop::on_signal(|| sockets::open(number(count)?, number(port)?)),
        ["advertise", interface, prefix] => stop::on_signal(|| router::advertise(interface, prefix)),
        ["idle"] => stop::on_signal(idle),
        // What follows is the lab's own.
        ["sockets-share", count, port] => sockets::share(number(count)?, number(port)?),
        ["join", words @ ..] => init::join(words),
        ["enter", words @ ..] => enter::enter(words),
        ["run", words @ ..] => enter::run(words),
        ["world", words @ ..] => world::world(words),
        ["init", name, directory, tree, binds @ ..] => init::init(name, directory.as_ref(), tree, binds),
        ["--help" | "-h" | "help"] => {
            println!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        _ => Err(io::Error::other(format!("no such role\n\n{HELP}"))),
    }
}

fn number<N: std::str::FromStr>(word: &str) -> io::Result<N> {
    word.parse().map_err(|_| io::Error::other(format!("`{word}` is not a number that fits")))
}

fn idle() -> io::Result<()> {
    println!("idle");
    loop {
        std::thread::park();
    }
}
