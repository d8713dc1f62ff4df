//! The documentation of checks as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use super::{SCHEMA_VERSION, pretty};
use crate::explain::Explanation;

/// The documentation of checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole explain")]
pub struct ExplanationsDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// The checks, by code.
    pub checks: Vec<ExplanationItem>,
}

/// The documentation of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplanationItem {
    /// Its code: `PH011`.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Its documentation, in order.
    pub sections: Vec<SectionItem>,
}

/// A section of a documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SectionItem {
    /// Its heading.
    pub heading: String,
    /// Its text, in Markdown.
    pub markdown: String,
}

/// The documentation of checks as JSON.
pub fn explanations(explanations: &[Explanation<'_>]) -> String {
    let checks = explanations.iter().map(item).collect();
    pretty(&ExplanationsDocument { schema_version: SCHEMA_VERSION, checks })
}

fn item(explanation: &Explanation<'_>) -> ExplanationItem {
    let section = |(heading, markdown): &(&str, &str)| SectionItem {
        heading: (*heading).to_owned(),
        markdown: (*markdown).to_owned(),
    };
    ExplanationItem {
        code: explanation.code.to_string(),
        title: explanation.title.to_owned(),
        sections: explanation.sections.iter().map(section).collect(),
    }
}
