//! The secret that a command prints: how one comes out of a vault.
//!
//! # Security
//! - There is no shell: the command is cut at spaces, or written as a JSON list. Its program is named by its whole path, so that
//!   nobody puts another one before it.
//! - It has ten seconds and 64 KiB; then it ends, and all that it started in its process group with it.
//! - It gets nothing of our own configuration, which may hold other secrets. What it says on standard error is dropped: nobody
//!   knows what is in it. Neither it nor what it printed is ever part of an error.

use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::zeroize::Zeroizing;

use super::load::PREFIX;

/// How long a command may take.
const TIME_MAX: Duration = Duration::from_secs(10);
/// Most bytes it may print.
const PRINTED_BYTES_MAX: u64 = 64 << 10;
/// Most words of a command.
const WORDS_MAX: usize = 64;

/// Why there is no secret. Each completes the sentence "the command …".
#[derive(Debug, thiserror::Error)]
pub(super) enum PrintedError {
    #[error("is no list of words; write it as `/usr/bin/program word word` or as a JSON list")]
    Words,
    #[error("must begin with the whole path of a program, like /usr/bin/vault")]
    Relative,
    #[error("cannot be started: {0}; check the path, and that it may be run")]
    Start(#[source] io::Error),
    #[error("did not end in {} seconds; run it by hand to see what it waits for", .0.as_secs())]
    Late(Duration),
    #[error("{0}; run it by hand, as the server's user, to see what it says")]
    Failed(String),
    #[error(
        "printed more than {PRINTED_BYTES_MAX} bytes; it must print the secret and nothing else"
    )]
    Long,
    #[error("printed what is not text; it must print the secret and nothing else")]
    NotText,
    #[error("printed nothing; it must print the secret on standard output")]
    Nothing,
    #[error("could not be read from: {0}")]
    Read(#[source] io::Error),
}

/// Runs the command and gives what it printed. Blocks.
pub(super) fn secret(command: &str) -> Result<Zeroizing<String>, PrintedError> {
    run(command, TIME_MAX)
}

fn run(command: &str, time_max: Duration) -> Result<Zeroizing<String>, PrintedError> {
    let words = words(command)?;
    let (program, arguments) = words.split_first().ok_or(PrintedError::Words)?;
    if !Path::new(program).is_absolute() {
        return Err(PrintedError::Relative);
    }
    let others = std::env::vars_os()
        .filter(|(name, _)| !name.to_str().is_some_and(|name| name.starts_with(PREFIX)));
    let child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(others)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(PrintedError::Start)?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let (ended, wait) = mpsc::sync_channel(1);
    // It ends with the command; when something that left the group holds the pipe open, it goes with the process.
    std::thread::spawn(move || {
        let _nobody_waits = ended.send(finish(child));
    });
    let Ok(finished) = wait.recv_timeout(time_max) else {
        if let Some(group) = group {
            // It may have ended just now.
            let _gone = kill_process_group(group, Signal::KILL);
        }
        return Err(PrintedError::Late(time_max));
    };
    let (status, printed) = finished.map_err(PrintedError::Read)?;
    text(status, &printed)
}

/// A JSON list, or words with spaces between them.
fn words(command: &str) -> Result<Vec<String>, PrintedError> {
    let command = command.trim();
    let words: Vec<String> = if command.starts_with('[') {
        serde_json::from_str(command).map_err(|_| PrintedError::Words)?
    } else {
        command.split_whitespace().map(str::to_owned).collect()
    };
    let is_plain = |word: &String| !word.contains('\0');
    let fits = !words.is_empty() && words.len() <= WORDS_MAX && words.iter().all(is_plain);
    if fits { Ok(words) } else { Err(PrintedError::Words) }
}

