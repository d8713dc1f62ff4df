//! The figures in the pages of `bench/`, between two lines that nobody sees on the page.

use std::fs;
use std::path::Path;

use crate::error::BenchError;

const BEGIN: &str = "<!-- figures: `porthole-bench --write` replaces what stands here -->\n";
const END: &str = "<!-- end of the figures -->\n";

/// Replaces the figures in a page of the source tree.
pub(crate) fn write(page: &str, figures: &str) -> Result<(), BenchError> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = fs::read_to_string(&path).map_err(BenchError::at("read", &path))?;
    let text = replace(&text, figures).ok_or_else(|| BenchError::NoMarkers(path.clone()))?;
    fs::write(&path, text).map_err(BenchError::at("write", &path))
}

fn replace(text: &str, figures: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}\n\n{END}{after}", figures.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_figures_are_replaced() {
        let old = format!("# Bench\n\n{BEGIN}\nold\n\n{END}\nThe end.\n");
        let new = format!("# Bench\n\n{BEGIN}\nnew\n\n{END}\nThe end.\n");
        assert_eq!(replace(&old, "\nnew\n"), Some(new));
    }

    #[test]
    fn a_page_without_the_lines_is_left_alone() {
        assert_eq!(replace("# Bench\n", "new"), None);
        assert_eq!(replace(&format!("{END}{BEGIN}"), "new"), None);
    }

    #[test]
    fn the_pages_have_a_place_for_the_figures() {
        assert!(replace(include_str!("../README.md"), "new").is_some());
        assert!(replace(include_str!("../tap.md"), "new").is_some());
        assert!(replace(include_str!("../debug.md"), "new").is_some());
        assert!(replace(include_str!("../firewall.md"), "new").is_some());
        assert!(replace(include_str!("../ports.md"), "new").is_some());
        assert!(replace(include_str!("../doctor.md"), "new").is_some());
    }
}
