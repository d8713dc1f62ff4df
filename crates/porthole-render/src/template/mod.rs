//! Templates in the language of Jinja, filled with containers: what is misspelt or missing is an error with its line, and
//! never an empty piece of somebody's configuration.

mod record;
#[cfg(test)]
mod tests;

use std::error;
use std::fmt;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use crate::json::TemplateData;

/// How many instructions one filling may take: seconds, and not for ever.
const FUEL: u64 = 50_000_000;

/// A template that can be filled.
#[derive(Debug)]
pub struct Template {
    environment: Environment<'static>,
    name: String,
}

/// Why a template cannot be read or filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The template's name, a colon, and the line.
    pub place: String,
    /// What is wrong there.
    pub cause: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.cause)
    }
}

impl error::Error for TemplateError {}

impl Template {
    /// Reads a template; `name` is what errors call it.
    pub fn parse(name: &str, text: &str) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        // A label may be missing, and `if` may ask for it; all else that uses it then is an error.
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        // A line that holds a block alone leaves nothing, and the last line keeps its end.
        let mut syntax = SyntaxConfig::builder();
        syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
        environment.set_syntax(syntax.build().map_err(|error| told(name, &error))?);
        environment.set_fuel(Some(FUEL));
        // Without it a release build does not name what is undefined.
        environment.set_debug(true);
        environment.set_formatter(|output, state, value| {
            if value.is_none() {
                return Err(Error::new(ErrorKind::InvalidOperation, NONE));
            }
            minijinja::escape_formatter(output, state, value)
        });
        let added = environment.add_template_owned(name.to_owned(), text.to_owned());
        added.map_err(|error| told(name, &error))?;
        Ok(Self { environment, name: name.to_owned() })
    }

    /// What it makes of the containers.
    pub fn fill(&self, data: &TemplateData) -> Result<String, TemplateError> {
        let functions = self.environment.globals().map(|(name, _)| name.to_owned()).collect();
        let filled = self.environment.get_template(&self.name).and_then(|template| {
            let data = serde_json::to_value(data)
                .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))?;
            template.render(record::root(data, functions))
        });
        filled.map_err(|error| told(&self.name, &error))
    }
}

/// Why none is not written.
const NONE: &str = "the value is none: write what is to stand there then, as in {{ value or \"-\" }}, or leave it out \
                    with {% if value %}";

fn told(name: &str, error: &Error) -> TemplateError {
    let place = format!("{}:{}", error.name().unwrap_or(name), error.line().unwrap_or(1));
    let cause = match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => format!("it took more than {FUEL} steps, and was ended"),
        (ErrorKind::InvalidOperation, Some(detail)) => detail.to_owned(),
        (ErrorKind::UndefinedError, Some(detail)) => {
            format!("{detail}; where it may be missing, write | default(\"\") behind it")
        }
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    TemplateError { place, cause }
}
