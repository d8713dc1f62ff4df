//! One command in many containers of this host, a few at a time.

use std::io;
use std::process::Stdio;
use std::sync::Arc;

use porthole_host::{EntryPlan, Report, Session};
use porthole_wire::session::FromCrowd;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::commands::debug::session::Reports;

/// How many sessions run at the same time.
const AT_ONCE: usize = 16;

/// Runs them, and tells what they say under their numbers; dropped, it ends those that run.
pub(super) async fn run(members: Vec<(u32, EntryPlan)>, told: mpsc::Sender<FromCrowd>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for (member, plan) in members {
        let (told, places) = (told.clone(), Arc::clone(&places));
        running.spawn(async move {
            let _place = places.acquire().await;
            let last = match session(&plan, member, &told).await {
                Ok(code) => FromCrowd::Ended { member, code },
                Err(reason) => FromCrowd::NotEntered { member, reason },
            };
            let _unread = told.send(last).await;
        });
    }
    while running.join_next().await.is_some() {}
}

async fn session(plan: &EntryPlan, member: u32, told: &mpsc::Sender<FromCrowd>) -> Result<u8, String> {
    let words = |error: io::Error| error.to_string();
    let mut session = Session::start(plan, Stdio::null(), Stdio::piped(), Stdio::piped()).map_err(words)?;
    let mut reports = Reports::of(&session).map_err(words)?;
    let (output, errors) = session.outputs();
    let output = output.map(ChildStdout::from_std).transpose().map_err(words)?;
    let errors = errors.map(ChildStderr::from_std).transpose().map_err(words)?;
    let (ended, (), ()) = tokio::join!(
        follow(&mut reports, member, told),
        forward(output, told, |line| FromCrowd::Output { member, line }),
        forward(errors, told, |line| FromCrowd::Error { member, line }),
    );
    ended
}

async fn follow(reports: &mut Reports, member: u32, told: &mpsc::Sender<FromCrowd>) -> Result<u8, String> {
    let mut ended = Err("its session was ended".to_owned());
    while let Some(report) = reports.next().await.map_err(|error| error.to_string())? {
        match report {
            Report::Ended { code } => ended = Ok(code),
            Report::Failed(failure) => ended = Err(failure.to_string()),
            Report::NotRun { cause } => {
                let _unread = told.send(FromCrowd::Error { member, line: cause.into_bytes() }).await;
            }
            Report::Entered | Report::Stopped => {}
        }
    }
    ended
}

async fn forward(
    pipe: Option<impl AsyncRead + Unpin>,
    told: &mpsc::Sender<FromCrowd>,
    word: impl Fn(Vec<u8>) -> FromCrowd,
) {
    let Some(pipe) = pipe else { return };
    let mut reader = BufReader::new(pipe);
    loop {
        let mut line = Vec::new();
        // A pipe that breaks ends as one that is closed.
        if reader.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
            return;
        }
        line.truncate(line.len() - usize::from(line.ends_with(b"\n")));
        if told.send(word(line)).await.is_err() {
            return;
        }
    }
}
