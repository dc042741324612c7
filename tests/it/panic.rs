//! The program's own guard against panics, in a process of its own: this test runs itself once more and panics there.

use std::process::{Command, ExitCode};

use lynklint::cli::guarded;
use lynklint::rule::example::expand;
use lynklint::source::{Blob, WalkOptions, walk};

use crate::any::leaks;

/// Says to the second process where to panic.
const PANICS: &str = "LYNKLINT_TEST_PANICS";

#[test]
fn a_panic_on_any_thread_shows_no_token_and_is_no_verdict() {
    if let Ok(place) = std::env::var(PANICS) {
        let code = guarded(|| panicking(&place));
        assert_eq!(code, ExitCode::from(1), "the code of a run that could not judge");
        return;
    }
    for place in ["main", "worker"] {
        let output = Command::new(std::env::current_exe().expect("this test"))
            .args(["panic::a_panic_on_any_thread_shows_no_token_and_is_no_verdict", "--exact"])
            .arg("--nocapture")
            .env(PANICS, place)
            .env("RUST_BACKTRACE", "1")
            .output()
            .expect("it runs");
        let shown = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
        assert!(output.status.success(), "{place}: {shown}");
        assert!(shown.contains("error: lynklint has a defect at tests/it/panic.rs"), "{shown}");
        assert!(shown.contains(&format!("in {place}: lynk_live_****")), "{shown}");
        assert!(!leaks(&shown) && !shown.contains('\u{1b}'), "{shown}");
    }
}

/// Panics with a token, with the body of another, and with an escape sequence, where a defect of the scan would.
fn panicking(place: &str) -> ExitCode {
    let defect = || -> ExitCode {
        let token = expand("$PERSONAL");
        let body = expand("$SERVICE").split_off("lynk_service_live_".len() + 4);
        panic!("in {place}: {token} {body} \u{1b}[2J")
    };
    if place == "main" {
        return defect();
    }
    let folder = tempfile::tempdir().expect("a folder");
    for i in 0..300 {
        std::fs::write(folder.path().join(format!("{i}.txt")), "x").expect("a file");
    }
    let options = WalkOptions { jobs: 2, ..WalkOptions::default() };
    let visit = |blob: &Blob<'_>| {
        if blob.path == "250.txt" {
            defect();
        }
    };
    walk(&[folder.path().to_owned()], &options, &visit).expect("a panic");
    ExitCode::SUCCESS
}
