//! The whole binary on real engines, in private labs.

mod bad_input;
mod content;
mod endpoints;
mod faults;
mod healthy;
mod help;
mod recorded;
mod sockets;
mod support;
mod take_over;
mod tap;
mod through_engine;
mod topology;
mod unprivileged;
