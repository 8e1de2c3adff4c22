//! A question on a real terminal, and its answer.

use super::support::Project;
use crate::common::Test;
use crate::terminal::Terminal;
use std::process::Command;
use std::time::{Duration, Instant};

/// A run on a terminal, and behind it how it ended and what state the terminal has.
pub(crate) struct Asked<'p> {
    project: &'p Project,
    terminal: Terminal,
}

impl<'p> Asked<'p> {
    pub(crate) fn new(project: &'p Project, test: &Test) -> Self {
        let command = test.command();
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "trap : INT; stty -a >before; \"$@\"; echo \"ended $?\"; stty -a >after", "sh"]);
        shell.arg(command.get_program()).args(command.get_args()).current_dir(project.path(""));
        let env = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        shell.env_clear().envs(env).env("PATH", "/usr/bin:/bin");
        Self { project, terminal: Terminal::start(shell, 80) }
    }

    /// Types when the question is there.
    pub(crate) fn answers(mut self, question: &str, keys: &str) -> Self {
        self.until(question);
        self.terminal.types(keys);
        self
    }

    fn until(&self, text: &str) {
        let start = Instant::now();
        while !self.terminal.shown().contains(text) {
            assert!(start.elapsed() < Duration::from_secs(10), "no {text:?}: {}", self.terminal.shown());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What was shown.
    #[track_caller]
    pub(crate) fn ended(self, status: i32) -> String {
        self.until("ended ");
        let (_, shown) = self.terminal.end();
        assert!(shown.contains(&format!("ended {status}")), "{shown}");
        let state = |name: &str| self.project.read(name);
        assert!(state("before").contains(" echo "), "{}", state("before"));
        assert_eq!(state("after"), state("before"));
        shown
    }
}
