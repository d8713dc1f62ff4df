//! What was changed in a replica, and carrying it back to the container that it stands for.

use super::archive;
use super::program::directory;
use crate::client::Client;
use crate::raw::RawChange;
use crate::request_error::RequestError;
use porthole_wire::tar;

/// The kinds of changes, as the API numbers them.
const MODIFIED: u8 = 0;
const DELETED: u8 = 2;

/// What became of the changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// The paths that were written to the container.
    pub written: Vec<String>,
    /// The paths that were removed in the replica and are still in the container: the API cannot remove.
    pub not_removed: Vec<String>,
}

/// Writes every file that is new or changed in `replica` to `container`. `own` is porthole's own file.
pub(super) async fn carry(
    client: &Client,
    replica: &str,
    container: &str,
    own: &str,
) -> Result<Carried, RequestError> {
    let changes: Vec<RawChange> = client.get(&format!("/containers/{replica}/changes")).await?;
    let changes: Vec<_> = changes.into_iter().filter(|change| change.path != own).collect();
    let first_user = first_user(client, replica, own).await?;
    let mut carried = Carried::default();
    for change in outermost(&changes) {
        if change.kind == DELETED {
            carried.not_removed.push(change.path.clone());
            continue;
        }
        let mut packed = archive::read(client, replica, &change.path).await?;
        if first_user > 0 {
            tar::count_owners_from(&mut packed, first_user);
        }
        archive::write(client, container, directory(&change.path), packed).await?;
        carried.written.push(change.path.clone());
    }
    Ok(carried)
}

/// The user that the container's root is where the engine packs its files: `own` was put there as root's.
async fn first_user(client: &Client, replica: &str, own: &str) -> Result<u32, RequestError> {
    let found = archive::beginning(client, replica, own).await?;
    // A name in the place of a number is root's.
    Ok(found.and_then(|found| found.entry.user.parse().ok()).unwrap_or(0))
}

/// Those that stand for the others: a new directory for what is in it, and not one that changed because something in it
/// did.
fn outermost(changes: &[RawChange]) -> impl Iterator<Item = &RawChange> {
    let is_below =
        |path: &str, above: &str| path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'));
    changes.iter().filter(move |change| {
        let is_way =
            change.kind == MODIFIED && changes.iter().any(|other| is_below(&other.path, &change.path));
        let is_within =
            changes.iter().any(|other| other.kind != MODIFIED && is_below(&change.path, &other.path));
        !is_way && !is_within
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_carried_once() {
        let changes: Vec<_> = [
            (0, "/etc"),
            (0, "/etc/app.conf"),
            (1, "/etc/new"),
            (1, "/etc/new/file"),
            (0, "/srv"),
            (2, "/srv/old"),
            (0, "/srvless"),
        ]
        .map(|(kind, path)| RawChange { kind, path: path.to_owned() })
        .into();
        let paths: Vec<_> = outermost(&changes).map(|change| change.path.as_str()).collect();
        assert_eq!(paths, ["/etc/app.conf", "/etc/new", "/srv/old", "/srvless"]);
    }
}
