//! Into the namespaces of a running process, with a toolbox that nobody there sees, and out again without a trace.
//!
//! Four processes take part. The *client* ([`Session`]) is porthole as the user started it. The *keeper* ([`keep`]) is
//! started anew by it, because some namespaces are only open to a process of one thread; it goes in and stays outside of
//! the pid namespace. Within that, a *watcher* looks after a second one, and that one after the command; either ends all
//! that is below it when what is above it is gone, whichever of them is killed.
//!
//! Client and keeper are joined by a socket, the *line*, whose end is the end of the session.

mod beside;
mod command;
mod graft;
mod identity;
mod keeper;
mod line;
mod mount_calls;
mod namespaces;
mod plan;
mod session;
mod signals;
mod toolbox;
mod view;
mod watcher;

pub use graft::Graft;
pub use keeper::{carry_out, keep, kept_line};
pub use line::{EntryFailure, FailureKind, Report, Request};
pub use plan::{EntryPlan, Extent, Placement, SessionMount, SessionTerminal};
pub use session::Session;
pub(crate) use signals::without_terminal_stop;
