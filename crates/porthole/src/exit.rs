//! The exit codes.

use std::process::ExitCode;

/// How porthole ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, and nothing was found that `--fail-on` counts.
    Success,
    /// 1: doctor found something at or over `--fail-on`, two recordings differ, or an audit was altered, or the engine refused a call.
    Findings,
    /// 2: porthole could not do the job.
    Failure,
    /// The exit code of the command that was run.
    Passed(u8),
    /// 130: interrupted by Ctrl-C or SIGTERM.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Findings => 1,
            Exit::Failure => 2,
            Exit::Passed(code) => code,
            Exit::Interrupted => 130,
        })
    }
}
