//! The execs that the connections of a relay have in common: what one call says of an exec, the later ones carry.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use porthole_model::{ExecCall, Resource, ResourceKind};
use porthole_wire::engine_api::ExecFacts;

/// Execs that are remembered; the oldest give way.
const MOST_EXECS: usize = 1024;

/// The execs that the connections of a relay have in common.
#[derive(Debug, Default)]
pub(crate) struct Execs(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    calls: HashMap<String, ExecCall>,
    order: VecDeque<String>,
}

impl Execs {
    /// Adds what a call says of its exec, and gives all that is known of it by now; `None` where the call does not
    /// tell which exec it is about.
    pub(crate) fn join(&self, resource: Option<&Resource>, facts: ExecFacts) -> Option<ExecCall> {
        let resource = resource?;
        let (id, container) = match resource.kind {
            ResourceKind::Exec => (resource.name.clone(), None),
            _ => (facts.id.clone()?, Some(resource.name.clone())),
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let call = known.call(id);
        call.container = call.container.take().or(container).or(facts.container);
        call.command = call.command.take().or(facts.command);
        call.tty = call.tty.or(facts.tty);
        call.exit_code = facts.exit_code.or(call.exit_code);
        Some(call.clone())
    }
}

impl Known {
    fn call(&mut self, id: String) -> &mut ExecCall {
        if !self.calls.contains_key(&id) {
            self.make_room();
            self.order.push_back(id.clone());
        }
        self.calls.entry(id.clone()).or_insert(ExecCall {
            id,
            container: None,
            command: None,
            tty: None,
            exit_code: None,
        })
    }

    fn make_room(&mut self) {
        if self.order.len() >= MOST_EXECS
            && let Some(oldest) = self.order.pop_front()
        {
            self.calls.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use porthole_model::{MaskedText, Secrets};

    use super::*;

    fn resource(kind: ResourceKind, name: &str) -> Resource {
        Resource { kind, name: name.to_owned(), id: None }
    }

    fn exec(id: &str) -> Resource {
        resource(ResourceKind::Exec, id)
    }

    fn created(id: &str) -> ExecFacts {
        let command = MaskedText::arguments(["sh", "-c", "exit 3"], Secrets::Mask);
        ExecFacts {
            id: Some(id.to_owned()),
            command: Some(command),
            tty: Some(false),
            ..ExecFacts::default()
        }
    }

    #[test]
    fn later_calls_carry_what_earlier_ones_told() {
        let execs = Execs::default();
        let web = resource(ResourceKind::Container, "web");
        execs.join(Some(&web), created("ee")).unwrap();
        let start = execs.join(Some(&exec("ee")), ExecFacts::default()).unwrap();
        assert_eq!(
            (start.container.as_deref(), start.tty, start.exit_code),
            (Some("web"), Some(false), None)
        );
        let facts =
            ExecFacts { exit_code: Some(3), container: Some("c1".repeat(32)), ..ExecFacts::default() };
        execs.join(Some(&exec("ee")), facts).unwrap();
        let again = execs.join(Some(&exec("ee")), ExecFacts::default()).unwrap();
        assert_eq!((again.container.as_deref(), again.exit_code), (Some("web"), Some(3)));
        assert_eq!(again.command.map(|words| words.len()), Some(3));
    }

    #[test]
    fn an_exec_that_was_made_elsewhere_is_known_from_its_inspection() {
        let execs = Execs::default();
        let facts = ExecFacts { container: Some("c1".to_owned()), ..ExecFacts::default() };
        assert_eq!(execs.join(Some(&exec("ee")), facts).unwrap().container.as_deref(), Some("c1"));
    }

    #[test]
    fn a_creation_that_was_refused_is_no_exec() {
        let web = resource(ResourceKind::Container, "web");
        assert_eq!(Execs::default().join(Some(&web), ExecFacts::default()), None);
    }

    #[test]
    fn the_oldest_gives_way() {
        let execs = Execs::default();
        let web = resource(ResourceKind::Container, "web");
        for number in 0..=MOST_EXECS {
            execs.join(Some(&web), created(&number.to_string())).unwrap();
        }
        let container = |id| execs.join(Some(&exec(id)), ExecFacts::default()).unwrap().container;
        assert_eq!(container("1024").as_deref(), Some("web"));
        assert_eq!(container("0"), None);
        assert_eq!(execs.0.lock().unwrap().calls.len(), MOST_EXECS);
    }
}
