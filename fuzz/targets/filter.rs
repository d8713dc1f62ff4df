//! A filter is parsed or refused with a place inside it; one that is printed again means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use porthole_analysis::Filter;

fuzz_target!(|text: &str| {
    match Filter::parse(text) {
        Ok(filter) => {
            let printed = filter.to_string();
            let again = Filter::parse(&printed).expect("what a filter prints is a filter");
            assert_eq!(again.to_string(), printed);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
