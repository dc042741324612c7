//! What holds commands: conditions, loops, cases, functions and groups, by their words.

use super::Reader;
use super::word::Place;
use crate::syntax::draft::Draft;
use crate::syntax::{Address, DEEPEST, Unparsed};

/// An open block.
pub(super) struct Block {
    kind: Kind,
    /// Its first command, or where that would be.
    first: usize,
    /// Whether the pattern of a `case` comes next.
    pattern: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `if … fi`.
    Condition,
    /// `while … done`, `for … done`.
    Loop,
    /// `case … esac`.
    Case,
    /// `{ … }`.
    Brace,
    /// `( … )`.
    Parenthesis,
    /// What only `end` closes: `begin`, `switch`, `function` without a brace.
    Begin,
}

impl Reader<'_> {
    /// Reads a command, or a word that has a meaning where a command may stand.
    pub(super) fn command(&mut self) -> Result<(), Unparsed> {
        if self.closed && self.redirects() {
            return self.redirect(self.part..self.document.commands.len());
        }
        let word = self.literal();
        if let Some(end) = self.function_name(word.len()) {
            self.at = end;
            return Ok(());
        }
        match word {
            b"[[" => return self.test(),
            b"for" | b"foreach" | b"select" => return self.for_words(word.len()),
            b"case" => return self.case_subject(),
            b"switch" => return self.switch(),
            b"function" => return self.function(),
            b"if" => self.opened(word.len(), Kind::Condition),
            b"while" | b"until" => self.opened(word.len(), Kind::Loop),
            b"begin" => self.opened(word.len(), Kind::Begin),
            b"{" => self.opened(word.len(), Kind::Brace),
            b"fi" => self.closes(word.len(), &[Kind::Condition]),
            b"done" => self.closes(word.len(), &[Kind::Loop]),
            b"esac" => self.closes(word.len(), &[Kind::Case]),
            b"}" => self.closes(word.len(), &[Kind::Brace]),
            b"end" => self.closes(word.len(), &[Kind::Condition, Kind::Loop, Kind::Begin]),
            b"then" | b"elif" | b"else" | b"do" | b"!" | b"not" | b"and" | b"or" | b"coproc" => {
                self.passed(word.len());
            }
            _ => return self.simple(),
        }
        Ok(())
    }

    pub(super) fn open(&mut self, kind: Kind) {
        // What nobody closes is forgotten from outside in. It could only have been redirected or piped as a whole.
        if self.blocks.len() == DEEPEST {
            self.blocks.remove(0);
        }
        self.blocks.push(Block { kind, first: self.part, pattern: kind == Kind::Case });
        self.begin_part();
    }

    /// Closes the innermost block of a kind with all that is open in it. Answers whether there was one.
    pub(super) fn close(&mut self, kind: Kind) -> bool {
        self.close_any(&[kind])
    }

    fn close_any(&mut self, kinds: &[Kind]) -> bool {
        let Some(block) = self.blocks.iter().rposition(|it| kinds.contains(&it.kind)) else {
            return false;
        };
        (self.part, self.closed) = (self.blocks[block].first, true);
        self.blocks.truncate(block);
        true
    }

    fn opened(&mut self, word: usize, kind: Kind) {
        self.at += word;
        self.open(kind);
    }

    fn closes(&mut self, word: usize, kinds: &[Kind]) {
        self.at += word;
        self.close_any(kinds);
    }

    fn passed(&mut self, word: usize) {
        self.at += word;
        self.begin_part();
    }

    /// The word here, if it is written without quotes and expansions; empty otherwise.
    pub(super) fn literal(&self) -> &[u8] {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|it| b" \t\r\n;&|<>()'\"\\$`".contains(it));
        let end = end.unwrap_or(rest.len());
        match rest.get(end) {
            Some(b'\'' | b'"' | b'\\' | b'$' | b'`') => &[],
            _ => &rest[..end],
        }
    }

    /// The end of `name ( )`, where that stands here.
    fn function_name(&self, name: usize) -> Option<usize> {
        let past = |at: usize| {
            let rest = self.bytes.get(at..).unwrap_or_default();
            at + rest.iter().take_while(|it| b" \t".contains(it)).count()
        };
        let open = past(self.at + name);
        let close = past(open + 1);
        let is = (self.bytes.get(open), self.bytes.get(close)) == (Some(&b'('), Some(&b')'));
        (0 < name && is).then_some(close + 1)
    }

    /// `function name`, with or without parentheses. Without a brace behind it, it has options and ends with `end`.
    fn function(&mut self) -> Result<(), Unparsed> {
        self.passed("function".len());
        self.blanks();
        let name = self.literal().len();
        self.at = self.function_name(name).unwrap_or(self.at + name);
        let rest = self.bytes[self.at..].iter().find(|it| !it.is_ascii_whitespace());
        if let Some(b'{' | b'(') = rest {
            return Ok(());
        }
        self.open(Kind::Begin);
        self.words(|_, _, _| Ok(()))
    }

    /// `for name in words`: each word is a value of the name.
    fn for_words(&mut self, keyword: usize) -> Result<(), Unparsed> {
        self.opened(keyword, Kind::Loop);
        self.blanks();
        if let Some(end) = self.arithmetic_end(1) {
            return self.arithmetic(end, &mut Vec::new());
        }
        let name = String::from_utf8_lossy(self.literal()).into_owned();
        let key = self.at..self.at + self.literal().len();
        self.at = key.end;
        self.blanks();
        let parenthesized = self.peek() == Some(b'(');
        match self.literal() {
            b"in" => self.at += 2,
            _ if parenthesized => self.at += 1,
            _ => return Ok(()),
        }
        self.words(|reader, draft, end| {
            let value = draft.value(Address::from([name.as_str()]), key.clone(), end);
            reader.assigned(value)
        })?;
        self.at += usize::from(parenthesized && self.peek() == Some(b')'));
        Ok(())
    }

    /// `case word in`, or the `case words` of a `switch`.
    fn case_subject(&mut self) -> Result<(), Unparsed> {
        self.at += "case".len();
        self.blanks();
        self.word(Place::Argument)?;
        self.blanks();
        while self.peek() == Some(b'\n') {
            self.newline()?;
            self.blanks();
        }
        if self.literal() == b"in" {
            self.opened(2, Kind::Case);
            return Ok(());
        }
        self.words(|_, _, _| Ok(()))
    }

    fn switch(&mut self) -> Result<(), Unparsed> {
        self.opened("switch".len(), Kind::Begin);
        self.words(|_, _, _| Ok(()))
    }

    /// Reads words up to the end of the command.
    fn words(
        &mut self,
        mut take: impl FnMut(&mut Self, Draft, usize) -> Result<(), Unparsed>,
    ) -> Result<(), Unparsed> {
        loop {
            self.blanks();
            let before = self.at;
            let draft = self.word(Place::Argument)?;
            if self.at == before {
                return Ok(());
            }
            let end = self.at;
            take(self, draft, end)?;
        }
    }

    /// Whether the pattern of a `case` comes next.
    pub(super) fn in_pattern(&self) -> bool {
        self.blocks.last().is_some_and(|it| it.pattern)
    }

    /// Ends a branch of the innermost `case`.
    pub(super) fn next_pattern(&mut self) {
        if let Some(case) = self.blocks.iter().rposition(|it| it.kind == Kind::Case) {
            self.blocks.truncate(case + 1);
            self.blocks[case].pattern = true;
        }
    }

    /// Reads `(a|b)` before a branch of a `case`; the parenthesis in front may be missing.
    pub(super) fn pattern(&mut self) -> Result<(), Unparsed> {
        if self.literal() == b"esac" {
            self.closes("esac".len(), &[Kind::Case]);
            return Ok(());
        }
        self.at += usize::from(self.peek() == Some(b'('));
        loop {
            self.blanks();
            let before = self.at;
            match self.peek() {
                None | Some(b'\n' | b')') => break,
                _ => self.word(Place::Alone)?,
            };
            self.at += usize::from(self.at == before);
        }
        self.at += usize::from(self.peek() == Some(b')'));
        if let Some(block) = self.blocks.last_mut() {
            block.pattern = false;
        }
        self.begin_part();
        Ok(())
    }
}
