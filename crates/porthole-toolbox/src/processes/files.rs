//! `lsof`: files and sockets that processes have open.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Parser;
use procfs::process::{FDInfo, FDPermissions, FDTarget, Process};

use super::layout;
use super::sockets::{Socket, Sockets};
use super::tasks::{processes, unless_ended};
use crate::accounts::Users;
use crate::arguments;
use crate::printable::one_line;
use crate::trouble::{Trouble, exit};

/// List files and sockets that processes have open
#[derive(Debug, Parser)]
#[command(
    name = "lsof",
    after_help = "\
Examples:
  lsof -p 1
  lsof -i :80
  lsof /var/log/app.log"
)]
struct LsofArguments {
    /// Of these processes
    #[arg(short, value_name = "PID", value_delimiter = ',')]
    pids: Vec<i32>,
    /// Sockets of the internet: all, tcp, udp, :PORT or tcp:PORT
    #[arg(short = 'i', value_name = "WHICH", num_args = 0..=1, default_missing_value = "")]
    internet: Option<String>,
    /// Print the processes alone
    #[arg(short)]
    terse: bool,
    /// Numbers in place of names, which is so anyway
    #[arg(short = 'n', hide = true)]
    numeric: bool,
    /// Numbers in place of the names of ports, which is so anyway
    #[arg(short = 'P', hide = true)]
    port_numbers: bool,
    /// Those of these files alone
    files: Vec<PathBuf>,
}

/// Which sockets of the internet are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Internet {
    protocol: Option<String>,
    port: Option<u16>,
}

/// Something open.
struct Open {
    descriptor: String,
    kind: String,
    name: String,
}

/// `lsof`.
pub(super) fn lsof(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &LsofArguments| exit("lsof", list(arguments), 1))
}

fn list(arguments: &LsofArguments) -> Result<i32, Trouble> {
    let internet = arguments.internet.as_deref().map(internet).transpose()?;
    let users = Users::read();
    let mut sockets = Sockets::default();
    let mut rows = vec![["COMMAND", "PID", "USER", "FD", "TYPE", "NAME"].map(str::to_owned).to_vec()];
    let mut pids = Vec::new();
    for process in processes()?.iter().filter(|process| arguments.names(process.pid())) {
        let Some(stat) = unless_ended(process.stat())? else { continue };
        let user = users.name(process.uid().unwrap_or_default());
        for open in opened(process, arguments, internet.as_ref(), &mut sockets) {
            pids.push(process.pid());
            let cells = [
                one_line(&stat.comm),
                process.pid().to_string(),
                user.clone(),
                open.descriptor,
                open.kind,
                one_line(&open.name),
            ];
            rows.push(cells.to_vec());
        }
    }
    let mut out = io::stdout().lock();
    if arguments.terse {
        pids.dedup();
        pids.iter().try_for_each(|pid| writeln!(out, "{pid}"))?;
    } else if !pids.is_empty() {
        layout::print(&mut out, &rows, &[false, true, false, true, false, false])?;
    }
    Ok(i32::from(pids.is_empty()))
}

impl LsofArguments {
    fn names(&self, pid: i32) -> bool {
        self.pids.is_empty() || self.pids.contains(&pid)
    }

    fn wants(&self, path: &Path) -> bool {
        self.files.is_empty()
            || self.files.iter().any(|file| file.canonicalize().is_ok_and(|file| file == path))
    }
}

/// `tcp`, `udp`, `:80`, `tcp:80`.
fn internet(text: &str) -> Result<Internet, Trouble> {
    let (protocol, port) = text.split_once(':').unwrap_or((text, ""));
    let protocol = Some(protocol.to_ascii_uppercase()).filter(|protocol| !protocol.is_empty());
    if protocol.as_ref().is_some_and(|protocol| !matches!(protocol.as_str(), "TCP" | "UDP")) {
        return Err(Trouble::new(format!("-i {text}: write tcp, udp, :PORT or tcp:PORT")));
    }
    let port = match port {
        "" => None,
        port => Some(port.parse().map_err(|_| Trouble::new(format!("-i {text}: {port} is no port")))?),
    };
    Ok(Internet { protocol, port })
}

