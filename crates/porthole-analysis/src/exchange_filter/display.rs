//! A filter as an expression that means the same.

use std::fmt::{self, Display, Formatter};

use super::lexer::is_word;
use super::operand::{Meaning, Operand};
use super::parser::is_keyword;
use super::{Comparison, Condition, Expression, Filter};

impl Display for Filter {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.expression.fmt(formatter)
    }
}

impl Display for Expression {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(parts) => joined(formatter, parts, " or "),
            Self::All(parts) => joined(formatter, parts, " and "),
            Self::Not(inner) => {
                formatter.write_str("not ")?;
                part(formatter, inner)
            }
            Self::Test(field, condition) => write!(formatter, "{}{condition}", field.name()),
        }
    }
}

fn joined(formatter: &mut Formatter<'_>, parts: &[Expression], word: &str) -> fmt::Result {
    for (place, inner) in parts.iter().enumerate() {
        formatter.write_str(if place == 0 { "" } else { word })?;
        part(formatter, inner)?;
    }
    Ok(())
}

/// Parentheses where nobody should have to know what binds tighter.
fn part(formatter: &mut Formatter<'_>, inner: &Expression) -> fmt::Result {
    match inner {
        Expression::Any(_) | Expression::All(_) => write!(formatter, "({inner})"),
        Expression::Not(_) | Expression::Test(..) => inner.fmt(formatter),
    }
}

impl Display for Condition {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => Ok(()),
            Self::Compare(comparison, operand) => write!(formatter, " {comparison} {operand}"),
            Self::OneOf(operands) => {
                let operands: Vec<String> = operands.iter().map(Operand::to_string).collect();
                write!(formatter, " in ({})", operands.join(", "))
            }
            Self::Matches(pattern) => write!(formatter, " ~ {}", quoted(pattern.0.as_str())),
            Self::Differs(pattern) => write!(formatter, " !~ {}", quoted(pattern.0.as_str())),
        }
    }
}

impl Display for Comparison {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

impl Display for Operand {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let is_bare = !matches!(self.meaning, Meaning::Text(_)) && is_word(&self.written);
        if is_bare && !is_keyword(&self.written) {
            formatter.write_str(&self.written)
        } else {
            formatter.write_str(&quoted(&self.written))
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}
