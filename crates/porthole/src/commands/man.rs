//! `porthole man`: the man page, in roff.

use crate::error::CommandError;
use crate::exit::Exit;
use crate::printer::Printer;

/// Prints the man page of porthole and, behind it, of each command.
pub(super) fn run() -> Result<Exit, CommandError> {
    let mut command = crate::cli();
    command.build();
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command.clone()).render(&mut page);
    let rendered =
        rendered.and_then(|()| command.get_subcommands().try_for_each(|sub| section(sub, &mut page)));
    rendered.map_err(|error| CommandError::caused_by("cannot make the man page", error))?;
    Printer::write(|out| out.write_all(&page))?;
    Ok(Exit::Success)
}

fn section(command: &clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let man = clap_mangen::Man::new(command.clone());
    page.extend_from_slice(format!(".SH \"PORTHOLE {}\"\n", command.get_name().to_uppercase()).as_bytes());
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)
}
