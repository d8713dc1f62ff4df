//! The two sides of a copy where they are: files that can be opened, a container behind its engine, or a stream.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use porthole_engine::{ArchiveEntry, Client};
use porthole_host::tree::{Entry, Tree};

use super::flow;
use super::operand::{Operand, bare};
use crate::commands::subject::{self, Subject, local_process};
use crate::error::CommandError;
use crate::world::World;

/// How many links are followed, as the kernel does (`MAXSYMLINKS`).
const LINKS: usize = 40;

/// One side of a copy.
pub(super) enum Place {
    /// Standard input or output.
    Stream,
    /// Files of this host, or those that a process sees.
    Tree(Tree, PathBuf),
    /// Files of a container, as its engine gives them.
    Engine(Remote, PathBuf),
}

/// A container behind its engine.
pub(super) struct Remote {
    pub(super) client: Box<Client>,
    pub(super) id: String,
    name: String,
    is_alive: bool,
}

/// What is at a place, links followed or not.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Its name, before links were followed.
    pub(super) name: Option<OsString>,
    pub(super) path: PathBuf,
    /// `None` where nothing is.
    pub(super) is_directory: Option<bool>,
}

impl Place {
    /// Finds a side: the files themselves where porthole may open them, else through the engine.
    pub(super) fn find(operand: &Operand, world: &World) -> Result<Self, CommandError> {
        match operand {
            Operand::Stream => Ok(Self::Stream),
            Operand::Local(path) => {
                let absolute = std::path::absolute(path).map_err(|error| {
                    CommandError::caused_by(format!("cannot tell where {} is", path.display()), error)
                })?;
                Ok(Self::Tree(world.host.own_tree()?, absolute))
            }
            Operand::Inside(text, path) => match subject::find(world, text)? {
                Subject::Process(pid) => Ok(Self::Tree(world.host.tree_of(pid)?, path.clone())),
                Subject::Container(container, client) => {
                    let tree = local_process(&world.host, &container).and_then(|pid| world.host.tree_of(pid));
                    Ok(match tree {
                        Ok(tree) => Self::Tree(tree, path.clone()),
                        Err(_) => Self::Engine(
                            Remote {
                                client,
                                id: container.id.0.clone(),
                                name: container.name.clone(),
                                is_alive: container.is_alive(),
                            },
                            path.clone(),
                        ),
                    })
                }
            },
        }
    }

    /// What the user should know of this side.
    pub(super) fn warning(&self) -> Option<String> {
        match self {
            Self::Engine(remote, _) if remote.is_alive => Some(format!(
                "the engine does not show what is mounted as tmpfs in {}, nor its /proc; as root on the engine's host, \
                 porthole does",
                remote.name
            )),
            _ => None,
        }
    }

    /// What is there.
    pub(super) async fn look(&self, follow: bool) -> Result<Seen, CommandError> {
        let mut path = match self {
            Self::Stream => PathBuf::new(),
            Self::Tree(_, path) | Self::Engine(_, path) => bare(path),
        };
        let name = path.file_name().map(OsStr::to_owned);
        for _ in 0..LINKS {
            match self.entry(&path).await? {
                Some(Entry::Link(target)) if follow => {
                    // An absolute target replaces all of it.
                    path = path.parent().unwrap_or(Path::new("/")).join(target);
                }
                Some(entry) => {
                    return Ok(Seen { name, path, is_directory: Some(entry == Entry::Directory) });
                }
                None => return Ok(Seen { name, path, is_directory: None }),
            }
        }
        Err(CommandError::new(format!("too many links lead on from {}", path.display())))
    }

    async fn entry(&self, path: &Path) -> Result<Option<Entry>, CommandError> {
        let failed = || format!("cannot look at {}", path.display());
        match self {
            Self::Stream => Ok(None),
            Self::Tree(tree, _) => tree.look(path).map_err(|error| flow::explained("cannot look at", error)),
            Self::Engine(remote, _) => {
                let found = porthole_engine::look_at(&remote.client, &remote.id, path).await;
                let found = found.map_err(|error| CommandError::caused_by(failed(), error))?;
                Ok(found.map(|entry| match entry {
                    ArchiveEntry::Directory => Entry::Directory,
                    ArchiveEntry::Link(target) => Entry::Link(target),
                    ArchiveEntry::File => Entry::File,
                }))
            }
        }
    }
}