fn finish(mut child: Child) -> io::Result<(ExitStatus, Zeroizing<Vec<u8>>)> {
    let capacity = usize::try_from(PRINTED_BYTES_MAX + 1).unwrap_or(0);
    // As much as it can become, so that no copy of a part is left behind when it grows.
    let mut printed = Zeroizing::new(Vec::with_capacity(capacity));
    if let Some(output) = child.stdout.take() {
        output.take(PRINTED_BYTES_MAX + 1).read_to_end(&mut printed)?;
    }
    Ok((child.wait()?, printed))
}

fn text(status: ExitStatus, printed: &[u8]) -> Result<Zeroizing<String>, PrintedError> {
    if printed.len() as u64 > PRINTED_BYTES_MAX {
        return Err(PrintedError::Long);
    }
    match (status.code(), status.signal()) {
        (Some(0), _) => {}
        (Some(code), _) => return Err(PrintedError::Failed(format!("ended with status {code}"))),
        (None, Some(signal)) => {
            return Err(PrintedError::Failed(format!("was ended by signal {signal}")));
        }
        (None, None) => return Err(PrintedError::Failed("ended without a status".to_owned())),
    }
    let printed = std::str::from_utf8(printed).map_err(|_| PrintedError::NotText)?.trim();
    if printed.is_empty() {
        return Err(PrintedError::Nothing);
    }
    Ok(Zeroizing::new(printed.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(command: &str) -> Result<String, String> {
        secret(command).map(|text| text.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_command_is_words_or_a_list_and_never_a_script() {
        assert_eq!(printed("/bin/echo  one two").unwrap(), "one two");
        assert_eq!(printed(r#"["/bin/echo", "one  two"]"#).unwrap(), "one  two");
        assert_eq!(printed("/bin/echo $HOME;id `id` > x").unwrap(), "$HOME;id `id` > x");
        for wrong in ["", "  ", "[", "[1]", "[]", r#"{"a": 1}"#, "echo one", "./echo"] {
            assert!(
                matches!(run(wrong, TIME_MAX), Err(PrintedError::Words | PrintedError::Relative)),
                "{wrong}"
            );
        }
        let many = format!("/bin/echo {}", "x ".repeat(WORDS_MAX));
        assert!(matches!(run(&many, TIME_MAX), Err(PrintedError::Words)));
    }

    #[test]
    fn what_goes_wrong_is_told_without_what_was_said() {
        let script = |text: &str| serde_json::json!(["/bin/sh", "-c", text]).to_string();
        let said = |text: &str| printed(&script(text)).unwrap_err();
        let failed = said("echo hunter2; echo hunter2 >&2; exit 3");
        assert!(
            failed.starts_with("ended with status 3") && !failed.contains("hunter2"),
            "{failed}"
        );
        assert!(said("kill -9 $$").starts_with("was ended by signal 9"));
        assert!(said("true").starts_with("printed nothing"));
        assert!(said("printf '\\377'").starts_with("printed what is not text"));
        assert!(printed("/nothing/here").unwrap_err().starts_with("cannot be started"));
    }

    #[test]
    fn a_command_may_print_no_more_than_its_bound() {
        let of = |bytes: u64| format!("/usr/bin/head -c {bytes} /dev/zero");
        assert!(matches!(run(&of(PRINTED_BYTES_MAX + 1), TIME_MAX), Err(PrintedError::Long)));
        assert_eq!(run(&of(PRINTED_BYTES_MAX), TIME_MAX).unwrap().len() as u64, PRINTED_BYTES_MAX);
        // It has no end, and is not read to one.
        assert!(run("/bin/cat /dev/zero", TIME_MAX).is_err());
    }

    #[test]
    fn a_command_that_does_not_end_is_ended_with_what_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
        // The child of the child holds the pipe open until it is ended.
        let hold = format!("sleep 600 > {} & sleep 600", pipe.display());
        let command = serde_json::json!(["/bin/sh", "-c", hold]).to_string();
        let reader = std::thread::spawn(move || std::fs::read(pipe));
        let late = run(&command, Duration::from_millis(300));
        assert!(matches!(late, Err(PrintedError::Late(_))));
        assert!(reader.join().unwrap().unwrap().is_empty());
    }
}
