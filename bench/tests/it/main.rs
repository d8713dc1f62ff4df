//! The measurements themselves, done once and in short: that they come out, not what they are.

use std::path::Path;
use std::process::Command;

const BENCH: &str = env!("CARGO_BIN_EXE_porthole-bench");

#[test]
fn every_way_into_a_container_is_measured() {
    let porthole = Path::new(BENCH).with_file_name("porthole");
    assert!(porthole.is_file(), "cargo build --package porthole makes {}", porthole.display());
    let output = Command::new(BENCH).args(["debug", "--short", "--rounds", "1"]).output().unwrap();
    let (tables, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}");
    let rows = |beginning: &str| tables.lines().filter(|line| line.starts_with(beginning)).count();
    assert_eq!(rows("| `porthole debug C`, beside"), 2, "{tables}");
    assert_eq!(rows("| docker-debug's way | "), 1, "{tables}");
    assert_eq!(rows("| `sh -c :` of the toolbox | "), 1, "{tables}");
    assert_eq!(rows("| loop of `docker exec` | "), 1, "{tables}");
    assert_eq!(rows("| `porthole`, with the toolbox | "), 1, "{tables}");
}
