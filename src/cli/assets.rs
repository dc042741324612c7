//! `lynklint completions` and `lynklint man`: what a package of the program has beside the program.

use std::io::{self, Write};

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man as Page;

use super::Failure;
use crate::report::Format;
use crate::scan::Outcome;

#[derive(Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

#[derive(Args)]
pub(super) struct Man {
    /// The verb that the page is about, such as `rules export`; without one, all of lynklint
    verb: Vec<String>,
}

impl Completions {
    pub(super) fn run(&self, mut program: Command) -> Result<Outcome, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut program, "lynklint", &mut script);
        print(&script)
    }
}

impl Man {
    pub(super) fn run(&self, mut program: Command) -> Result<Outcome, Failure> {
        // The page of a verb has the whole name, `lynklint-check`, only once the command line is built.
        program.build();
        let mut command = &program;
        for name in &self.verb {
            command = command.find_subcommand(name).ok_or_else(|| Failure {
                format: Format::Human,
                message: format!("there is no verb `{name}`: `lynklint help` shows all"),
            })?;
        }
        let mut page = Vec::new();
        let rendered = Page::new(command.clone()).render(&mut page);
        rendered.or_else(|error| Failure::of_output(Format::Human, &error))?;
        print(&page)
    }
}

fn print(text: &[u8]) -> Result<Outcome, Failure> {
    let written = io::stdout().lock().write_all(text);
    written.or_else(|error| Failure::of_output(Format::Human, &error))?;
    Ok(Outcome::Passed)
}
