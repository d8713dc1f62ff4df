//! Who is behind a connection: the program, its user, and the container it runs in.

use std::sync::Arc;

use porthole_host::{LinuxHost, Roots};
use porthole_model::{Client, ClientAddress, Gap, GapKind, Observed, Pid, Secrets, Uid};
use porthole_tap::Resolve;

/// What looks into the kernel for a connection's client.
pub(super) fn resolver(secrets: Secrets) -> Arc<Resolve> {
    let host = LinuxHost::new(Roots::default()).with_secrets(secrets);
    Arc::new(move |address| match address {
        ClientAddress::Unix { pid: Some(pid), uid, .. } => of_process(&host, address, pid, uid),
        ClientAddress::Unix { pid: None, uid, .. } => Client {
            user: host.user_name(uid),
            ..unknown(address, "it runs in a process namespace that is not visible here")
        },
        ClientAddress::Tcp(_) => unknown(address, "TCP does not tell which program connects"),
    })
}

fn of_process(host: &LinuxHost, address: ClientAddress, pid: Pid, uid: Uid) -> Client {
    Client {
        address,
        user: host.user_name(uid),
        executable: host.executable_of(pid),
        arguments: host.arguments_of(pid),
        container: host.container_of(pid),
        certificate: None,
    }
}

fn unknown(address: ClientAddress, cause: &str) -> Client {
    let gap = Gap::new(GapKind::Unsupported, "client's program", cause);
    Client { user: Observed::Missing(gap.clone()), ..Client::unresolved(address, &gap) }
}
