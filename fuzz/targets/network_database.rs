//! Any bytes are read as a network database without a panic, and what was read lies within the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use porthole_model::Secrets;
use porthole_wire::{bolt, network_database};

fuzz_target!(|input: &[u8]| {
    let walk = bolt::walk(input);
    assert!(walk.entries.len() <= input.len() / 16);
    assert_eq!(walk.meta, bolt::chosen_meta(&input[..input.len().min(bolt::HEAD)]));
    let database = network_database::read("local-kv.db", input, Secrets::Mask);
    let unread = walk.entries.len() - database.records.len();
    assert_eq!(database.faults.len(), walk.faults.len() + unread);
});
