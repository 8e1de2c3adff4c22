//! Programs that give values: started together, fed and read together under one deadline, ended with their groups.

use crate::clock::Clock;
use crate::error::{Fault, os, printable};
use crate::sys::{self, Child, Guard, Program, Stdio};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, send, socketpair};
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::process::ExitStatus;

/// How many programs run at once. A store is one program, whatever it is asked for.
const AT_ONCE: usize = 8;

/// What takes a program's output.
pub trait Output {
    /// Takes the next bytes; true when nothing more is awaited. A program of which no answer is ever complete is read
    /// until it exits.
    ///
    /// # Errors
    /// The output cannot be used: the program is ended.
    fn feed(&mut self, bytes: &[u8]) -> Result<bool, Fault>;
}

/// What to start.
pub struct Spec<'e> {
    /// For messages and the waiting line.
    pub label: String,
    /// The program.
    pub program: Program,
    /// Its arguments, the name first.
    pub argv: Vec<CString>,
    /// Its environment.
    pub env: Vec<&'e CStr>,
    /// What it reads.
    pub input: Input,
}

/// A program's standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// /dev/null.
    Nothing,
    /// The request, and then its end.
    Text,
    /// One request after the other: it stays open.
    Requests,
}

/// A program that runs.
pub struct Running {
    child: Child,
    input: Option<OwnedFd>,
    /// Whether the end of the request is the end of its input.
    ends: bool,
    /// `None` once the program has closed it.
    output: Option<OwnedFd>,
}

/// A program's work in one round.
pub struct Job<'e> {
    /// What to start, where nothing runs yet.
    pub spec: Option<Spec<'e>>,
    /// For the waiting line.
    pub label: String,
    /// The program, once it runs; it is left here when its answers are complete.
    pub running: Option<Running>,
    /// What is still to be sent to it.
    pub request: Vec<u8>,
    /// What takes its answers.
    pub output: Box<dyn Output + 'e>,
    /// How it went, once it is over: the exit status of a program that ended, `None` of one that answered and lives on.
    pub done: Option<Result<Option<ExitStatus>, Fault>>,
}

