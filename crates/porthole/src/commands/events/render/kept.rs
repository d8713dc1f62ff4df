//! A template and its file, which stays as it was wherever something goes wrong.

use std::fs;
use std::path::PathBuf;

use porthole_render::error::{note, warning};
use porthole_render::json::TemplateData;
use porthole_render::template::Template;

use super::order::Rendering;
use super::output_file::OutputFile;
use crate::error::CommandError;
use crate::printer::Printer;

/// A template and its file.
#[derive(Debug)]
pub(super) struct KeptFile {
    template: PathBuf,
    output: OutputFile,
    /// What was said to be wrong, so that it is said once.
    trouble: Option<String>,
}

impl KeptFile {
    /// Fails where the template cannot be read or has an error, or where the file cannot be written. Nothing is written.
    pub(super) fn prepare(rendering: &Rendering) -> Result<Self, CommandError> {
        let (template, output) = (rendering.template.clone(), OutputFile::new(&rendering.file));
        let kept = Self { template, output, trouble: None };
        kept.read()?;
        kept.output.prepare().map_err(|error| kept.unwritable(error))?;
        Ok(kept)
    }

    /// What the template, as it is now, makes of the containers.
    pub(super) fn fill(&self, data: &TemplateData) -> Result<String, CommandError> {
        self.read()?.fill(data).map_err(|error| CommandError::caused_by("the template has an error", error))
    }

    /// Writes it where it differs; whether it did.
    pub(super) fn write(&self, content: &str, printer: Printer) -> Result<bool, CommandError> {
        let is_changed = self.output.write(content.as_bytes()).map_err(|error| self.unwritable(error))?;
        if is_changed {
            printer.note(&note(&format!("wrote {}", self.output.path.display())));
        }
        Ok(is_changed)
    }

    /// Fills and writes; what goes wrong is said, once, and leaves the file as it was.
    pub(super) fn refresh(&mut self, data: &TemplateData, printer: Printer) -> bool {
        let refreshed = self.fill(data).and_then(|content| self.write(&content, printer));
        let (is_changed, trouble) = match refreshed {
            Ok(is_changed) => (is_changed, None),
            Err(error) => (false, Some(self.words(&error))),
        };
        if let Some(words) = trouble.as_ref().filter(|words| self.trouble.as_ref() != Some(*words)) {
            printer.note(&warning(words));
        }
        self.trouble = trouble;
        is_changed
    }

    fn read(&self) -> Result<Template, CommandError> {
        let name = self.template.display().to_string();
        let text = fs::read_to_string(&self.template)
            .map_err(|error| CommandError::caused_by(format!("cannot read the template {name}"), error))?;
        Template::parse(&name, &text)
            .map_err(|error| CommandError::caused_by("the template has an error", error))
    }

    fn unwritable(&self, error: std::io::Error) -> CommandError {
        CommandError::caused_by(format!("cannot write {}", self.output.path.display()), error)
    }

    fn words(&self, error: &CommandError) -> String {
        let causes = error.causes().join(": ");
        format!("{}: {causes}; {} stays as it was", error.message(), self.output.path.display())
    }
}
