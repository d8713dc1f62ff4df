//! A multiplexed stream gives the same bytes however it is cut, and breaks at the same place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use porthole_wire::multiplexed::Demultiplexer;

fuzz_target!(|input: &[u8]| {
    if let Some(whole) = content([input]) {
        assert_eq!(content(input.chunks(1)).as_ref(), Some(&whole));
        assert!(whole.len() <= input.len());
    }
});

/// Stream and byte, in order; `None` for what is no such stream.
fn content<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<(String, u8)>> {
    let mut demultiplexer = Demultiplexer::default();
    let mut content = Vec::new();
    for piece in pieces {
        for part in demultiplexer.push(piece).ok()? {
            let stream = format!("{:?}", part.stream);
            content.extend(part.bytes.iter().map(|byte| (stream.clone(), *byte)));
        }
    }
    Some(content)
}
