//! An exchange for the tests of what is made of exchanges.

use std::time::Duration;

use porthole_model::{
    Client, ClientAddress, ConnectionId, ContainerId, Exchange, ExchangeEnd, ExchangeId, Gid, MaskedText,
    MessageSize, Observed, Pid, Resource, ResourceKind, Secrets, Timestamp, Uid,
};

/// A container's docker CLI creates an exec.
pub(crate) fn exchange() -> Exchange {
    let arguments = ["docker", "exec", "web", "ls"];
    Exchange {
        id: ExchangeId(7),
        connection: ConnectionId(3),
        client: Client {
            address: ClientAddress::Unix { pid: Some(Pid(4242)), uid: Uid(1000), gid: Gid(1000) },
            user: Observed::Known("ada".into()),
            executable: Observed::Known("/usr/bin/docker".into()),
            arguments: Observed::Known(MaskedText::arguments(arguments, Secrets::Mask)),
            container: Observed::Known(Some(ContainerId("c1".repeat(32)))),
            certificate: None,
        },
        started: Timestamp(1_772_366_400_250),
        method: "POST".into(),
        target: "/v1.51/containers/web/exec?detach=1".into(),
        api_version: Some("1.51".into()),
        operation: Some("ContainerExec".into()),
        resource: Some(Resource {
            kind: ResourceKind::Container,
            name: "web".into(),
            id: Some("ab".repeat(32)),
        }),
        status: Some(201),
        request: MessageSize { head: 200, body: 65_536 },
        answer: MessageSize { head: 150, body: 74 },
        first_byte: Some(Duration::from_millis(9)),
        duration: Duration::from_millis(12),
        upgraded: None,
        carrier: None,
        exec: None,
        exit_code: None,
        failure: None,
        end: ExchangeEnd::Complete,
    }
}
