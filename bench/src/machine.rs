//! What the figures were measured on, without a date and without a name.

use std::fs;
use std::path::Path;

use crate::error::BenchError;
use crate::host::Host;

/// The machine's load average of the last minute.
pub(crate) fn load() -> Result<String, BenchError> {
    let text = read("/proc/loadavg")?;
    Ok(text.split_whitespace().next().unwrap_or_default().to_owned())
}

/// A paragraph: engine, kernel, processors, tools, how often, and how busy the machine was.
pub(crate) fn describe(host: &Host, rounds: usize, load_before: &str) -> Result<String, BenchError> {
    let engine = host.docker(&["version", "--format", "{{.Server.Version}}"])?;
    let kernel = read("/proc/sys/kernel/osrelease")?;
    let porthole = first_line(host, &["porthole", "--version"])?;
    let (ss, netstat) = (first_line(host, &["ss", "-V"])?, first_line(host, &["netstat", "--version"])?);
    let load = load()?;
    Ok(format!(
        "{porthole}; Docker {engine}; Linux {}; {}; {ss}; {netstat}. Medians of {rounds} alternating rounds. \
         Load average {load_before} before and {load} after.\n",
        release(&kernel),
        processors(&read("/proc/cpuinfo")?),
    ))
}

/// The same without a lab's host, beside these tools.
pub(crate) fn describe_beside(tools: &str, rounds: usize, load_before: &str) -> Result<String, BenchError> {
    let kernel = read("/proc/sys/kernel/osrelease")?;
    let load = load()?;
    Ok(format!(
        "porthole {}; {tools}; Linux {}; {}. Medians of {rounds} alternating rounds. \
         Load average {load_before} before and {load} after.\n",
        env!("CARGO_PKG_VERSION"),
        release(&kernel),
        processors(&read("/proc/cpuinfo")?),
    ))
}

fn first_line(host: &Host, command: &[&str]) -> Result<String, BenchError> {
    let words: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    Ok(host.output(&words)?.lines().next().unwrap_or_default().to_owned())
}

fn read(path: &str) -> Result<String, BenchError> {
    fs::read_to_string(path).map_err(BenchError::at("read", Path::new(path)))
}

/// The version without what the builder of the kernel added.
fn release(kernel: &str) -> &str {
    kernel.trim().split('-').next().unwrap_or_default()
}

fn processors(cpuinfo: &str) -> String {
    let value = |line: &str| line.split_once(':').map(|(_, value)| value.trim().to_owned());
    let count = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let model = cpuinfo.lines().find(|line| line.starts_with("model name")).and_then(value);
    format!("{count} × {}", model.unwrap_or_else(|| "an unnamed processor".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_counted_and_named() {
        let two = "processor\t: 0\nmodel name\t: AMD EPYC\nprocessor\t: 1\nmodel name\t: AMD EPYC\n";
        assert_eq!(processors(two), "2 × AMD EPYC");
        assert_eq!(processors("processor\t: 0\n"), "1 × an unnamed processor");
    }

    #[test]
    fn the_kernel_has_its_version_only() {
        assert_eq!(release("6.12.48+deb13-amd64\n"), "6.12.48+deb13");
    }
}
