//! The shell: brush, a bash in Rust, which reads nothing of the container unless it is told to.

mod environment;
mod interrupt;
mod kill;
mod options;
mod stops;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{IsTerminal, stdin};
use std::path::Path;
use std::sync::Arc;

use brush_builtins::{BuiltinSet, ShellBuilderExt};
use brush_core::ShellFd;
use brush_core::builtins::simple_builtin;
use brush_core::openfiles::OpenFile;
use brush_core::sys::fd::try_get_file_for_open_fd;
use brush_core::terminal::TerminalControl;
use brush_core::{ProfileLoadBehavior, RcLoadBehavior, Shell};
use brush_interactive::{
    InputBackend, InteractiveOptions, InteractiveShell, MinimalInputBackend, ReedlineInputBackend,
    ShellError, ShellRef, UIOptions,
};
use tokio::sync::Mutex;

use crate::applet::{Applet, Group};
use crate::arguments;
use crate::trouble::{Trouble, exit, say};
use interrupt::Interrupts;
use kill::Kill;
use options::{Commands, ShellOptions};

/// The shell under each of its names.
pub(crate) const APPLETS: &[Applet] = &[shell("sh"), shell("bash"), shell("brush")];

/// The exit code for what was typed wrong.
const USAGE: i32 = 2;

const fn shell(name: &'static str) -> Applet {
    Applet { name, group: Group::Shell, summary: "a shell in the manner of bash", run }
}

fn run(words: Vec<OsString>) -> i32 {
    if let Some(word) = words.iter().find(|word| word.to_str().is_none()) {
        let advice = "run the program itself, without a shell around it, or find -exec or xargs, or the container's own shell";
        say("sh", format!("{}: this shell holds nothing but UTF-8; {advice}", word.display()));
        return USAGE;
    }
    arguments::with(words, |options: &ShellOptions| exit("sh", shell_of(options), 1))
}

fn shell_of(options: &ShellOptions) -> Result<i32, Trouble> {
    let commands = options.commands()?;
    if let Commands::Script { path, .. } = &commands
        && let Err(error) = std::fs::File::open(path)
    {
        say("sh", format!("{path}: {}", crate::trouble::reason(&error)));
        return Ok(if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 });
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(run_commands(options, commands));
    // A thread that still reads standard input would be waited for.
    runtime.shutdown_background();
    outcome.map(i32::from).map_err(Trouble::new)
}

async fn run_commands(options: &ShellOptions, commands: Commands) -> Result<u8, ShellError> {
    let shell = Arc::new(Mutex::new(build(options, &commands).await?));
    shell.lock().await.load_config(&options.profile(), &options.rc()).await?;
    if options.is_interactive(&commands) {
        return run_to_the_end(&shell, commands).await;
    }
    let Some(mut interrupts) = Interrupts::watch()? else { return run_to_the_end(&shell, commands).await };
    tokio::select! {
        code = run_to_the_end(&shell, commands) => code,
        () = interrupts.wait_for_the_end() => {
            let mut shell = shell.lock().await;
            // Whatever the commands for the end come to, it is an interrupt that ends the shell.
            let _ignored = shell.on_exit().await;
            interrupt::end();
            Ok(shell.last_exit_status())
        }
    }
}

async fn run_to_the_end(
    shell: &ShellRef<impl brush_core::ShellExtensions>,
    commands: Commands,
) -> Result<u8, ShellError> {
    match commands {
        Commands::Words { text, .. } => {
            let mut shell = shell.lock().await;
            if let Err(error) = shell.run_dash_c_command(text).await {
                shell.display_error(&mut shell.stderr(), &error)?;
                return Ok(error_code(shell.last_exit_status()));
            }
        }
        Commands::Script { path, arguments } => {
            shell.lock().await.run_script(Path::new(&path), arguments.into_iter()).await?;
        }
        Commands::StandardInput { .. } => interact(shell).await?,
    }
    let code = shell.lock().await.last_exit_status();
    Ok(code)
}

/// A command that could not even be begun never succeeds.
fn error_code(last: u8) -> u8 {
    if last == 0 { 1 } else { last }
}

async fn build(options: &ShellOptions, commands: &Commands) -> Result<Shell, ShellError> {
    let mut builder = Shell::builder()
        .enable_options(options.enabled.clone())
        .enable_shopt_options(options.shopt.clone())
        .disallow_overwriting_regular_files_via_output_redirection(options.no_clobber)
        .do_not_execute_commands(options.no_execution)
        .exit_on_nonzero_command_exit(options.exit_on_failure)
        .disable_pathname_expansion(options.no_globs)
        .treat_unset_variables_as_error(options.unset_is_error)
        .print_commands_and_arguments(options.trace)
        .verbose(options.verbose)
        .login(options.login)
        .interactive(options.is_interactive(commands))
        .command_string_mode(matches!(commands, Commands::Words { .. }))
        .read_commands_from_stdin(matches!(commands, Commands::StandardInput { .. }))
        .profile(ProfileLoadBehavior::Skip)
        .rc(RcLoadBehavior::Skip)
        .do_not_inherit_env(true)
        .fds(standard_files())
        .shell_name(commands.shell_name())
        .shell_args(commands.positional())
        .shell_product_display_str("porthole's shell, brush".to_owned())
        .default_builtins(BuiltinSet::BashMode)
        .builtin("kill", simple_builtin::<Kill, _>());
    for (name, variable) in environment::variables(std::env::vars_os()) {
        builder = builder.var(name, variable);
    }
    Ok(builder.build().await?)
}

/// Standard input, output and error as files. What brush takes for them by itself is handed to every command under the
/// number that it had, so that `2>&1` would change nothing.
fn standard_files() -> HashMap<ShellFd, OpenFile> {
    (0..=2).filter_map(|number| Some((number, try_get_file_for_open_fd(number)?))).collect()
}

async fn interact(shell: &ShellRef<impl brush_core::ShellExtensions>) -> Result<(), ShellError> {
    if !stdin().is_terminal() {
        return converse(shell, &mut MinimalInputBackend).await;
    }
    // brush takes the terminal and gives it back at once; it stays ours while this lives.
    let _terminal = TerminalControl::acquire()?;
    stops::watch()?;
    let looks = UIOptions::builder().disable_highlighting(true).build();
    converse(shell, &mut ReedlineInputBackend::new(&looks, shell)?).await
}

async fn converse(
    shell: &ShellRef<impl brush_core::ShellExtensions>,
    input: &mut impl InputBackend,
) -> Result<(), ShellError> {
    InteractiveShell::new(shell, input, &InteractiveOptions::default())?.run_interactively().await
}
