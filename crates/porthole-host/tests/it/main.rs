//! Tests against the real kernel, in namespaces of their own. They need root and fail without it.

mod daemons;
mod links;
mod processes;
mod roles;
mod sockets;
mod unprivileged;
mod world;
