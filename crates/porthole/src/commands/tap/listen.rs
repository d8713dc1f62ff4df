//! Where clients connect, and how they are told.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use porthole_model::Gid;
use porthole_tap::{ListenAddress, ListenError, Listener};

use super::{TapArgs, tls};
use crate::error::CommandError;
use crate::world::World;

/// What the arguments ask for; a socket of its own name when a command is run beside.
pub(super) fn address(args: &TapArgs, world: &World) -> Result<ListenAddress, CommandError> {
    let unix = |path| ListenAddress::Unix { path, mode: args.mode, group: args.group.map(Gid) };
    let Some(url) = &args.listen else {
        let name = if args.command.is_empty() {
            "tap.sock".into()
        } else {
            format!("tap-{}.sock", std::process::id())
        };
        args.tls.refuse_without_port()?;
        return Ok(unix(private_directory(&world.settings.runtime_directory())?.join(name)));
    };
    match url.split_once("://") {
        Some(("unix", path)) if path.starts_with('/') => {
            args.tls.refuse_without_port()?;
            Ok(unix(path.into()))
        }
        Some(("tcp", address)) => {
            let address: SocketAddr = address.parse().map_err(|_| wrong(url))?;
            Ok(match args.tls.files(!args.command.is_empty())? {
                Some(files) => ListenAddress::Tls { address, files },
                None => ListenAddress::Tcp { address, insecure: args.insecure },
            })
        }
        _ => Err(wrong(url)),
    }
}

fn wrong(url: &str) -> CommandError {
    CommandError::new(format!("cannot listen on {url:?}"))
        .hint("give unix:///path/of/a.sock, or tcp:// with an IP address and a port: tcp://127.0.0.1:2375")
}

/// A directory that nobody else can enter.
fn private_directory(path: &Path) -> Result<PathBuf, CommandError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => Ok(path.to_owned()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(path.to_owned()),
        Err(error) => {
            Err(CommandError::caused_by(format!("cannot make the directory {}", path.display()), error)
                .hint("give another place with --listen unix:///path/of/a.sock"))
        }
    }
}

/// The listener's address, as `DOCKER_HOST` takes it.
pub(super) fn url(listener: &Listener) -> String {
    match (listener.path(), listener.port()) {
        (Some(path), _) => format!("unix://{}", path.display()),
        (None, Some(address)) => format!("tcp://{address}"),
        (None, None) => String::new(),
    }
}

/// Why the address cannot be listened on.
pub(super) fn refused(error: ListenError) -> CommandError {
    let hint = match &error {
        ListenError::Exposed { .. } => {
            "ask clients for certificates with --tlsdir, listen on 127.0.0.1, or say --insecure if every machine \
             that reaches it may command the engine"
        }
        ListenError::Tls(fault) => tls::hint(fault),
        _ => "give another place with --listen",
    };
    CommandError::caused_by("cannot listen for clients", error).hint(hint)
}

/// Permissions in octal.
pub(super) fn mode(text: &str) -> Result<u32, String> {
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o777 => Ok(mode),
        _ => Err("give permissions in octal, such as 660".into()),
    }
}
