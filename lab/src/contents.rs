//! What a tree is made of, and whether one that is there has all of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What a tree is made of.
#[derive(Debug, Clone)]
pub(crate) struct Contents {
    /// The tree's name in the cache.
    pub(crate) name: &'static str,
    /// The Debian suite.
    pub(crate) suite: &'static str,
    /// The packages beside those that every tree has.
    pub(crate) packages: Vec<&'static str>,
}

impl Contents {
    /// Whether the tree at `root` has every package: one made for an older list does not.
    pub(crate) fn are_in(&self, root: &Path) -> bool {
        let status = fs::read_to_string(root.join("var/lib/dpkg/status")).unwrap_or_default();
        let installed = installed(&status);
        self.packages.iter().all(|package| installed.contains(package))
    }
}

/// The packages in dpkg's list, a stanza for each.
fn installed(status: &str) -> BTreeSet<&str> {
    let stanzas = status.split("\n\n").filter(|stanza| stanza.contains("\nStatus: install ok installed"));
    stanzas.filter_map(|stanza| stanza.trim_start().lines().next()?.strip_prefix("Package: ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_removed_is_not_installed() {
        let status = "Package: adduser\nStatus: install ok installed\nVersion: 3\n\n\
                      Package: nano\nStatus: deinstall ok config-files\n\n\
                      Package: runc\nEssential: no\nStatus: install ok installed\n";
        assert_eq!(installed(status), BTreeSet::from(["adduser", "runc"]));
        assert!(installed("").is_empty());
    }

    #[test]
    fn a_tree_of_an_older_list_is_not_complete() {
        let root = std::env::temp_dir().join(format!("porthole-lab-contents-{}", std::process::id()));
        fs::create_dir_all(root.join("var/lib/dpkg")).unwrap();
        fs::write(root.join("var/lib/dpkg/status"), "Package: runc\nStatus: install ok installed\n").unwrap();
        let contents =
            |packages: &[&'static str]| Contents { name: "x", suite: "y", packages: packages.to_vec() };
        assert!(contents(&["runc"]).are_in(&root));
        assert!(!contents(&["runc", "docker-compose"]).are_in(&root));
        assert!(!contents(&["runc"]).are_in(Path::new("/nowhere")));
        fs::remove_dir_all(root).unwrap();
    }
}
