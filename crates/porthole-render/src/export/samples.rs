//! An exchange that the tests of every export print.

use std::time::Duration;

use porthole_model::{
    Client, ClientAddress, ConnectionId, Exchange, ExchangeEnd, ExchangeId, Gid, MessageSize, Pid, Resource,
    ResourceKind, Timestamp, Uid,
};

use super::{Content, Recorded};

pub(super) fn creation() -> Exchange {
    let address = ClientAddress::Unix { pid: Some(Pid(7)), uid: Uid(0), gid: Gid(0) };
    Exchange {
        id: ExchangeId(3),
        connection: ConnectionId(2),
        client: Client::unresolved(address, &crate::samples::gap()),
        started: Timestamp(1_772_366_400_250),
        method: "POST".into(),
        target: "/v1.51/containers/create?name=web+1&x=%7B%7D".into(),
        api_version: Some("1.51".into()),
        operation: Some("ContainerCreate".into()),
        resource: Some(Resource {
            kind: ResourceKind::Container,
            name: "web".into(),
            id: Some("6b1f2".into()),
        }),
        status: Some(201),
        request: MessageSize { head: 120, body: 16 },
        answer: MessageSize { head: 90, body: 2 },
        first_byte: Some(Duration::from_micros(1500)),
        duration: Duration::from_micros(2500),
        upgraded: None,
        carrier: None,
        exec: None,
        exit_code: None,
        failure: None,
        end: ExchangeEnd::Complete,
    }
}

pub(super) fn recorded(exchange: &Exchange) -> Recorded<'_> {
    let request = Content {
        head: b"Host: api.moby.localhost\r\nX-Registry-Auth: ********\r\nContent-Type: application/json\r\n\
                Content-Length: 16\r\nX-Empty:\r\n",
        body: br#"{"Image":"it's"}"#,
        sha256: None,
        missing: None,
    };
    let answer = Content {
        head: b"Content-Type: application/octet-stream\r\n",
        body: &[0, 0xff],
        sha256: Some([0xab; 32]),
        missing: None,
    };
    Recorded { exchange, request: Some(request), answer: Some(answer) }
}