/// Starts as many jobs as may run at once and comes back: what they do meanwhile is read later.
pub fn launch(jobs: &mut [Job<'_>], guard: &Guard) {
    let mut busy = jobs.iter().filter(|job| job.running.is_some() && job.done.is_none()).count();
    for job in jobs.iter_mut().filter(|job| job.running.is_none() && job.done.is_none()) {
        if busy >= AT_ONCE {
            break;
        }
        job.start(guard);
        busy += usize::from(job.done.is_none());
    }
}

/// Drives the jobs until each is done, at most [`AT_ONCE`] at a time.
pub fn drive(jobs: &mut [Job<'_>], guard: &Guard, clock: &Clock) {
    loop {
        launch(jobs, guard);
        if jobs.iter().all(|job| job.done.is_some()) {
            return;
        }
        if let Err(error) = wait(jobs, clock) {
            // What was answered in time, while a file kept us from reading it, still counts.
            jobs.iter_mut().filter(|job| job.done.is_none()).for_each(Job::step);
            for job in jobs.iter_mut().filter(|job| job.done.is_none()) {
                let asks = job.running.take().is_some_and(|running| running.child.wants_terminal());
                let fault = match error {
                    Errno::ETIMEDOUT if asks => clock.up().hint(
                        "it was stopped as it turned to the terminal, which no program gets: run it by hand first, to log in",
                    ),
                    Errno::ETIMEDOUT => clock.up(),
                    error => Fault::invalid(os(error)),
                };
                job.done = Some(Err(fault));
            }
            return;
        }
    }
}

fn wait(jobs: &mut [Job<'_>], clock: &Clock) -> nix::Result<()> {
    let mut fds = Vec::new();
    let mut owners = Vec::new();
    for (index, job) in jobs.iter().enumerate().filter(|(_, job)| job.done.is_none()) {
        let Some(running) = &job.running else { continue };
        fds.push(PollFd::new(running.child.pidfd.as_fd(), PollFlags::POLLIN));
        owners.push(index);
        if let Some(output) = &running.output {
            fds.push(PollFd::new(output.as_fd(), PollFlags::POLLIN));
            owners.push(index);
        }
        if let Some(input) = running.input.as_ref().filter(|_| !job.request.is_empty()) {
            fds.push(PollFd::new(input.as_fd(), PollFlags::POLLOUT));
            owners.push(index);
        }
    }
    let what = || {
        let mut labels: Vec<_> = jobs.iter().filter(|job| job.done.is_none()).map(|job| job.label.as_str()).collect();
        labels.dedup();
        labels.join(", ")
    };
    clock.poll(&mut fds, &what)?;
    let happened: Vec<bool> = fds.iter().map(|fd| fd.any().unwrap_or(true)).collect();
    drop(fds);
    let mut ready: Vec<_> = owners.into_iter().zip(happened).filter(|(_, is)| *is).map(|(index, _)| index).collect();
    ready.dedup();
    for index in ready {
        jobs[index].step();
    }
    Ok(())
}

impl<'e> Job<'e> {
    /// A program to start.
    pub fn new(spec: Spec<'e>, request: Vec<u8>, output: Box<dyn Output + 'e>) -> Self {
        let label = spec.label.clone();
        Self { spec: Some(spec), label, running: None, request, output, done: None }
    }

    /// A further request to a program that runs.
    pub fn going_on(running: Running, label: &str, request: Vec<u8>, output: Box<dyn Output + 'e>) -> Self {
        Self { spec: None, label: label.into(), running: Some(running), request, output, done: None }
    }

    fn start(&mut self, guard: &Guard) {
        let Some(spec) = self.spec.take() else { return };
        match start(&spec, guard) {
            Ok(running) => self.running = Some(running),
            Err(error) => self.done = Some(Err(unstarted(&spec, error))),
        }
    }

    /// Sends what can be sent, reads what there is, and sees whether it is over. Exit is looked at before the last read,
    /// so that nothing that was written before the exit is missed; what a grandchild would write later is not awaited.
    fn step(&mut self) {
        let Some(running) = &mut self.running else { return };
        let exited = running.exited();
        running.send(&mut self.request);
        match running.read(&mut *self.output) {
            Ok(Read::Complete) => self.done = Some(Ok(None)),
            // It closed its output and lives on: its exit status is still to come.
            Ok(Read::End) if !exited => running.output = None,
            Ok(Read::End | Read::Later) if exited => {
                let ending = self.running.take().and_then(|running| running.child.finish());
                let unknown = || Fault::invalid("the system would not say how it ended");
                self.done = Some(ending.map(Some).ok_or_else(unknown));
            }
            Ok(_) => {}
            Err(fault) => self.end(Err(fault)),
        }
    }

    fn end(&mut self, how: Result<Option<ExitStatus>, Fault>) {
        self.running = None;
        self.done = Some(how);
    }
}

enum Read {
    Complete,
    End,
    Later,
}

impl Running {
    fn exited(&self) -> bool {
        let mut fds = [PollFd::new(self.child.pidfd.as_fd(), PollFlags::POLLIN)];
        matches!(nix::poll::poll(&mut fds, nix::poll::PollTimeout::ZERO), Ok(1))
    }

    fn send(&mut self, request: &mut Vec<u8>) {
        let Some(input) = &self.input else { return };
        while !request.is_empty() {
            match send(input.as_raw_fd(), request, MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT) {
                Ok(sent) => drop(request.drain(..sent)),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return,
                // It has gone, or it does not listen: its answer, or its end, says the rest.
                Err(_) => request.clear(),
            }
        }
        if self.ends {
            self.input = None;
        }
    }

    fn read(&self, output: &mut dyn Output) -> Result<Read, Fault> {
        let mut buffer = zeroize::Zeroizing::new(vec![0_u8; 16 * 1024]);
        let Some(fd) = &self.output else { return Ok(Read::Later) };
        loop {
            match nix::unistd::read(fd, &mut buffer) {
                Ok(0) => return Ok(Read::End),
                Ok(n) => {
                    if output.feed(&buffer[..n])? {
                        return Ok(Read::Complete);
                    }
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(Read::Later),
                Err(error) => return Err(Fault::invalid(os(error))),
            }
        }
    }
}

/// Why a program did not start. It was found before, so what is not there is what it names: an interpreter, or, since
/// a store is executed from its descriptor, the script itself.
fn unstarted(spec: &Spec<'_>, error: Errno) -> Fault {
    let name = spec.argv.first().map_or_else(String::new, |name| printable(&name.to_string_lossy()));
    let script = matches!(spec.program, Program::Descriptor(_));
    match error {
        Errno::ENOENT | Errno::ENOEXEC if script => {
            Fault::unreachable(format!("{name}: is no program for this machine; a script cannot stand in its place"))
        }
        Errno::ENOENT => Fault::unreachable(format!("{name}: it, or the interpreter that it names, is not there")),
        Errno::ENOEXEC => Fault::unreachable(format!("{name}: is no program for this machine, and has no '#!' line")),
        Errno::EAGAIN => Fault::unreachable(format!("{name}: cannot be started: the limit of processes is reached"))
            .hint("`ulimit -u`, or TasksMax= of the unit or the user's slice, sets it"),
        error => Fault::unreachable(format!("{name}: cannot be started: {}", os(error))),
    }
}

fn start(spec: &Spec<'_>, guard: &Guard) -> nix::Result<Running> {
    let null = || sys::open(Path::new("/dev/null"), OFlag::O_RDWR);
    let (read, write) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    let (read, write) = (sys::above_stdio(read)?, sys::above_stdio(write)?);
    // Our own end of a pipe that we made: no caller shares its description.
    fcntl(&read, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    let (ours, theirs) = if spec.input != Input::Nothing {
        let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC)?;
        (Some(sys::above_stdio(ours)?), sys::above_stdio(theirs)?)
    } else {
        (None, null()?)
    };
    let stdio = Stdio { input: theirs, output: write, error: null()? };
    let child = sys::spawn(&spec.program, &spec.argv, &spec.env, &stdio, guard.mask())?;
    Ok(Running { child, input: ours, ends: spec.input == Input::Text, output: Some(read) })
}