impl Internet {
    fn wants(&self, socket: &Socket) -> bool {
        socket.kind != "unix"
            && self.protocol.as_ref().is_none_or(|protocol| protocol == socket.protocol)
            && self.port.is_none_or(|port| socket.ports.contains(&port))
    }
}

/// What a process has open. Of a process of another user one may be told nothing.
fn opened(
    process: &Process,
    arguments: &LsofArguments,
    internet: Option<&Internet>,
    sockets: &mut Sockets,
) -> Vec<Open> {
    let mut opened = Vec::new();
    if internet.is_none() {
        let places = [("cwd", process.cwd()), ("rtd", process.root()), ("txt", process.exe())];
        let places = places.into_iter().filter_map(|(name, read)| Some((name, read.ok()?)));
        opened.extend(places.filter(|(_, path)| arguments.wants(path)).map(|(name, path)| Open {
            descriptor: name.to_owned(),
            kind: kind(&path).to_owned(),
            name: path.display().to_string(),
        }));
    }
    let Ok(descriptors) = process.fd() else { return opened };
    for descriptor in descriptors.filter_map(Result::ok) {
        opened.extend(described(process, &descriptor, arguments, internet, sockets));
    }
    opened
}

fn described(
    process: &Process,
    descriptor: &FDInfo,
    arguments: &LsofArguments,
    internet: Option<&Internet>,
    sockets: &mut Sockets,
) -> Option<Open> {
    let number = format!("{}{}", descriptor.fd, access(descriptor));
    let open =
        |kind: &str, name: String| Some(Open { descriptor: number.clone(), kind: kind.to_owned(), name });
    if let FDTarget::Socket(inode) = descriptor.target {
        let socket = sockets.of(process, inode);
        if !arguments.files.is_empty()
            || internet.is_some_and(|wanted| !socket.is_some_and(|each| wanted.wants(each)))
        {
            return None;
        }
        return match socket {
            Some(socket) if socket.kind == "unix" => open("unix", socket.name.clone()),
            Some(socket) => open(socket.kind, format!("{} {}", socket.protocol, socket.name)),
            None => open("sock", format!("socket:[{inode}]")),
        };
    }
    if internet.is_some() {
        return None;
    }
    match &descriptor.target {
        FDTarget::Path(path) if arguments.wants(path) => open(kind(path), path.display().to_string()),
        _ if !arguments.files.is_empty() => None,
        FDTarget::Pipe(inode) => open("FIFO", format!("pipe:[{inode}]")),
        FDTarget::AnonInode(name) => open("a_inode", format!("[{name}]")),
        FDTarget::MemFD(name) => open("REG", format!("/memfd:{name}")),
        FDTarget::Other(name, inode) => open("unknown", format!("{name}:[{inode}]")),
        FDTarget::Unknown(kind, name) => open("unknown", format!("{kind}:{name}")),
        FDTarget::Net(inode) => open("unknown", format!("net:[{inode}]")),
        FDTarget::Path(_) | FDTarget::Socket(_) => None,
    }
}

fn access(descriptor: &FDInfo) -> char {
    let mode = descriptor.mode();
    match (mode.contains(FDPermissions::READ), mode.contains(FDPermissions::WRITE)) {
        (true, true) => 'u',
        (_, true) => 'w',
        _ => 'r',
    }
}

/// The path may be that of another root directory; then it is a file to us.
fn kind(path: &Path) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let Ok(metadata) = path.metadata() else { return "REG" };
    let kind = metadata.file_type();
    match (kind.is_dir(), kind.is_char_device(), kind.is_block_device(), kind.is_fifo()) {
        (true, ..) => "DIR",
        (_, true, ..) => "CHR",
        (_, _, true, _) => "BLK",
        (.., true) => "FIFO",
        _ => "REG",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sockets_that_are_wanted() {
        let wanted =
            |protocol: Option<&str>, port| Internet { protocol: protocol.map(ToOwned::to_owned), port };
        assert_eq!(internet("").unwrap(), wanted(None, None));
        assert_eq!(internet(":80").unwrap(), wanted(None, Some(80)));
        assert_eq!(internet("tcp:443").unwrap(), wanted(Some("TCP"), Some(443)));
        assert!(internet("icmp").is_err() && internet(":http").is_err());
    }
}
