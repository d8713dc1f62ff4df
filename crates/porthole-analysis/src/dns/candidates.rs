//! Which full names a C library tries for a name, in which order.

use porthole_model::ResolverFile;

/// glibc (`resolv/res_query.c`): as it is first where it has enough dots, then each domain, then as it is.
pub(super) fn with_glibc(name: &str, file: &ResolverFile) -> Vec<String> {
    if let Some(full) = name.strip_suffix('.') {
        return vec![full.to_owned()];
    }
    let itself = name.to_owned();
    let behind = file.search.iter().map(|domain| within(name, domain));
    let mut tried = if has_enough_dots(name, file) {
        [itself].into_iter().chain(behind).collect::<Vec<_>>()
    } else {
        behind.chain([itself]).collect()
    };
    // A domain of `.` is the name itself.
    let mut seen = Vec::new();
    tried.retain(|full| {
        !seen.contains(full) && {
            seen.push(full.clone());
            true
        }
    });
    tried
}

/// musl (`src/network/lookup_name.c`): a name with enough dots is tried as it is and no other way.
pub(super) fn with_musl(name: &str, file: &ResolverFile) -> Vec<String> {
    if has_enough_dots(name, file) {
        vec![name.trim_end_matches('.').to_owned()]
    } else {
        with_glibc(name, file)
    }
}

fn has_enough_dots(name: &str, file: &ResolverFile) -> bool {
    name.matches('.').count() >= file.ndots()
}

fn within(name: &str, domain: &str) -> String {
    let domain = domain.trim_matches('.');
    if domain.is_empty() { name.to_owned() } else { format!("{name}.{domain}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(ndots: &str, search: &[&str]) -> ResolverFile {
        ResolverFile {
            options: vec![format!("ndots:{ndots}")],
            search: search.iter().map(ToString::to_string).collect(),
            ..ResolverFile::default()
        }
    }

    #[test]
    fn the_order_is_that_of_the_dots() {
        let docker = file("0", &["corp.test"]);
        assert_eq!(with_glibc("db", &docker), ["db", "db.corp.test"]);
        assert_eq!(with_musl("db", &docker), ["db"]);
        let usual = file("1", &["a.test", "b.test"]);
        assert_eq!(with_glibc("db", &usual), ["db.a.test", "db.b.test", "db"]);
        assert_eq!(with_musl("db", &usual), ["db.a.test", "db.b.test", "db"]);
        assert_eq!(with_glibc("db.x", &usual), ["db.x", "db.x.a.test", "db.x.b.test"]);
        let kubernetes = file("5", &["svc.test"]);
        assert_eq!(
            with_glibc("api.example.com", &kubernetes),
            ["api.example.com.svc.test", "api.example.com"]
        );
    }

    #[test]
    fn a_full_name_is_tried_as_it_is() {
        assert_eq!(with_glibc("db.", &file("1", &["a.test"])), ["db"]);
        assert_eq!(with_glibc("db", &file("0", &["."])), ["db"]);
    }
}
