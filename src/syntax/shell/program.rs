//! Which of a command's words is the program: `sudo -u x env A=1 timeout 5 /usr/bin/curl` runs `curl`.

use crate::syntax::{Command, Word};

/// A program that runs the program behind it.
struct Wrapper {
    name: &'static str,
    /// The word that must follow, for those that do other things as well.
    then: Option<&'static str>,
    /// Its options that have a value of their own behind them.
    valued: &'static [&'static str],
    /// The options with which it runs nothing.
    asks: &'static [&'static str],
    /// How many words of its own it has in front of the program.
    own: usize,
    /// Whether `X=…` in front of the program is an assignment.
    assigns: bool,
}

const PLAIN: Wrapper =
    Wrapper { name: "", then: None, valued: &[], asks: &[], own: 0, assigns: false };

/// In bytes, where Linux ends.
const LONGEST_PATH: usize = 4096;

/// From their manuals.
const WRAPPERS: &[Wrapper] = &[
    Wrapper { name: "env", valued: &["-u", "-C", "-S"], assigns: true, ..PLAIN },
    Wrapper {
        name: "sudo",
        valued: &["-u", "-g", "-h", "-p", "-C", "-D", "-R", "-r", "-t", "-T", "-U"],
        assigns: true,
        ..PLAIN
    },
    Wrapper { name: "doas", valued: &["-u", "-C"], ..PLAIN },
    Wrapper { name: "time", valued: &["-f", "-o"], ..PLAIN },
    Wrapper { name: "exec", valued: &["-a"], ..PLAIN },
    Wrapper { name: "command", asks: &["-v", "-V"], ..PLAIN },
    Wrapper { name: "builtin", ..PLAIN },
    Wrapper { name: "nohup", ..PLAIN },
    Wrapper { name: "setsid", ..PLAIN },
    Wrapper { name: "nice", valued: &["-n"], ..PLAIN },
    Wrapper { name: "ionice", valued: &["-c", "-n", "-p"], ..PLAIN },
    Wrapper { name: "stdbuf", valued: &["-i", "-o", "-e"], ..PLAIN },
    Wrapper { name: "timeout", valued: &["-k", "-s"], own: 1, ..PLAIN },
    Wrapper { name: "chroot", own: 1, ..PLAIN },
    Wrapper { name: "gosu", own: 1, ..PLAIN },
    Wrapper { name: "su-exec", own: 1, ..PLAIN },
    Wrapper { name: "xargs", valued: &["-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E"], ..PLAIN },
    Wrapper { name: "npx", valued: &["-p", "-c"], ..PLAIN },
    Wrapper { name: "uvx", valued: &["--from", "--with", "--python"], ..PLAIN },
    Wrapper { name: "uv", then: Some("run"), valued: &["--with", "--python"], ..PLAIN },
    Wrapper { name: "pipx", then: Some("run"), valued: &["--spec", "--python"], ..PLAIN },
    Wrapper { name: "poetry", then: Some("run"), ..PLAIN },
    Wrapper { name: "pdm", then: Some("run"), ..PLAIN },
    Wrapper { name: "python", then: Some("-m"), ..PLAIN },
    Wrapper { name: "python3", then: Some("-m"), ..PLAIN },
];

impl Command {
    /// The name of the program that it runs, without its folder. What only runs another (`sudo`, `env`, `xargs`) is passed
    /// over.
    pub fn name(&self) -> Option<&str> {
        self.words.get(self.program()).map(|it| file_name(&it.text))
    }

    /// What that program is given.
    pub fn arguments(&self) -> &[Word] {
        self.words.get(self.program() + 1..).unwrap_or_default()
    }

    fn program(&self) -> usize {
        let mut search = Search::default();
        for word in &self.words {
            search.next(&word.text);
            if search.found {
                break;
            }
        }
        search.program
    }
}

fn file_name(text: &str) -> &str {
    // No path is longer, and this is asked of every command.
    let text = &text[text.ceil_char_boundary(text.len().saturating_sub(LONGEST_PATH))..];
    let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
    name.strip_suffix(".exe").unwrap_or(name)
}

/// Where the search for the program is, after some words.
#[derive(Default)]
pub(super) struct Search {
    /// The number of words so far.
    words: usize,
    /// The index of the program, or of the wrapper that has none behind it.
    program: usize,
    wrapper: Option<&'static Wrapper>,
    found: bool,
    /// How many words to come are values of an option.
    values: usize,
    /// How many words to come are the wrapper's own.
    own: usize,
    /// Whether the word that makes it a wrapper is still to come.
    then: Option<&'static str>,
}

impl Search {
    /// Whether `X=…` as the next word is an assignment.
    pub(super) fn assigns(&self) -> bool {
        !self.found && self.wrapper.is_some_and(|it| it.assigns) && self.values + self.own == 0
    }

    pub(super) fn next(&mut self, word: &str) {
        let index = self.words;
        self.words += 1;
        if self.found {
            return;
        }
        let Some(wrapper) = self.wrapper else {
            return self.candidate(index, word);
        };
        if let Some(then) = self.then.take() {
            self.found = word != then;
        } else if 0 < self.values {
            self.values -= 1;
        } else if word.starts_with('-') {
            self.values = usize::from(wrapper.valued.contains(&word));
            self.found = wrapper.asks.contains(&word);
        } else if wrapper.assigns && assignment(word) {
        } else if 0 < self.own {
            self.own -= 1;
        } else {
            self.candidate(index, word);
        }
    }

    fn candidate(&mut self, index: usize, word: &str) {
        self.program = index;
        let name = file_name(word);
        self.wrapper = WRAPPERS.iter().find(|it| it.name == name);
        self.found = self.wrapper.is_none();
        (self.own, self.then) = self.wrapper.map_or((0, None), |it| (it.own, it.then));
    }
}

fn assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    let word = |it: char| it.is_ascii_alphanumeric() || it == '_';
    name.chars().all(word) && !name.is_empty() && !name.starts_with(|it: char| it.is_ascii_digit())
}
