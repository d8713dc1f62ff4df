//! The failure inside a stream of progress is found however the stream is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use porthole_wire::engine_api::ProgressScan;

fuzz_target!(|input: &[u8]| {
    assert_eq!(failure([input]), failure(input.chunks(1)));
});

fn failure<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<String> {
    let mut scan = ProgressScan::default();
    for piece in pieces {
        scan.push(piece);
    }
    scan.finish()
}
