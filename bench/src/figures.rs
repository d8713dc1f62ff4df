//! Figures as a Markdown table.

use std::fmt::Write as _;
use std::time::Duration;

use crate::race::{Contender, Figures, Scenario};

/// The table of one scenario, and below it the scripts that its rows only name.
pub(crate) fn table(scenario: &Scenario, figures: &[Figures]) -> String {
    let mut text = format!("### {}\n\n", scenario.title);
    text.push_str("| | median | fastest to slowest | beside porthole | processor | peak memory | rows |\n");
    text.push_str("| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for (contender, of) in scenario.contenders.iter().zip(figures) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", row(contender, of, figures[0].median));
    }
    let scripts: String = scenario.contenders.iter().filter_map(script).collect();
    if scripts.is_empty() { text } else { format!("{text}\n{scripts}") }
}

fn row(contender: &Contender, figures: &Figures, porthole: Duration) -> String {
    format!(
        "| {} | {} | {} to {} | {} | {} | {} | {} |",
        contender.name,
        duration(figures.median),
        duration(figures.fastest),
        duration(figures.slowest),
        ratio(figures.median, porthole),
        duration(figures.processor),
        mebibytes(figures.peak_memory),
        contender.rows
    )
}

fn script(contender: &Contender) -> Option<String> {
    let script = contender.script().filter(|script| !contender.name.contains(script))?;
    Some(format!("    # {}\n    {script}\n", contender.name.replace('`', "")))
}

fn duration(duration: Duration) -> String {
    let milliseconds = duration.as_secs_f64() * 1000.0;
    if milliseconds >= 999.5 {
        format!("{:.2} s", duration.as_secs_f64())
    } else if milliseconds >= 99.95 {
        format!("{milliseconds:.0} ms")
    } else {
        format!("{milliseconds:.1} ms")
    }
}

/// How many times as long: below ten with a decimal.
fn ratio(of: Duration, porthole: Duration) -> String {
    let ratio = of.as_secs_f64() / porthole.as_secs_f64();
    if ratio < 9.95 { format!("{ratio:.1} ×") } else { format!("{ratio:.0} ×") }
}

#[expect(clippy::cast_precision_loss, reason = "one decimal of a mebibyte is what is shown")]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(milliseconds: u64) -> Figures {
        let wall = Duration::from_millis(milliseconds);
        Figures {
            median: wall,
            fastest: wall / 2,
            slowest: wall * 2,
            processor: wall / 4,
            peak_memory: 3 << 19,
        }
    }

    #[test]
    fn every_row_says_how_it_stands_beside_porthole() {
        let script = Contender::new("a loop", &["sh", "-c", "for c in a; do b; done"], "", 30);
        let scenario = Scenario {
            title: "Whose veth".to_owned(),
            contenders: vec![Contender::new("`porthole topology`", &["porthole"], "", 30), script],
        };
        let expected = "\
### Whose veth

| | median | fastest to slowest | beside porthole | processor | peak memory | rows |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| `porthole topology` | 20.0 ms | 10.0 ms to 40.0 ms | 1.0 × | 5.0 ms | 1.5 MiB | 30 |
| a loop | 2.50 s | 1.25 s to 5.00 s | 125 × | 625 ms | 1.5 MiB | 30 |

    # a loop
    for c in a; do b; done
";
        assert_eq!(table(&scenario, &[figures(20), figures(2500)]), expected);
    }

    #[test]
    fn a_script_that_is_its_own_name_is_not_said_twice() {
        let inspect = Contender::new("`docker inspect x`", &["sh", "-c", "docker inspect x"], "", 1);
        assert_eq!(script(&inspect), None);
    }
}
