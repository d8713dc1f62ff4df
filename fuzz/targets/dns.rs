//! Answers and files of any bytes are read without a panic, and an address that was read is read again from its print.
#![no_main]

use libfuzzer_sys::fuzz_target;
use porthole_wire::{dns, engine_settings};

fuzz_target!(|input: &[u8]| {
    let _ = dns::answer(input);
    let _ = dns::hosts_file(input);
    let _ = dns::hosts_services(input);
    let _ = engine_settings::engine_settings(input, &[]);
    for server in dns::resolver_file(input).name_servers {
        assert_eq!(dns::name_server(&server.to_string()), Some(server));
    }
});
