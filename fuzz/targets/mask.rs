//! Masking takes any bytes, and what is masked once stays as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use porthole_tap::masked;

fuzz_target!(|input: &[u8]| {
    let once = masked(input);
    assert_eq!(masked(&once), once);
});
