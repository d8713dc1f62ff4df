//! What a firewall does with packets.

mod docker;
mod exceptions;
mod journeys;
mod scene;
mod walk;

pub(crate) use docker::Part;
pub use journeys::{Aim, Arrival, Fate, Journey, Journeys, Seat, Stop, Uplink};
pub(crate) use scene::{Culprit, Inbound, Outbound, Scene, Victim, by_stop, names_a_port};
pub use walk::Walker;
