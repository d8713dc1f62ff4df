//! What a firewall does with packets.

mod journeys;
mod walk;

pub use journeys::{Aim, Arrival, Fate, Journey, Journeys, Seat, Stop, Uplink};
pub use walk::Walker;
