//! How long it takes from a command to a shell that answers: a person who types at its prompt and reads.

use std::time::{Duration, Instant};

use wait4::Wait4;

use super::terminal::Terminal;
use crate::error::BenchError;
use crate::sample::Sample;

/// What is typed, and what only a shell that ran it prints: the echo of what was typed differs.
const QUESTION: &str = "echo $((6*7))there\r";
const ANSWER: &str = "42there";

const GOODBYE: &str = "exit\r";

/// How long each step may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs `command` on a terminal, types at its prompt, reads the answer, and leaves; gives the [`Sample`] as JSON.
pub(crate) fn measure(command: &[String]) -> Result<String, BenchError> {
    Ok(serde_json::to_string(&converse(command)?)?)
}

fn converse(command: &[String]) -> Result<Sample, BenchError> {
    let begin = Instant::now();
    let (mut terminal, mut child) = Terminal::with(command)?;
    let answered = ask(&mut terminal);
    let wall = begin.elapsed();
    let left = answered.and_then(|()| leave(&mut terminal));
    if left.is_err() {
        let _over = child.kill();
    }
    let ended = child.wait4().map_err(BenchError::io("wait for the shell"))?;
    left.map_err(|attempt| BenchError::Mute {
        command: command.join(" "),
        attempt,
        shown: terminal.shown(),
    })?;
    if !ended.status.success() {
        return Err(BenchError::Failed { command: command.join(" "), status: ended.status.to_string() });
    }
    let processor = ended.rusage.utime + ended.rusage.stime;
    Ok(Sample { wall, processor, peak_memory: ended.rusage.maxrss, rows: 1 })
}

/// Waits for the prompt, types, and waits for the answer; says what the shell did not do in time.
fn ask(terminal: &mut Terminal) -> Result<(), &'static str> {
    terminal.until(PATIENCE, is_prompt).map_err(|_| "show a prompt")?;
    terminal.press(QUESTION).map_err(|_| "take what was typed")?;
    terminal.until(PATIENCE, |shown| shown.contains(ANSWER)).map_err(|_| "answer")
}

fn leave(terminal: &mut Terminal) -> Result<(), &'static str> {
    terminal.press(GOODBYE).map_err(|_| "take what was typed")?;
    terminal.until_closed(PATIENCE).map_err(|_| "end")
}

/// Whether the last line ends as the prompts of shells do.
fn is_prompt(shown: &str) -> bool {
    shown.trim_end().ends_with(['#', '$'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[&str]) -> Vec<String> {
        line.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_clock_stops_at_the_answer_and_not_at_the_end() {
        let slow_to_end = r#"read line; sleep 0.2; eval "$line"; read line; sleep 1"#;
        let script = format!("printf 'here # '; {slow_to_end}");
        let sample = converse(&words(&["bash", "-c", &script])).unwrap();
        let range = Duration::from_millis(200)..Duration::from_secs(1);
        assert!(range.contains(&sample.wall), "{:?}", sample.wall);
    }

    #[test]
    fn a_shell_that_asks_where_the_cursor_is_gets_an_answer() {
        let asks = r#"stty raw -echo; printf '\033[6n'; IFS= read -rd R place; stty sane; test -n "$place" || exit 3"#;
        let script = format!("{asks}; PS1='$ ' exec bash --norc --noprofile -i");
        assert_eq!(converse(&words(&["bash", "-c", &script])).unwrap().rows, 1);
    }

    #[test]
    fn a_command_that_is_no_shell_gives_no_figure() {
        let error = converse(&words(&["echo", "no shell"])).unwrap_err().to_string();
        assert!(error.contains("did not show a prompt") && error.contains("no shell"), "{error}");
    }
}
