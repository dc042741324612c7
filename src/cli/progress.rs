//! A progress line for people who wait: on a terminal, after half a second, never under `CI`.

use std::io::{self, IsTerminal};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar};

use crate::scan::Progress;

const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);

/// Runs `work` and shows how far it is.
pub(super) fn during<T>(progress: &Progress, quiet: bool, work: impl FnOnce() -> T) -> T {
    let ci = std::env::var_os("CI").is_some_and(|it| !it.is_empty());
    if quiet || ci || !io::stderr().is_terminal() {
        return work();
    }
    thread::scope(|scope| {
        let (done, wait) = mpsc::channel::<()>();
        scope.spawn(move || show(progress, &wait));
        let result = work();
        drop(done);
        result
    })
}

fn show(progress: &Progress, wait: &mpsc::Receiver<()>) {
    if wait.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let bar = ProgressBar::new_spinner();
    while wait.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        let files = HumanCount(progress.files.load(Ordering::Relaxed));
        let bytes = HumanBytes(progress.bytes.load(Ordering::Relaxed));
        bar.set_message(format!("{files} files, {bytes}"));
        bar.tick();
    }
    bar.finish_and_clear();
}
