//! Simple commands, their assignments, and the commands that assign.

use std::ops::Range;

use super::Reader;
use super::program::Search;
use super::word::Place;
use crate::syntax::draft::{Draft, Quote};
use crate::syntax::{Address, Step, Unparsed, Word};

/// The commands whose arguments are assignments.
const DECLARE: [&str; 5] = ["export", "declare", "local", "readonly", "typeset"];

/// The longest index of an element, in bytes.
const LONGEST: usize = 256;

/// What the words of a command may assign.
enum Role {
    /// The first word will tell.
    Unknown,
    /// Nothing, unless a program like `env` stands in front of the real one.
    Run(Search),
    /// Variables, each in its word.
    Declare,
    /// A variable: `set -x X value`, as `fish` writes it.
    Set(Option<(Address, Range<usize>)>),
}

/// An assignment that has been seen coming: where its name stands and where its value begins.
struct Assignment {
    address: Address,
    name: Range<usize>,
    value: usize,
}

impl Reader<'_> {
    /// Reads a command with its assignments and redirections.
    pub(super) fn simple(&mut self) -> Result<(), Unparsed> {
        let mut command = None;
        let read = self.simple_as(&mut command);
        // A script has many commands of few words.
        command.into_iter().for_each(|it: usize| self.document.commands[it].words.shrink_to_fit());
        read
    }

    fn simple_as(&mut self, command: &mut Option<usize>) -> Result<(), Unparsed> {
        self.closed = false;
        let mut role = Role::Unknown;
        loop {
            self.blanks();
            let before = self.at;
            if self.redirects() {
                let index = command.map_or_else(|| self.begin(), Ok)?;
                *command = Some(index);
                self.redirect(index..index + 1)?;
                continue;
            }
            if let None | Some(b'\n' | b';' | b'&' | b'|' | b')' | b'#') = self.peek() {
                return Ok(());
            }
            if let (Role::Unknown, Some(assignment)) = (&role, self.assignment()) {
                self.assign(&assignment)?;
                continue;
            }
            let index = command.map_or_else(|| self.begin(), Ok)?;
            *command = Some(index);
            let word = self.argument(&mut role)?;
            if self.at == before {
                return Ok(());
            }
            self.push_word(index, word)?;
        }
    }

    /// Reads `[[ … ]]`. What is an operator in it becomes a word of its own.
    pub(super) fn test(&mut self) -> Result<(), Unparsed> {
        self.closed = false;
        let index = self.begin()?;
        let mut goes_on = false;
        loop {
            self.blanks();
            let start = self.at;
            let word = match self.peek() {
                Some(b'\n') if goes_on => {
                    self.newline()?;
                    continue;
                }
                None | Some(b'\n' | b';') => return Ok(()),
                Some(byte @ (b'(' | b')' | b'<' | b'>' | b'&' | b'|')) => {
                    self.at +=
                        1 + usize::from(b"&|".contains(&byte) && self.ahead(1) == Some(byte));
                    let mut draft = Draft::at(start);
                    draft.copy(self.bytes, start..self.at, Quote::Literal);
                    draft.word(self.at)
                }
                Some(_) => self.word(Place::Alone)?.word(self.at),
            };
            goes_on = matches!(&*word.text, "&&" | "||" | "(" | "[[");
            let ends = word.text == "]]";
            self.push_word(index, word)?;
            if ends {
                return Ok(());
            }
        }
    }

    fn push_word(&mut self, command: usize, word: Word) -> Result<(), Unparsed> {
        self.room.word(&word)?;
        let command = &mut self.document.commands[command];
        if command.words.is_empty() && command.redirects.is_empty() {
            command.span = word.span.clone();
        }
        command.span.end = word.span.end;
        command.words.push(word);
        Ok(())
    }

    /// Reads a word of a command and what it assigns.
    fn argument(&mut self, role: &mut Role) -> Result<Word, Unparsed> {
        let assigns = match role {
            Role::Declare => true,
            Role::Run(search) => search.assigns(),
            Role::Unknown | Role::Set(_) => false,
        };
        let word = if let Some(assignment) = self.assignment().filter(|_| assigns) {
            self.assigned_word(&assignment)?
        } else {
            let draft = self.word(Place::Argument)?;
            self.named(role, &draft)?;
            draft.word(self.at)
        };
        if let Role::Unknown = role {
            *role = match &*word.text {
                "set" => Role::Set(None),
                it if DECLARE.contains(&it) => Role::Declare,
                _ => Role::Run(Search::default()),
            };
        }
        if let Role::Run(search) = role {
            search.next(&word.text);
        }
        Ok(word)
    }

    /// Takes a word that stands for a variable without `=`: `export X`, `set -x X value`.
    fn named(&mut self, role: &mut Role, draft: &Draft) -> Result<(), Unparsed> {
        let span = draft.start()..self.at;
        let is_name = is_name(draft.bytes()) && span.len() == draft.bytes().len();
        match role {
            Role::Set(Some((address, key))) => {
                let value = draft.value(address.clone(), key.clone(), self.at);
                self.assigned(value)?;
            }
            Role::Set(it @ None) if is_name => *it = Some((variable(draft.bytes()), span)),
            Role::Declare if is_name => {
                let address = variable(draft.bytes());
                let empty = Draft::at(self.at).value(address, span, self.at);
                self.assigned(empty)?;
            }
            Role::Set(None) if !is_fish_option(draft.bytes()) => {
                *role = Role::Run(Search::default());
            }
            Role::Set(None) | Role::Declare | Role::Unknown | Role::Run(_) => {}
        }
        Ok(())
    }

    /// The assignment that begins here: `X=`, `X+=`, `X[i]=`.
    fn assignment(&self) -> Option<Assignment> {
        let name = self.at..self.at + self.name();
        let rest = &self.bytes[name.end..];
        let mut address = variable(&self.bytes[name.clone()]);
        let mut at = 0;
        if !name.is_empty() && rest.first() == Some(&b'[') {
            let end = rest.iter().take(LONGEST).position(|it| b"]\n;&|".contains(it))?;
            address.push(step(&rest[1..end]));
            at = end + 1;
        }
        at += usize::from(rest.get(at) == Some(&b'+'));
        let is = !name.is_empty() && rest.get(at) == Some(&b'=');
        is.then(|| Assignment { value: name.end + at + 1, name, address })
    }

    fn assign(&mut self, assignment: &Assignment) -> Result<Option<Draft>, Unparsed> {
        self.at = assignment.value;
        if self.peek() == Some(b'(') {
            self.array(assignment)?;
            return Ok(None);
        }
        let draft = self.word(Place::Argument)?;
        let value = draft.value(assignment.address.clone(), assignment.name.clone(), self.at);
        self.assigned(value)?;
        Ok(Some(draft))
    }

    /// Reads an assignment that is a word of a command as well.
    fn assigned_word(&mut self, assignment: &Assignment) -> Result<Word, Unparsed> {
        let start = assignment.name.start;
        let value = self.assign(assignment)?.map(|it| it.word(self.at));
        let end = if value.is_some() { assignment.value } else { self.at };
        let text = String::from_utf8_lossy(&self.bytes[start..end]);
        let (more, expansions) = value.map_or_else(Default::default, |it| (it.text, it.expansions));
        Ok(Word { span: start..self.at, text: text.into_owned() + &more, expansions })
    }

    /// Reads `(a b)` or `([k]=v)`.
    fn array(&mut self, assignment: &Assignment) -> Result<(), Unparsed> {
        self.at += 1;
        let mut index = 0;
        loop {
            self.blanks();
            let mut key = assignment.name.clone();
            let mut address = assignment.address.clone();
            match self.peek() {
                None => return Ok(()),
                Some(b')') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\n') => {
                    self.newline()?;
                    continue;
                }
                Some(b'#') => {
                    self.comment();
                    continue;
                }
                Some(b'[') if self.subscript().is_some() => {
                    key = self.at..self.at + self.subscript().unwrap_or_default();
                    address.push(step(&self.bytes[key.start + 1..key.end - 2]));
                    self.at = key.end;
                }
                Some(_) => address.push(Step::Index(index)),
            }
            index += 1;
            let before = self.at;
            let draft = self.word(Place::Argument)?;
            if self.at == before {
                self.at += 1;
            } else {
                self.assigned(draft.value(address, key, self.at))?;
            }
        }
    }

    /// How long `[k]=` is.
    fn subscript(&self) -> Option<usize> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().take(LONGEST).position(|it| b"]\n".contains(it))?;
        rest[end..].starts_with(b"]=").then_some(end + 2)
    }
}

fn variable(name: &[u8]) -> Address {
    Address::from([&*String::from_utf8_lossy(name)])
}

/// An element's step, without its quotes.
fn step(name: &[u8]) -> Step {
    let name = String::from_utf8_lossy(name);
    let name = name.trim_matches(|it| it == '"' || it == '\'');
    name.parse().map_or_else(|_| Step::Key(name.into()), Step::Index)
}

fn is_name(word: &[u8]) -> bool {
    let starts = word.first().is_some_and(|it| it.is_ascii_alphabetic() || *it == b'_');
    starts && word.iter().all(|it| it.is_ascii_alphanumeric() || *it == b'_')
}

/// Whether an option of `set` is of those with which `fish` assigns. `sh` sets other things with others.
fn is_fish_option(word: &[u8]) -> bool {
    let long: [&[u8]; 6] =
        [b"--export", b"--global", b"--universal", b"--local", b"--path", b"--unexport"];
    long.contains(&word)
        || matches!(word, [b'-', letters @ ..] if letters.iter().all(|it| b"xgUluap".contains(it)))
}
