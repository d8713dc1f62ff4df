//! Counts the sockets of a process's network namespace, and shows how long that took and how much memory.

use std::ops::ControlFlow;
use std::time::Instant;

use porthole_host::{LinuxHost, Roots, SocketFilter};
use porthole_model::Pid;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pid = Pid(std::env::args().nth(1).ok_or("usage: sockets PID")?.parse()?);
    let host = LinuxHost::new(Roots::default());
    let (mut count, mut owned) = (0usize, 0usize);
    let begin = Instant::now();
    host.each_socket(pid, &SocketFilter::everything(), &mut |socket| {
        count += 1;
        owned += usize::from(socket.owners.value().is_some_and(|owners| !owners.is_empty()));
        ControlFlow::Continue(())
    })
    .map_err(|gap| gap.to_string())?;
    let took = begin.elapsed();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    #[expect(clippy::print_stdout, reason = "an example speaks to its user")]
    {
        println!("{count} sockets, {owned} with an owner, {took:?}, {peak}");
    }
    Ok(())
}
