//! `porthole netdb`: the engine's network database, looked at, checked, saved, made anew, and what hangs on it.

mod backup;
mod check;
mod clean;
mod repair;
mod reset;
mod restore;
mod show;
mod work;

use clap::Subcommand;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// `porthole netdb`.
#[derive(Debug, clap::Args)]
pub(crate) struct NetdbArgs {
    #[command(subcommand)]
    command: NetdbCommand,
}

/// What can be done with the database.
#[derive(Debug, Subcommand)]
enum NetdbCommand {
    /// Show what the engine keeps of its networks, as it is now
    ///
    /// Reads local-kv.db without its lock, while the engine runs or when it does not. Of a damaged file the pages that
    /// are damaged are named, and the rest is shown.
    #[command(after_long_help = "\
Examples:
  porthole netdb show
  porthole netdb show --keys                  every key, with the fields that have no column
  porthole netdb show --file ./local-kv.db    a copy, without an engine
  porthole netdb show --output json | jq '.records[] | select(.kind == \"sandbox\") | .forwarders'")]
    Show(show::ShowArgs),
    /// Compare it with the engine, the kernel and the containers
    ///
    /// Finds damaged pages, locks, containers whose network is gone, networks that only one side knows, and bridges and
    /// veth pairs that are left over. Reads twice and reports what was so both times. Changes nothing.
    #[command(after_long_help = "\
Examples:
  porthole netdb check
  porthole netdb check --file ./local-kv.db   a copy, compared with the engine that runs
  porthole netdb check --output json | jq '.findings[].summary'")]
    Check(check::CheckArgs),
    /// Save it, with a description by which every network can be made again
    ///
    /// One file, which only its owner can read: the database as it is, with its digest, and networks.json, which holds
    /// options, address ranges and labels of every network, and addresses, aliases and options of every container on
    /// it, running or not.
    #[command(after_long_help = "\
Examples:
  porthole netdb backup                       into this directory, named after host and time
  porthole netdb backup -o /var/backups/networks.tar.zst
  tar --zstd -tf networks.tar.zst             it is an archive like any other")]
    Backup(backup::BackupArgs),
    /// Make the networks of a backup again and put the containers back on them
    ///
    /// What is there already stays as it is, so it can be run again after a failure. The networks bridge, host and none
    /// are never touched. Containers get the addresses that they had, which are fixed from then on. Ethernet addresses are in
    /// the backup, but engines take none when a container is put on a network.
    #[command(after_long_help = "\
Examples:
  porthole netdb restore --dry-run networks.tar.zst
  porthole netdb restore --clean --start networks.tar.zst
                                              remove old bridges first, start the containers that ran then
  porthole netdb restore --new-addresses networks.tar.zst
                                              only addresses that were fixed are asked for")]
    Restore(restore::RestoreArgs),
    /// Mend a container whose network is gone
    ///
    /// Makes the network if there is none of its name, takes the container off the old one by force, puts it on the new
    /// one with the aliases and fixed addresses that it had, and starts it.
    #[command(after_long_help = "\
Examples:
  porthole netdb repair --dry-run web         the commands, without doing them
  porthole netdb repair web
  porthole netdb repair --from networks.tar.zst web
                                              a network that is missing is made as it was")]
    Repair(repair::RepairArgs),
    /// Remove bridges and veth pairs that are nobody's
    ///
    /// Only bridges named br- and twelve digits, of a network that no engine has, and veth pairs of which both ends lie
    /// in the engine's own network and carry nothing. Shows what tells so, and asks.
    #[command(after_long_help = "\
Examples:
  porthole netdb clean --dry-run
  porthole netdb clean")]
    Clean(clean::CleanArgs),
    /// Let the engine begin with a new database: save, stop, move away, start
    ///
    /// Tells what will be lost, asks, writes a backup, stops the engine (by systemd, or the way it was started), waits until
    /// it is gone, renames the database, starts the engine, and shows what is left. Nothing is deleted; where the engine
    /// does not start, the old database is put back.
    #[command(after_long_help = "\
Examples:
  porthole netdb reset --dry-run              what would be lost, and what would be run
  porthole netdb reset -o /var/backups/networks.tar.zst
  porthole netdb restore --start /var/backups/networks.tar.zst")]
    Reset(reset::ResetArgs),
}

/// Does what was asked.
pub(crate) fn run(args: &NetdbArgs, world: &World) -> Result<Exit, CommandError> {
    match &args.command {
        NetdbCommand::Show(args) => show::run(args, world),
        NetdbCommand::Check(args) => check::run(args, world),
        NetdbCommand::Backup(args) => backup::run(args, world),
        NetdbCommand::Restore(args) => restore::run(args, world),
        NetdbCommand::Repair(args) => repair::run(args, world),
        NetdbCommand::Clean(args) => clean::run(args, world),
        NetdbCommand::Reset(args) => reset::run(args, world),
    }
}
