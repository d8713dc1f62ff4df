//! What can be typed behind `porthole api`.

use clap::{Args, Subcommand};

use crate::output::OutputArgs;

/// `porthole api`.
#[expect(clippy::doc_markdown, reason = "the text is the help of the command line")]
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct ApiArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ApiCommand>,
    /// The method: GET, POST, PUT, DELETE, HEAD
    #[arg(value_name = "METHOD", required = true)]
    pub(crate) method: Option<String>,
    /// The path, with or without a version; its query is encoded where it has to be
    #[arg(value_name = "PATH", required = true)]
    pub(crate) path: Option<String>,
    /// Send this: JSON, @FILE, or - for standard input
    ///
    /// JSON is checked before anything is sent. Calls that take a tar archive, such as POST /images/load, and those with
    /// another Content-Type, get a file as it is.
    #[arg(short, long, value_name = "JSON|@FILE|-")]
    pub(crate) data: Option<String>,
    /// Send this header, too; may be given more than once
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub(crate) headers: Vec<(String, String)>,
    /// Add this to the query, encoded; may be given more than once
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = parameter)]
    pub(crate) query: Vec<(String, String)>,
    /// Print the status and the headers before the answer
    #[arg(short, long)]
    pub(crate) include: bool,
    /// Print the answer as it comes, on a terminal too: no layout, no splitting of a container's streams
    #[arg(long)]
    pub(crate) raw: bool,
    /// Do not call, but print the same call as a command line with curl
    #[arg(long)]
    pub(crate) curl: bool,
    // The same option as every command has, without its letter: that is a header's here, as it is curl's.
    /// The engine to ask: unix:///path, tcp://host:port, ssh://user@host (-H only before the word api)
    #[arg(long, global = true, value_name = "URL", help_heading = "Global options")]
    host: Option<String>,
}

/// `porthole api ls`.
#[derive(Debug, Subcommand)]
pub(crate) enum ApiCommand {
    /// List the calls of the version that is spoken with the engine, and what they take
    #[command(after_long_help = "\
Examples:
  porthole api ls                     every call
  porthole api ls containers          those with this word in their path, name or purpose
  porthole api ls create --output json

* stands behind what must be given; in brackets stands what holds where nothing is given.")]
    Ls(LsArgs),
}

/// `porthole api ls`.
#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    /// Only calls with this word in their method, path, name or purpose, or else in their parameters
    #[arg(value_name = "WORD")]
    pub(crate) word: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

fn header(text: &str) -> Result<(String, String), String> {
    if text.contains("://") && !text.contains(' ') {
        return Err(
            "that is the address of an engine: give it with --host, or before the word api".to_owned()
        );
    }
    let (name, value) = text.split_once(':').ok_or("a header is NAME: VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a part of the query is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
