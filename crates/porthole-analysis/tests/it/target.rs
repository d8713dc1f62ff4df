//! Which container is meant.

use porthole_analysis::namespace_of;
use porthole_analysis::target::{Named, Target, TargetError, resolve, resolve_running};
use porthole_model::{ContainerId, ContainerState, Pid};
use proptest::prelude::*;

use crate::lab::{HOST_NAMESPACE, Lab};
use crate::spec::container;

fn named(name: &str, id: &str, state: ContainerState) -> Named {
    Named { name: name.to_owned(), id: ContainerId(format!("{id:0<64}")), state }
}

fn some() -> Vec<Named> {
    vec![
        named("web", "ab12", ContainerState::Running),
        named("web-db", "ab34", ContainerState::Paused),
        named("api", "cd", ContainerState::Exited),
        named("cd", "ef", ContainerState::Running),
    ]
}

fn name(text: &str) -> Result<String, TargetError> {
    match resolve(&some(), text)? {
        Target::Container(named) => Ok(named.name),
        Target::Process(pid) => Ok(format!("process {pid}")),
    }
}

#[test]
fn names_ids_and_beginnings_resolve() {
    let full = format!("{:0<64}", "ab12");
    for (text, expected) in [
        ("web", "web"),
        ("/web", "web"),
        ("web-", "web-db"),
        (full.as_str(), "web"),
        ("ab1", "web"),
        ("ap", "api"),
        // A name wins over the beginning of an id.
        ("cd", "cd"),
        ("cd0", "api"),
        ("pid:4711", "process 4711"),
    ] {
        assert_eq!(name(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_not_found_has_near_names() {
    let error = name("wbe").unwrap_err();
    assert_eq!(error.to_string(), "there is no container 'wbe'");
    assert_eq!(name("wep").unwrap_err().hints(), ["did you mean 'web'?"]);
    assert_eq!(name("db").unwrap_err().hints(), ["did you mean 'web-db'?"]);
    assert_eq!(name("wb").unwrap_err().hints(), ["did you mean 'web'?"]);
    assert_eq!(name("kafka").unwrap_err().hints(), ["docker ps --all lists all containers"]);
    assert!(matches!(name(""), Err(TargetError::NotFound { .. })));
}

#[test]
fn what_may_be_several_lists_them() {
    let error = name("ab").unwrap_err();
    assert_eq!(error.to_string(), "'ab' may be any of 2 containers");
    assert_eq!(error.hints()[0], "'web' has the id ab1200000000");
    assert!(matches!(name("we"), Err(TargetError::Ambiguous { .. })));
}

#[test]
fn what_does_not_run_says_its_state() {
    let error = resolve_running(&some(), "api").unwrap_err();
    assert_eq!(error.to_string(), "container 'api' is not running: its state is exited");
    assert_eq!(error.hints(), ["start it: docker start api"]);
    assert!(resolve_running(&some(), "web-db").is_ok());
    assert!(resolve_running(&[], "pid:1").is_ok());
}

#[test]
fn a_process_needs_a_number() {
    for text in ["pid:", "pid:0", "pid:-1", "pid:x", "pid:4294967296"] {
        assert!(matches!(name(text), Err(TargetError::NotAProcess { .. })), "{text}");
    }
}

#[test]
fn a_target_leads_to_its_namespace() {
    let mut lab = Lab::docker();
    let web = Named::from(&*lab.run(container("web")));
    let namespace = lab.namespace_of("web");
    let place = |target: &Target| namespace_of(&lab.snapshot, target).map(|namespace| namespace.id);
    assert_eq!(place(&Target::Container(web)), Ok(namespace));
    assert_eq!(place(&Target::Process(Pid(1))), Ok(HOST_NAMESPACE));
    assert!(place(&Target::Process(Pid(99_999))).is_err());
    assert!(place(&Target::Container(named("gone", "9", ContainerState::Running))).is_err());
}

proptest! {
    #[test]
    fn resolving_never_panics(text in ".{0,40}", names in proptest::collection::vec(".{0,12}", 0..6)) {
        let containers: Vec<_> =
            names.iter().map(|name| named(name, "0", ContainerState::Running)).collect();
        if let Err(error) = resolve_running(&containers, &text) {
            prop_assert!(!error.to_string().is_empty());
            prop_assert!(!error.hints().is_empty());
        }
    }

    #[test]
    fn a_name_resolves_to_itself(names in proptest::collection::btree_set("[a-z0-9][a-z0-9_.-]{1,8}", 1..6)) {
        let containers: Vec<_> =
            names.iter().map(|name| named(name, "f", ContainerState::Running)).collect();
        for name in &names {
            let Ok(Target::Container(found)) = resolve(&containers, name) else { return Err(TestCaseError::fail("none")) };
            prop_assert_eq!(&found.name, name);
        }
    }
}
