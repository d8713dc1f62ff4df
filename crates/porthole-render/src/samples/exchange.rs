//! Exchanges of every kind of client, end and outcome.

use std::time::Duration;

use porthole_model::{
    Client, ClientAddress, ConnectionId, ContainerId, ContainerNames, Exchange, ExchangeEnd, ExchangeId,
    ExecCall, Gid, MaskedText, MessageSize, Observed, Pid, Resource, ResourceKind, Secrets, Timestamp, Uid,
    Upgrade,
};

use super::gap;

pub(crate) fn container_names() -> ContainerNames {
    [(ContainerId("c1".repeat(32)), "ci".to_owned())].into_iter().collect()
}

pub(crate) fn exchanges() -> Vec<Exchange> {
    vec![
        listing(),
        Exchange { client: of_container("c1"), ..create(2, "web") },
        pull(),
        exec(),
        Exchange {
            status: Some(500),
            client: of_container("d2"),
            ..create(5, "日本語-🐳-long-name-of-a-container")
        },
        lost(),
        unknown_route(),
    ]
}

fn listing() -> Exchange {
    Exchange {
        id: ExchangeId(1),
        connection: ConnectionId(1),
        client: of_host(),
        started: Timestamp(1_772_366_400_250),
        method: "GET".into(),
        target: "/v1.51/containers/json?all=1".into(),
        api_version: Some("1.51".into()),
        operation: Some("ContainerList".into()),
        resource: None,
        status: Some(200),
        request: MessageSize { head: 180, body: 0 },
        answer: MessageSize { head: 240, body: 8_192 },
        first_byte: Some(Duration::from_micros(850)),
        duration: Duration::from_micros(1_240),
        upgraded: None,
        carrier: None,
        exec: None,
        exit_code: None,
        failure: None,
        end: ExchangeEnd::Complete,
    }
}

fn create(id: u64, name: &str) -> Exchange {
    let resource =
        Resource { kind: ResourceKind::Container, name: name.to_owned(), id: Some("ab".repeat(32)) };
    Exchange {
        started: Timestamp(1_772_366_400_900),
        method: "POST".into(),
        target: format!("/v1.51/containers/create?name={name}"),
        operation: Some("ContainerCreate".into()),
        resource: Some(resource),
        status: Some(201),
        request: MessageSize { head: 220, body: 1_533 },
        answer: MessageSize { head: 210, body: 88 },
        first_byte: Some(Duration::from_millis(31)),
        duration: Duration::from_micros(31_400),
        ..numbered(id)
    }
}

fn pull() -> Exchange {
    Exchange {
        method: "POST".into(),
        target: "/v1.51/images/create?fromImage=registry.example%3A5000%2Fteam%2Fapp&tag=1".into(),
        operation: Some("ImageCreate".into()),
        resource: Some(Resource {
            kind: ResourceKind::Image,
            name: "registry.example:5000/team/app:1".into(),
            id: None,
        }),
        carrier: None,
        exec: None,
        exit_code: None,
        failure: Some("manifest for registry.example:5000/team/app:1 not found\x1b[2J".into()),
        duration: Duration::from_secs(185),
        ..numbered(3)
    }
}

fn exec() -> Exchange {
    Exchange {
        method: "POST".into(),
        target: "/v1.51/exec/77aa/start".into(),
        operation: Some("ExecStart".into()),
        resource: Some(Resource { kind: ResourceKind::Exec, name: "77aa".into(), id: None }),
        status: Some(101),
        answer: MessageSize { head: 120, body: 1_073_741_824 },
        duration: Duration::from_mins(123),
        upgraded: Some(Upgrade::Protocol("tcp".into())),
        exec: Some(ExecCall {
            id: "77aa".into(),
            container: Some("c1".repeat(32)),
            command: Some(MaskedText::arguments(["sh", "-c", "make all; exit 3"], Secrets::Mask)),
            tty: Some(true),
            exit_code: Some(3),
        }),
        ..numbered(4)
    }
}

fn lost() -> Exchange {
    let address = ClientAddress::Tcp("[2001:db8::7]:51234".parse().unwrap());
    Exchange {
        client: Client { certificate: Some("build server".into()), ..Client::unresolved(address, &gap()) },
        status: None,
        answer: MessageSize::default(),
        first_byte: None,
        end: ExchangeEnd::EngineLeft,
        ..numbered(6)
    }
}

fn unknown_route() -> Exchange {
    let address = ClientAddress::Unix { pid: Some(Pid(99)), uid: Uid(1001), gid: Gid(1001) };
    Exchange {
        client: Client::unresolved(address, &gap()),
        target: "/v1.51/no/such/route".into(),
        operation: None,
        status: Some(404),
        ..numbered(7)
    }
}

fn numbered(id: u64) -> Exchange {
    Exchange { id: ExchangeId(id), connection: ConnectionId(id), ..listing() }
}

fn of_host() -> Client {
    let arguments = ["docker", "login", "--password", "hunter2"];
    Client {
        address: ClientAddress::Unix { pid: Some(Pid(4242)), uid: Uid(1000), gid: Gid(1000) },
        user: Observed::Known("ada".into()),
        executable: Observed::Known("/usr/bin/docker".into()),
        arguments: Observed::Known(MaskedText::arguments(arguments, Secrets::Mask)),
        container: Observed::Known(None),
        certificate: None,
    }
}

fn of_container(digits: &str) -> Client {
    Client { container: Observed::Known(Some(ContainerId(digits.repeat(32)))), ..of_host() }
}
