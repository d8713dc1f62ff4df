//! Exchanges to be recorded: a usual one, and any.

use std::time::Duration;

use porthole_model::{
    Client, ClientAddress, ConnectionId, ContainerId, Exchange, ExchangeEnd, ExchangeId, Gap, GapKind, Gid,
    MaskedText, MessageSize, Observed, Pid, Resource, ResourceKind, Secrets, Timestamp, Uid, Upgrade,
};
use proptest::prelude::*;

pub(super) fn exchange(id: u64) -> Exchange {
    let gap = Gap::new(GapKind::Permission, "the program", "permission denied");
    Exchange {
        id: ExchangeId(id),
        connection: ConnectionId(1),
        client: Client::unresolved(ClientAddress::Unix { pid: Some(Pid(7)), uid: Uid(0), gid: Gid(0) }, &gap),
        started: Timestamp(1_772_366_400_250),
        method: "POST".into(),
        target: format!("/v1.51/containers/create?name=web-{id}"),
        api_version: Some("1.51".into()),
        operation: Some("ContainerCreate".into()),
        resource: Some(Resource {
            kind: ResourceKind::Container,
            name: "web".into(),
            id: Some("6b1f2".into()),
        }),
        status: Some(201),
        request: MessageSize { head: 120, body: 2400 },
        answer: MessageSize { head: 90, body: 88 },
        first_byte: Some(Duration::from_micros(1500)),
        duration: Duration::from_nanos(2_500_001),
        upgraded: None,
        carrier: None,
        exec: None,
        exit_code: None,
        failure: None,
        end: ExchangeEnd::Complete,
    }
}

fn texts() -> impl Strategy<Value = String> {
    "[ -~äß漢\u{0}\u{1b}\u{202e}]{0,20}"
}

fn observed<T: std::fmt::Debug + Clone + 'static>(
    fact: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Observed<T>> {
    let gap = texts().prop_map(|cause| Observed::Missing(Gap::new(GapKind::Vanished, "it", cause)));
    prop_oneof![fact.prop_map(Observed::Known), gap]
}

fn clients() -> impl Strategy<Value = Client> {
    let unix = (any::<Option<u32>>(), any::<u32>(), any::<u32>())
        .prop_map(|(pid, uid, gid)| ClientAddress::Unix { pid: pid.map(Pid), uid: Uid(uid), gid: Gid(gid) });
    let tcp = any::<([u8; 4], u16)>().prop_map(|address| ClientAddress::Tcp(address.into()));
    let arguments = proptest::collection::vec(texts(), 0..4)
        .prop_map(|words| MaskedText::arguments(words.iter().map(String::as_str), Secrets::Mask));
    let container = proptest::option::of(texts()).prop_map(|id| id.map(ContainerId));
    let who = (observed(texts()), observed(texts()), observed(arguments), observed(container));
    (prop_oneof![unix, tcp], who, proptest::option::of(texts())).prop_map(
        |(address, (user, executable, arguments, container), certificate)| Client {
            address,
            user,
            executable,
            arguments,
            container,
            certificate,
        },
    )
}

pub(super) fn exchanges() -> impl Strategy<Value = Exchange> {
    let ends = [
        ExchangeEnd::Complete,
        ExchangeEnd::ClientLeft,
        ExchangeEnd::EngineLeft,
        ExchangeEnd::Opaque,
        ExchangeEnd::Stopped,
    ];
    let upgrades = prop_oneof![texts().prop_map(Upgrade::Protocol), Just(Upgrade::Hijacked)];
    let option = proptest::option::of::<_>;
    let words = (texts(), texts(), option(texts()), option(texts()), option(texts()));
    let numbers = (any::<u64>(), any::<i64>(), any::<Option<u16>>(), any::<[u64; 4]>());
    let times = (any::<Option<Duration>>(), any::<Duration>());
    let rest =
        (clients(), proptest::option::of(upgrades), proptest::sample::select(ends.to_vec()), any::<bool>());
    (words, numbers, times, rest).prop_map(|(words, numbers, times, rest)| Exchange {
        id: ExchangeId(1),
        connection: ConnectionId(numbers.0),
        client: rest.0,
        started: Timestamp(numbers.1),
        method: words.0.clone(),
        target: words.1,
        api_version: words.2.clone(),
        operation: words.3.clone(),
        resource: rest.3.then_some(Resource { kind: ResourceKind::Exec, name: words.0, id: words.3 }),
        status: numbers.2,
        request: MessageSize { head: numbers.3[0], body: numbers.3[1] },
        answer: MessageSize { head: numbers.3[2], body: numbers.3[3] },
        first_byte: times.0,
        duration: times.1,
        upgraded: rest.1,
        carrier: None,
        exec: None,
        exit_code: None,
        failure: words.4,
        end: rest.2,
    })
}
