//! How large the file is that everything comes from.

use std::fmt::Write as _;

use crate::error::BenchError;
use crate::host::Host;

/// porthole as it is and packed, and the docker client, which `docker exec` takes.
pub(super) fn table(host: &Host) -> Result<String, BenchError> {
    let rows = [
        ("`porthole`, with the toolbox", "cat /usr/local/bin/porthole"),
        ("the same, `gzip -9`", "gzip -9 < /usr/local/bin/porthole"),
        ("`docker`, the client alone", "cat $(command -v docker)"),
    ];
    let mut text = "### Size\n\n| | MB |\n| --- | ---: |\n".to_owned();
    for (title, script) in rows {
        let bytes = host.output(&["sh", "-c", &format!("{script} | wc -c")].map(str::to_owned))?;
        let bytes: f64 = bytes
            .trim()
            .parse()
            .map_err(|_| BenchError::Answer { command: script.to_owned(), problem: bytes.clone() })?;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {title} | {:.1} |", bytes / 1e6);
    }
    Ok(text)
}
