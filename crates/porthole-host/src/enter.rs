//! Going into network namespaces, on threads of their own, so that no other thread of porthole is ever moved.

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use porthole_model::{Gap, GapKind, NetnsId, Observed};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::failure::{Right, gap, namespace_name};
use crate::places::Place;
use crate::procfs::ProcFs;

/// Does `work` in each place, a few places at a time, and returns the results in the order of the places.
pub(crate) fn each<T: Send>(
    proc: &ProcFs,
    places: &[Place],
    work: &(dyn Fn(&Place) -> T + Sync),
) -> Vec<Observed<T>> {
    let next = AtomicUsize::new(0);
    let mut results: Vec<Option<Observed<T>>> = places.iter().map(|_| None).collect();
    let threads = thread::available_parallelism().map_or(1, usize::from).min(places.len());
    thread::scope(|scope| {
        let visitors = (0..threads).filter_map(|_| {
            thread::Builder::new().spawn_scoped(scope, || visit(proc, places, work, &next)).ok()
        });
        for visitor in visitors.collect::<Vec<_>>() {
            for (index, result) in visitor.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
                results[index] = Some(result);
            }
        }
    });
    results
        .into_iter()
        .zip(places)
        .map(|(result, place)| result.unwrap_or_else(|| unvisited(place)))
        .collect()
}

/// Does `work` in one place and waits for it.
pub(crate) fn one<T: Send>(
    proc: &ProcFs,
    place: &Place,
    work: &(dyn Fn(&Place) -> T + Sync),
) -> Result<T, Gap> {
    match each(proc, std::slice::from_ref(place), work).pop() {
        Some(Observed::Known(result)) => Ok(result),
        Some(Observed::Missing(gap)) => Err(gap),
        None => Err(no_thread(place)),
    }
}

fn visit<T>(
    proc: &ProcFs,
    places: &[Place],
    work: &(dyn Fn(&Place) -> T + Sync),
    next: &AtomicUsize,
) -> Vec<(usize, Observed<T>)> {
    let mut visitor = Visitor { current: proc.own_network_namespace().ok() };
    let mut results = Vec::new();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(place) = places.get(index) else { return results };
        results.push((index, visitor.enter(place).map(|()| work(place)).into()));
    }
}

/// A thread, and the namespace it is in.
struct Visitor {
    current: Option<NetnsId>,
}

impl Visitor {
    fn enter(&mut self, place: &Place) -> Result<(), Gap> {
        if self.current == Some(place.id) {
            return Ok(());
        }
        let what = || namespace_name(place.id);
        let door = place.open().map_err(|error| gap(what(), "opening it", error, Right::Tracing))?;
        move_into_link_name_space(door.as_fd(), Some(LinkNameSpaceType::Network))
            .map_err(|error| gap(what(), "setns", error, Right::SystemAdministration))?;
        self.current = Some(place.id);
        Ok(())
    }
}

fn unvisited<T>(place: &Place) -> Observed<T> {
    Observed::Missing(no_thread(place))
}

fn no_thread(place: &Place) -> Gap {
    Gap::new(GapKind::Failed, namespace_name(place.id), "the kernel refused a thread to visit it with")
}
