//! `docs/checks/`: a page for each check, and the list of all, from the documentation that `explain` prints.

use porthole_analysis::{Check, checks};

use crate::docs::Pages;

const BEGIN: &str = "\
# What doctor checks

Written by `cargo xtask docs` from the checks themselves; `porthole explain CODE` prints the same.

| code | finds |
|---|---|
";

/// The list and the pages.
pub(crate) fn pages() -> Pages {
    let mut pages: Pages = checks().iter().map(|check| (path(check), page(check))).collect();
    pages.insert("docs/checks/README.md".to_owned(), list(checks()));
    pages
}

fn path(check: &Check) -> String {
    format!("docs/checks/{}.md", check.code)
}

fn list(checks: &[Check]) -> String {
    let rows = checks.iter().map(|check| format!("| [{0}]({0}.md) | {1} |\n", check.code, check.title));
    BEGIN.to_owned() + &rows.collect::<String>()
}

fn page(check: &Check) -> String {
    let documentation = &check.documentation;
    let sections = [
        ("What it checks", documentation.checks),
        ("Why it matters", documentation.why),
        ("How to mend it", documentation.mend),
        ("Example", documentation.example),
    ];
    let body = sections.map(|(heading, text)| format!("\n## {heading}\n\n{}\n", text.trim()));
    format!("# {}: {}\n{}", check.code, check.title, body.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_page_and_a_row_in_the_list() {
        let pages = pages();
        assert_eq!(pages.len(), checks().len() + 1);
        for check in checks() {
            let page = &pages[&path(check)];
            assert!(page.starts_with(&format!("# {}: {}\n", check.code, check.title)), "{page}");
            assert!(page.contains(check.documentation.mend.trim()), "{page}");
            assert!(pages["docs/checks/README.md"].contains(&format!("({}.md)", check.code)));
        }
    }
}
