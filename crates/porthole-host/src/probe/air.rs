//! All probes of a wave on their way at once, in one loop.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use porthole_model::{NetnsId, Probe, ProbeRequest};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::flight::Flight;
use super::icmp::Ears;
use super::launch::{Launch, Sites};

/// Sends them, and waits until each is settled.
pub(super) fn send(sites: &Sites<'_>, wave: &[ProbeRequest], patience: Duration) -> Vec<Probe> {
    let Launch { sockets, mut ears, places } = sites.launch(wave);
    let mut flights: Vec<(Flight, Option<NetnsId>)> = Vec::with_capacity(wave.len());
    for ((request, socket), place) in wave.iter().zip(sockets).zip(places) {
        let own_ears = place.and_then(|place| ears.get_mut(&place));
        flights.push((Flight::begin(*request, socket, own_ears), place));
    }
    while let Some(wake) = next_deadline(&flights, patience) {
        let ready = wait(&flights, &ears, wake);
        ears.values_mut().for_each(Ears::listen);
        for index in ready {
            let (flight, place) = &mut flights[index];
            flight.proceed(place.and_then(|place| ears.get_mut(&place)));
        }
        let now = Instant::now();
        for (flight, place) in &mut flights {
            flight.expire(now, patience, place.and_then(|place| ears.get_mut(&place)));
        }
    }
    flights.into_iter().map(|(flight, _)| flight.into_probe()).collect()
}

fn next_deadline(flights: &[(Flight, Option<NetnsId>)], patience: Duration) -> Option<Instant> {
    let unsettled = flights.iter().filter(|(flight, _)| flight.awaited().is_some());
    unsettled.map(|(flight, _)| flight.deadline(patience)).min()
}

/// Waits for something to come; gives the flights that it came for.
fn wait(flights: &[(Flight, Option<NetnsId>)], ears: &BTreeMap<NetnsId, Ears>, wake: Instant) -> Vec<usize> {
    let awaited =
        flights.iter().enumerate().filter_map(|(index, (flight, _))| Some((index, flight.awaited()?)));
    let (indices, mut polled): (Vec<_>, Vec<_>) =
        awaited.map(|(index, (socket, flags))| (index, PollFd::from_borrowed_fd(socket, flags))).unzip();
    let heard = ears.values().flat_map(Ears::sockets);
    polled.extend(heard.map(|socket| PollFd::from_borrowed_fd(socket, PollFlags::IN)));
    let left = wake.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).ok();
    // An interrupted wait is looked at like one in which nothing came.
    if poll(&mut polled, left.as_ref()).is_err() {
        return Vec::new();
    }
    indices
        .into_iter()
        .zip(&polled)
        .filter(|(_, polled)| !polled.revents().is_empty())
        .map(|(index, _)| index)
        .collect()
}
