//! Sessions of two ends, on any stream.

use porthole_model::{KeptSession, SessionEnd, SessionWay, Timestamp, Uid};
use proptest::prelude::*;

use super::*;

fn from_client() -> impl Strategy<Value = FromClient> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        proptest::collection::vec(bytes(), 0..4).prop_map(|command| {
            FromClient::Begin(Box::new(Plan { command, tools: Some(b"/\xff".to_vec()), ..Plan::default() }))
        }),
        bytes().prop_map(FromClient::Input),
        Just(FromClient::EndOfInput),
        any::<(u16, u16)>().prop_map(|(rows, columns)| FromClient::Resized(WindowSize { rows, columns })),
        any::<u8>().prop_map(FromClient::Signal),
        Just(FromClient::Continue),
        (any::<u32>(), any::<bool>()).prop_map(|(user, takes_over)| {
            FromClient::Join(Joining { user: Uid(user), terminal: None, takes_over })
        }),
        Just(FromClient::Describe),
        Just(FromClient::End),
    ]
}

fn from_agent() -> impl Strategy<Value = FromAgent> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        Just(FromAgent::Begun),
        any::<u32>().prop_map(FromAgent::Taken),
        bytes().prop_map(FromAgent::Output),
        bytes().prop_map(FromAgent::Error),
        Just(FromAgent::Stopped),
        any::<u8>().prop_map(FromAgent::Exited),
        ".{0,20}".prop_map(FromAgent::Failed),
        ".{0,20}".prop_map(FromAgent::Refused),
        ".{0,20}".prop_map(FromAgent::Dismissed),
        (".{0,20}", any::<u8>()).prop_map(|(name, code)| FromAgent::Description(Box::new(kept(name, code)))),
    ]
}

fn kept(name: String, code: u8) -> KeptSession {
    let at = Timestamp(7);
    let (ended, command) = (Some(SessionEnd { code, at }), vec![name.clone()]);
    KeptSession {
        target: name.clone(),
        name,
        command,
        way: SessionWay::Local,
        began: at,
        attached: None,
        ended,
    }
}

fn to_crowd() -> impl Strategy<Value = ToCrowd> {
    let member = any::<(String, Option<u32>)>().prop_map(|(container, number)| CrowdMember {
        container,
        entry: serde_json::json!({ "process": number }),
    });
    proptest::collection::vec(member, 0..4).prop_map(ToCrowd::Begin)
}

fn from_crowd() -> impl Strategy<Value = FromCrowd> {
    let line = || proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        (any::<u32>(), line()).prop_map(|(member, line)| FromCrowd::Output { member, line }),
        (any::<u32>(), line()).prop_map(|(member, line)| FromCrowd::Error { member, line }),
        any::<(u32, u8)>().prop_map(|(member, code)| FromCrowd::Ended { member, code }),
        (any::<u32>(), ".{0,20}").prop_map(|(member, reason)| FromCrowd::NotEntered { member, reason }),
    ]
}

fn frame() -> impl Strategy<Value = Frame> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
    let said = prop_oneof![
        bytes().prop_map(Said::Open),
        Just(Said::Opened),
        bytes().prop_map(Said::Data),
        Just(Said::End),
        ".{0,20}".prop_map(Said::Lost),
        any::<u32>().prop_map(Said::Passed),
    ];
    (any::<u32>(), said).prop_map(|(connection, said)| Frame { connection, said })
}

/// Reads what `messages` are as bytes, cut into pieces of these lengths.
fn read_in_pieces<M: Message>(messages: &[M], cuts: &[usize]) -> Vec<M> {
    let mut bytes = GREETING.to_vec();
    bytes.extend(messages.iter().flat_map(Message::encode));
    let (mut reader, mut read, mut rest) = (Messages::default(), Vec::new(), bytes.as_slice());
    for cut in cuts.iter().cycle() {
        let (now, later) = rest.split_at((*cut).min(rest.len()));
        reader.push(now);
        read.extend(std::iter::from_fn(|| reader.take().unwrap()));
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    assert!(reader.is_greeted());
    read
}

proptest! {
    #[test]
    fn what_a_client_says_is_heard_wherever_it_is_cut(
        messages in proptest::collection::vec(from_client(), 0..10),
        cuts in proptest::collection::vec(1_usize..30, 1..20),
    ) {
        prop_assert_eq!(read_in_pieces(&messages, &cuts), messages);
    }

    #[test]
    fn what_an_agent_says_is_heard_wherever_it_is_cut(
        messages in proptest::collection::vec(from_agent(), 0..10),
        cuts in proptest::collection::vec(1_usize..30, 1..20),
    ) {
        prop_assert_eq!(read_in_pieces(&messages, &cuts), messages);
    }

    #[test]
    fn what_is_said_of_a_crowd_is_heard_wherever_it_is_cut(
        asked in proptest::collection::vec(to_crowd(), 0..3),
        told in proptest::collection::vec(from_crowd(), 0..10),
        cuts in proptest::collection::vec(1_usize..30, 1..20),
    ) {
        prop_assert_eq!(read_in_pieces(&asked, &cuts), asked);
        prop_assert_eq!(read_in_pieces(&told, &cuts), told);
    }

    #[test]
    fn a_tunnel_s_frames_are_heard_wherever_they_are_cut(
        frames in proptest::collection::vec(frame(), 0..10),
        cuts in proptest::collection::vec(1_usize..30, 1..20),
    ) {
        prop_assert_eq!(read_in_pieces(&frames, &cuts), frames);
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300), greets: bool) {
        let (mut agent, mut client) = (Messages::<FromAgent>::default(), Messages::<FromClient>::default());
        if greets {
            agent.push(&GREETING);
            client.push(&GREETING);
        }
        agent.push(&bytes);
        client.push(&bytes);
        while let Ok(Some(_)) = agent.take() {}
        while let Ok(Some(_)) = client.take() {}
        let (mut crowd, mut tunnel) = (Messages::<FromCrowd>::default(), Messages::<Frame>::default());
        crowd.push(&GREETING);
        tunnel.push(&GREETING);
        crowd.push(&bytes);
        tunnel.push(&bytes);
        while let Ok(Some(_)) = crowd.take() {}
        while let Ok(Some(_)) = tunnel.take() {}
    }
}

#[test]
fn another_speaker_is_told_by_its_first_bytes() {
    let mut reader = Messages::<FromAgent>::default();
    reader.push(b"por");
    assert_eq!(reader.take(), Ok(None));
    reader.push(b"t is busy");
    let error = reader.take().unwrap_err();
    assert!(error.to_string().contains("not begin as a session"), "{error}");
}

#[test]
fn a_length_beyond_any_is_refused_before_it_is_waited_for() {
    let mut reader = Messages::<FromClient>::default();
    reader.push(&GREETING);
    reader.push(&[b'i', 0xff, 0, 0, 0]);
    assert_eq!(reader.take(), Err(NotASession::Message { kind: b'i', length: 0xff00_0000 }));
}
