//! The program that a world is up for, and the signals that end both.

use std::collections::BTreeMap;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::process::Child;
use tokio::time::timeout;

/// How long a program has to end after it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// Why the world is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// From the keyboard: the terminal has told the program, too.
    Interrupt,
    /// From elsewhere: it is told by us.
    Terminate,
}

/// Signals, heard from the moment this is made.
#[cfg(unix)]
pub(super) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(super) fn listen() -> Result<Signals, String> {
        use tokio::signal::unix::{SignalKind, signal};
        let to = |kind| signal(kind).map_err(|e| format!("cannot listen for signals: {e}"));
        Ok(Signals {
            interrupt: to(SignalKind::interrupt())?,
            terminate: to(SignalKind::terminate())?,
            hang_up: to(SignalKind::hangup())?,
        })
    }

    pub(super) async fn stop(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupt,
            _ = self.terminate.recv() => Stop::Terminate,
            _ = self.hang_up.recv() => Stop::Terminate,
        }
    }
}

#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(super) fn listen() -> Result<Signals, String> {
        Ok(Signals)
    }

    pub(super) async fn stop(&mut self) -> Stop {
        let _ = tokio::signal::ctrl_c().await;
        Stop::Interrupt
    }
}

/// The program, or nobody, whose end never comes.
pub(super) struct Command(Option<Child>);

impl Command {
    pub(super) fn start(words: &[String], variables: &BTreeMap<String, String>) -> Result<Command, String> {
        let Some((program, arguments)) = words.split_first() else { return Ok(Command(None)) };
        let mut command = tokio::process::Command::new(program);
        command.args(arguments).envs(variables).kill_on_drop(true);
        let child = command.spawn().map_err(|e| format!("cannot start `{program}`: {e}"))?;
        Ok(Command(Some(child)))
    }

    /// Its exit code.
    pub(super) async fn end(&mut self) -> Result<u8, String> {
        match &mut self.0 {
            Some(child) => child.wait().await.map(code).map_err(|e| format!("cannot wait for the program: {e}")),
            None => std::future::pending().await,
        }
    }

    /// Waits for its end, which it is asked for and then made to; 0 where there is none. One more signal hurries it.
    pub(super) async fn stop(&mut self, why: Stop, signals: &mut Signals) -> Result<u8, String> {
        let Some(child) = &mut self.0 else { return Ok(0) };
        if why == Stop::Terminate {
            ask(child);
        }
        let ended = tokio::select! {
            ended = timeout(GRACE, child.wait()) => ended.ok(),
            _ = signals.stop() => None,
        };
        let ended = match ended {
            Some(ended) => ended,
            None => match child.kill().await {
                Ok(()) => child.wait().await,
                Err(e) => Err(e),
            },
        };
        ended.map(code).map_err(|e| format!("cannot end the program: {e}"))
    }
}

#[cfg(unix)]
fn ask(child: &Child) {
    let pid = child.id().and_then(|id| rustix::process::Pid::from_raw(id.try_into().ok()?));
    if let Some(pid) = pid {
        // One that has just ended cannot be asked any more.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

#[cfg(not(unix))]
fn ask(_: &Child) {}

/// As a shell has it: 128 and the number of the signal that ended it.
fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(255);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(255)
}

/// How many files and sockets this process may have open, after asking for as many as it may.
#[cfg(unix)]
pub(super) fn descriptors() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let limit = if raised.is_ok() { maximum } else { current };
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

#[cfg(not(unix))]
pub(super) fn descriptors() -> usize {
    usize::MAX
}
