//! What the first word of a container's command leads to in its root: the file that the engine would execute.

use porthole_model::{ExecutableKind, Program, TarKind};
use porthole_wire::executable;

use super::archive::{self, Beginning};
use crate::client::Client;
use crate::request_error::RequestError;

/// What Docker searches where the environment says nothing (moby `oci/defaults.go`).
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Links that lead further than this lead in a circle (`MAXSYMLINKS`).
const MOST_LINKS: usize = 40;

/// A container, as far as programs are looked up in it.
pub(super) struct Root<'a> {
    pub(super) client: &'a Client,
    pub(super) id: &'a str,
    pub(super) environment: &'a [String],
    pub(super) working_directory: &'a str,
}

impl Root<'_> {
    /// What `word` leads to.
    pub(super) async fn program(&self, word: &str) -> Result<Program, RequestError> {
        let searched = if word.contains('/') { Vec::new() } else { self.search_path() };
        let candidates = match searched.as_slice() {
            [] => vec![join(self.working_directory, word)],
            directories => directories.iter().map(|directory| join(directory, word)).collect(),
        };
        for candidate in candidates {
            if let Some((path, file)) = self.follow(candidate).await? {
                return self.found(path, &file).await;
            }
        }
        Ok(Program::Missing { name: word.to_owned(), searched })
    }

    async fn found(&self, path: String, file: &Beginning) -> Result<Program, RequestError> {
        let kind = match file.entry.kind {
            TarKind::Directory => ExecutableKind::Directory,
            _ => executable::kind(&file.content),
        };
        let interpreter_is_there = match kind.interpreter() {
            Some(interpreter) => {
                Some(self.follow(join(self.working_directory, interpreter)).await?.is_some())
            }
            None => None,
        };
        let is_executable = file.entry.mode & 0o111 != 0;
        Ok(Program::Found { path, is_executable, kind, interpreter_is_there })
    }

    /// What is at `path` and its links lead to, with the path of that.
    async fn follow(&self, mut path: String) -> Result<Option<(String, Beginning)>, RequestError> {
        for _ in 0..MOST_LINKS {
            let Some(found) = archive::beginning(self.client, self.id, &path).await? else {
                return Ok(None);
            };
            match &found.entry.link {
                Some(link) if found.entry.kind == TarKind::SymbolicLink => {
                    path = join(directory(&path), link);
                }
                _ => return Ok(Some((path, found))),
            }
        }
        Ok(None)
    }

    fn search_path(&self) -> Vec<String> {
        let set = self.environment.iter().find_map(|text| text.strip_prefix("PATH="));
        set.unwrap_or(DEFAULT_PATH).split(':').map(str::to_owned).collect()
    }
}

fn join(directory: &str, path: &str) -> String {
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{}/{path}", directory.trim_end_matches('/'))
    }
}

/// The path up to its last part.
pub(super) fn directory(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some((directory, _)) if !directory.is_empty() => directory,
        _ => "/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_as_the_kernel_does() {
        assert_eq!(join("/bin", "sh"), "/bin/sh");
        assert_eq!(join("/", "./run"), "/./run");
        assert_eq!(join("", "run"), "/run");
        assert_eq!(join("/bin", "/lib/ld"), "/lib/ld");
        assert_eq!([directory("/bin/sh"), directory("/sh"), directory("/a/b/")], ["/bin", "/", "/a"]);
    }
}
