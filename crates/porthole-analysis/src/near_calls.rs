//! Which calls of the API come near to one that it does not have.

use porthole_model::ApiEndpoint;

/// How many are offered, how alike they must be, and how much less so than the nearest.
const OFFERED: usize = 3;
const ALIKE: f64 = 0.6;
const BEHIND: f64 = 0.15;

/// The calls that are nearest to a method and a path without its version, nearest first; those of the same path come first,
/// whatever their method.
pub fn near_calls<'a>(endpoints: &'a [ApiEndpoint], method: &str, path: &str) -> Vec<&'a ApiEndpoint> {
    let mut near: Vec<_> =
        endpoints.iter().map(|endpoint| (likeness(endpoint, method, path), endpoint)).collect();
    near.retain(|(likeness, _)| *likeness >= ALIKE);
    near.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    let nearest = near.first().map_or(1.0, |(likeness, _)| *likeness);
    let near = near.into_iter().take_while(|(likeness, _)| *likeness >= nearest - BEHIND);
    near.map(|(_, endpoint)| endpoint).take(OFFERED).collect()
}

/// How alike, segment by segment: a name fits any segment. A wrong method counts little.
fn likeness(endpoint: &ApiEndpoint, method: &str, path: &str) -> f64 {
    let asked: Vec<_> = segments(path).collect();
    let known: Vec<_> = segments(endpoint.path).collect();
    let alike: f64 = asked.iter().zip(&known).map(|(asked, known)| segment(asked, known)).sum();
    #[expect(clippy::cast_precision_loss, reason = "a path has few segments")]
    let whole = asked.len().max(known.len()).max(1) as f64;
    let of_method = if endpoint.method.eq_ignore_ascii_case(method) { 0.05 } else { 0.0 };
    alike / whole * 0.95 + of_method
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn segment(asked: &str, known: &str) -> f64 {
    if known.starts_with('{') || known == "*" { 0.75 } else { strsim::jaro_winkler(asked, known) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(method: &'static str, path: &'static str) -> ApiEndpoint {
        ApiEndpoint { method, path, operation: "", summary: "", changes: false, parameters: Vec::new() }
    }

    fn near(method: &str, path: &str) -> Vec<String> {
        let known = [
            endpoint("GET", "/containers/json"),
            endpoint("GET", "/containers/{container}/json"),
            endpoint("POST", "/containers/{container}/start"),
            endpoint("POST", "/containers/create"),
            endpoint("GET", "/images/json"),
            endpoint("GET", "/info"),
        ];
        let near = near_calls(&known, method, path);
        near.into_iter().map(|near| format!("{} {}", near.method, near.path)).collect()
    }

    #[test]
    fn a_slip_in_a_segment_is_seen_through() {
        assert_eq!(near("GET", "/container/json"), ["GET /containers/json"]);
        assert_eq!(near("POST", "/containers/web/strat")[0], "POST /containers/{container}/start");
        assert_eq!(near("GET", "/inf")[0], "GET /info");
    }

    #[test]
    fn another_method_of_the_same_path_is_offered() {
        assert_eq!(near("GET", "/containers/web/start")[0], "POST /containers/{container}/start");
    }

    #[test]
    fn what_is_like_nothing_is_offered_nothing() {
        assert!(near("GET", "/xyzzy/quux/7/plugh").is_empty());
    }
}
