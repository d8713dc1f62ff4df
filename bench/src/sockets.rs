//! Every TCP socket of one container with the process that owns it: porthole against ss and netstat.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::answers;
use crate::error::BenchError;
use crate::host::Host;
use crate::race::{Contender, Scenario};

/// Opening 50,000 connections on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A container with `count` connected sockets, which stays until [`remove`].
pub(crate) fn scenario(host: &Host, count: usize) -> Result<Scenario, BenchError> {
    let container = name(count);
    host.run(&container, &[], &["peer:1", "sockets", &count.to_string()])?;
    wait(host, &container, &format!("{count} sockets open"))?;
    let pid = host.docker(&["inspect", "--format", "{{.State.Pid}}", &container])?;
    let rows = kernel_rows(host, &pid)?;
    let contenders = contenders(&container, &pid, rows);
    let processes = processes(host, &container)?;
    answers::agree(host, &contenders, rows, &|answer| answers::owned_endpoints(answer, &processes))?;
    let listeners = rows - count;
    let title = format!("A container with {count} connected TCP sockets and {listeners} listening");
    Ok(Scenario { title, contenders })
}

/// Removes the container of [`scenario`].
pub(crate) fn remove(host: &Host, count: usize) -> Result<(), BenchError> {
    host.docker(&["rm", "--force", &name(count)]).map(drop)
}

fn name(count: usize) -> String {
    format!("sockets{count}")
}

/// ss and netstat are given the container's process; porthole finds it by name.
fn contenders(container: &str, pid: &str, rows: usize) -> Vec<Contender> {
    let tcp = ["porthole", "sockets", container, "--protocol", "tcp"];
    let enter = ["nsenter", "--net", "--target", pid];
    let row = " 127.0.0.1:";
    vec![
        Contender::new("`porthole sockets C --protocol tcp`", &tcp, row, rows),
        Contender::new("`porthole sockets C`", &tcp[..3], row, rows),
        Contender::new(
            "`nsenter --net --target PID ss -tanp`",
            &[&enter[..], &["ss", "-tanp"]].concat(),
            row,
            rows,
        ),
        Contender::new(
            "`nsenter --net --target PID netstat -tanp`",
            &[&enter[..], &["netstat", "-tanp"]].concat(),
            row,
            rows,
        ),
    ]
}

fn wait(host: &Host, container: &str, words: &str) -> Result<(), BenchError> {
    let begin = Instant::now();
    loop {
        let log = host.docker(&["logs", container])?;
        if log.contains(words) {
            return Ok(());
        }
        if begin.elapsed() > PATIENCE {
            return Err(BenchError::NotReady { container: container.to_owned(), log });
        }
        sleep(Duration::from_millis(200));
    }
}

/// How many TCP sockets the kernel lists in the container; the first line is a heading.
fn kernel_rows(host: &Host, pid: &str) -> Result<usize, BenchError> {
    let table = host.output(&["cat".to_owned(), format!("/proc/{pid}/net/tcp")])?;
    Ok(table.lines().count() - 1)
}

/// The container's processes, as the host numbers them.
fn processes(host: &Host, container: &str) -> Result<Vec<String>, BenchError> {
    let table = host.docker(&["top", container, "-o", "pid"])?;
    Ok(table.lines().skip(1).map(|line| line.trim().to_owned()).collect())
}
