//! A filter over exchanges: `method = POST and path ~ "/exec" and status >= 400`.
//!
//! `not` binds tighter than `and`, and `and` tighter than `or`. A field alone asks whether there is such a fact:
//! `client.container and failed`. A comparison with a fact that is missing is false whatever the operator, so
//! `client.user != root` leaves out clients whose user is not known, and `not client.user = root` keeps them.

mod display;
mod error;
mod evaluate;
mod fields;
mod lexer;
mod operand;
mod parser;
mod so_far;
#[cfg(test)]
mod tests;

use porthole_model::{ContainerNames, Exchange};

pub use error::{FilterError, FilterProblem};
use fields::Field;
use operand::{Operand, Pattern};

/// A condition on exchanges. It prints as an expression that means the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    expression: Expression,
}

impl Filter {
    /// Reads an expression.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let expression = parser::parse(text).map_err(|located| located.in_text(text))?;
        Ok(Self { expression })
    }

    /// Whether an exchange meets the condition, where containers are known by their ids alone.
    pub fn matches(&self, exchange: &Exchange) -> bool {
        self.matches_named(exchange, &ContainerNames::default())
    }

    /// Whether an exchange meets the condition.
    pub fn matches_named(&self, exchange: &Exchange, names: &ContainerNames) -> bool {
        evaluate::holds(&self.expression, exchange, names)
    }

    /// Whether a call that goes on will meet the condition, as soon as what is known of it decides that: at its
    /// request who asked for what, with its answer the status. What only the end tells decides nothing before.
    pub fn decides(&self, so_far: &Exchange, names: &ContainerNames) -> Option<bool> {
        so_far::decided(&self.expression, so_far, names)
    }

    /// The names of all fields, in the order of the documentation.
    pub fn fields() -> impl Iterator<Item = &'static str> {
        fields::names()
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Expression {
    Any(Vec<Expression>),
    All(Vec<Expression>),
    Not(Box<Expression>),
    Test(Field, Condition),
}

/// What is asked of a field.
#[derive(Clone, Debug, PartialEq)]
enum Condition {
    /// That the fact is there; of a yes-or-no fact, that it is yes.
    Present,
    Compare(Comparison, Operand),
    OneOf(Vec<Operand>),
    Matches(Pattern),
    Differs(Pattern),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
