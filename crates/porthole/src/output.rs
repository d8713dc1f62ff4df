//! The arguments that several commands share: where facts come from and how they are printed.

use std::path::PathBuf;

use clap::ValueEnum;

/// Where the facts come from.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct SourceArgs {
    /// Read a recorded host (`porthole snapshot`) instead of this one; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
}

/// Text or JSON.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// The format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: Output,
}

/// The formats of every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// For programs; the schemas are in docs/schema.
    Json,
}

/// The formats of a topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TopologyOutput {
    /// A table.
    Text,
    /// Bridges, their ports, and the containers behind them.
    Tree,
    /// A picture.
    Svg,
    /// A page with the picture and the table.
    Html,
    /// For programs; the schema is docs/schema/topology.json.
    Json,
}
