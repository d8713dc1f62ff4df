//! What a user can do about an engine that does not answer.

use super::ConnectCause;
use crate::transport::{Membership, SocketPermission, TlsFault};

/// What to do about `cause`; `None` where the cause itself says all that is known.
pub(super) fn of(cause: &ConnectCause) -> Option<String> {
    Some(match cause {
        ConnectCause::NoSocket { .. } | ConnectCause::StaleSocket { .. } => {
            "start the engine (systemctl start docker), or name another with --host or --context".to_owned()
        }
        ConnectCause::NotASocket { path, .. } => {
            format!("remove {} and start the engine, which then makes its socket", path.display())
        }
        ConnectCause::PermissionDenied(permission) => of_permission(permission),
        ConnectCause::DirectoryDenied { .. } => "run porthole as root".to_owned(),
        ConnectCause::QueueFull { .. } | ConnectCause::Silent { .. } => {
            "the engine hangs: see its log (journalctl -u docker), and whether its disk is full or its process stopped"
                .to_owned()
        }
        ConnectCause::TooSlow { .. } => "check the way to the host, or allow more time".to_owned(),
        ConnectCause::Closed => "see the log of what listens there".to_owned(),
        ConnectCause::NotHttp { .. } | ConnectCause::NotAnEngine { .. } => {
            "check the address; another program listens there".to_owned()
        }
        ConnectCause::Refused { .. } => {
            "start the engine there with this address (dockerd -H), or name another with --host".to_owned()
        }
        ConnectCause::Unreachable { .. } => "check the routes and the firewall on the way".to_owned(),
        ConnectCause::NameNotResolved { .. } => "check the name, or give the address instead".to_owned(),
        ConnectCause::Tls { fault, .. } => return of_tls(fault),
        ConnectCause::WantsTls => {
            "set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or use a context that holds certificates".to_owned()
        }
        ConnectCause::Ssh { .. } => "try the same with: ssh HOST docker version".to_owned(),
        ConnectCause::SshNotInstalled { .. } => "install the ssh client (openssh-client)".to_owned(),
        ConnectCause::EngineTooOld { asked: None, .. } => "update the engine".to_owned(),
        ConnectCause::EngineTooNew { asked: None, .. } => "use a newer porthole".to_owned(),
        ConnectCause::EngineTooOld { .. }
        | ConnectCause::EngineTooNew { .. }
        | ConnectCause::BadApiVersion { .. } => {
            "unset DOCKER_API_VERSION, or set it to a version both speak".to_owned()
        }
        ConnectCause::Failing { .. }
        | ConnectCause::CertificateFile { .. }
        | ConnectCause::TlsSetup { .. }
        | ConnectCause::Failed { .. } => return None,
    })
}

fn of_permission(permission: &SocketPermission) -> String {
    let group = permission.group_words();
    match permission.membership {
        Membership::ListedOnly => format!("log in again (or run: newgrp {group}), or run porthole as root"),
        Membership::Outside if permission.group_may_connect() && permission.group.0 != 0 => {
            let user = permission.user_words();
            format!(
                "run porthole as root, or add the user to the group (usermod -aG {group} {user}) and log in again"
            )
        }
        _ => "run porthole as root".to_owned(),
    }
}

fn of_tls(fault: &TlsFault) -> Option<String> {
    let words = match fault {
        TlsFault::Expired => "renew the engine's certificate, or check this host's clock",
        TlsFault::NotYetValid => "check the clocks of both hosts",
        TlsFault::UnknownAuthority => {
            "use the ca.pem that signed the engine's certificate (DOCKER_CERT_PATH)"
        }
        TlsFault::WrongName { .. } => "name the engine by one of the names in its certificate",
        TlsFault::ClientCertificate(_) => {
            "put cert.pem and key.pem, signed by the engine's authority, into DOCKER_CERT_PATH"
        }
        TlsFault::NotTls => "ask without TLS (unset DOCKER_TLS_VERIFY and DOCKER_TLS), or check the port",
        TlsFault::Other(_) => return None,
    };
    Some(words.to_owned())
}
