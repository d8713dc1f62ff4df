//! What a condition says of an exchange that goes on: yes, no, or not yet.

use porthole_model::{ContainerNames, Exchange};

use super::Expression;
use super::evaluate::tests;
use super::fields::Field;

/// What is decided by what is known so far.
pub(super) fn decided(expression: &Expression, so_far: &Exchange, names: &ContainerNames) -> Option<bool> {
    match expression {
        Expression::Any(parts) => decided_by(parts, true, so_far, names),
        Expression::All(parts) => decided_by(parts, false, so_far, names),
        Expression::Not(inner) => decided(inner, so_far, names).map(|holds| !holds),
        Expression::Test(field, condition) => {
            is_settled(*field, so_far).then(|| tests(*field, condition, so_far, names))
        }
    }
}

/// One part that is so decides; else all must be decided.
fn decided_by(
    parts: &[Expression],
    decisive: bool,
    so_far: &Exchange,
    names: &ContainerNames,
) -> Option<bool> {
    let mut result = Some(!decisive);
    for part in parts {
        match decided(part, so_far, names) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => result = None,
        }
    }
    result
}

/// Whether a field will not change any more.
fn is_settled(field: Field, so_far: &Exchange) -> bool {
    match field {
        Field::Id
        | Field::Connection
        | Field::Method
        | Field::Path
        | Field::Query
        | Field::Target
        | Field::Api
        | Field::Operation
        | Field::ClientPid
        | Field::ClientUid
        | Field::ClientUser
        | Field::ClientExecutable
        | Field::ClientCommand
        | Field::ClientContainer
        | Field::ClientAddress => true,
        Field::Resource | Field::ResourceKind | Field::ResourceName => !may_be_named_later(so_far),
        Field::Status | Field::FirstByte | Field::Upgraded => so_far.status.is_some(),
        Field::Failed => so_far.status.is_some_and(|status| status >= 400),
        _ => false,
    }
}

/// The engine names what it creates, and bodies name what is joined or loaded.
fn may_be_named_later(so_far: &Exchange) -> bool {
    let creates = |name: &str| name.ends_with("Create") || name == "ContainerExec";
    so_far.resource.is_none() || so_far.operation.as_deref().is_none_or(creates)
}

#[cfg(test)]
mod tests {
    use porthole_model::{ContainerNames, Exchange};

    use crate::Filter;
    use crate::sample_exchange;

    fn decided(filter: &str, so_far: &Exchange) -> Option<bool> {
        Filter::parse(filter).unwrap().decides(so_far, &ContainerNames::default())
    }

    #[test]
    fn the_request_decides_what_it_can_and_the_answer_the_rest() {
        let whole = sample_exchange::exchange();
        let request = Exchange { status: None, first_byte: None, ..whole.clone() };
        let method = whole.method.clone();
        for (filter, at_request, at_answer) in [
            (format!("method = {method}"), Some(true), Some(true)),
            (format!("not method = {method}"), Some(false), Some(false)),
            (format!("method = {method} and status >= 100"), None, Some(true)),
            (format!("method != {method} and status >= 100"), Some(false), Some(false)),
            (format!("method = {method} or status >= 100"), Some(true), Some(true)),
            ("status = 599 or answer.bytes > 1".to_owned(), None, None),
            ("duration > 1s".to_owned(), None, None),
            ("failed".to_owned(), None, None),
        ] {
            assert_eq!(decided(&filter, &request), at_request, "{filter}");
            assert_eq!(decided(&filter, &whole), at_answer, "{filter}");
        }
        assert_eq!(decided("failed", &Exchange { status: Some(404), ..request }), Some(true));
    }
}
