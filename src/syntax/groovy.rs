//! Groovy and what is written like it (Kotlin's build scripts): every string with the blocks and calls around it.
//!
//! No grammar: names, brackets and line ends are enough to tell what a string is given to.

mod string;

use std::ops::Range;

use super::{Address, DEEPEST, Document, Room, Step, Text, Unparsed, Value};

/// What a file says. `stages { stage('Build') { sh 'x' } }` has `stages.stage.Build.sh`; a named argument is a step, so is
/// the number of any but the first argument, and so is what is assigned to.
pub(super) fn parse(bytes: &[u8], room: &Room) -> Result<Document, Unparsed> {
    let mut reader = Reader {
        bytes,
        at: 0,
        room,
        document: Document::default(),
        address: Address::default(),
        frames: Vec::new(),
        names: Vec::new(),
        called: None,
        last: b'\n',
    };
    let mut end = Ok(());
    while reader.at < bytes.len() && end.is_ok() {
        end = reader.token();
    }
    reader.document.ended(end)
}

/// Words that are neither called nor assigned to, and that no string is given to.
const KEYWORDS: [&[u8]; 27] = [
    b"def", b"val", b"var", b"final", b"static", b"private", b"public", b"return", b"throw",
    b"new", b"in", b"as", b"if", b"else", b"for", b"while", b"switch", b"case", b"try", b"catch",
    b"finally", b"do", b"assert", b"import", b"class", b"object", b"package",
];

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    room: &'b Room,
    document: Document,
    /// The address of what is open.
    address: Address,
    frames: Vec<Frame>,
    /// The names in a row that have just been read: `env.X`.
    names: Vec<Range<usize>>,
    /// The call that has just been closed: a block behind it is its last argument.
    called: Option<Frame>,
    /// The last byte that was not blank.
    last: u8,
}

/// Something open.
#[derive(Clone)]
struct Frame {
    kind: Kind,
    /// How many steps it has added to the address.
    steps: usize,
    /// The steps themselves, for the block behind a call.
    names: Vec<Range<usize>>,
    /// What was called or assigned to.
    key: Range<usize>,
    /// How many arguments or elements are over.
    index: usize,
    /// The name of the present argument.
    named: Option<Range<usize>>,
    /// The first argument, where it is a string.
    title: Option<Range<usize>>,
    /// Whether the next colon belongs to a question mark.
    asks: bool,
}

impl Frame {
    /// Whether a colon names an argument or an entry here.
    fn names_argument(&self) -> bool {
        self.kind != Kind::Block && !self.asks
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `{ … }`.
    Block,
    /// `( … )`.
    Call,
    /// `[ … ]`.
    List,
    /// A call without parentheses or an assignment, up to the end of the line.
    Line,
}

impl Reader<'_> {
    fn token(&mut self) -> Result<(), Unparsed> {
        let byte = self.bytes[self.at];
        if self.comment() {
            return Ok(());
        }
        match byte {
            b' ' | b'\t' | b'\r' => self.at += 1,
            b'\n' | b';' => self.line_end(byte),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 128.. => self.name()?,
            b'\'' | b'"' => self.string()?,
            b'/' | b'$' if self.slashes() => self.string()?,
            b'=' => self.equals()?,
            b'{' => self.block()?,
            b'(' => self.call()?,
            b'[' => self.bracket()?,
            b'}' => self.close(Kind::Block),
            b')' => self.close(Kind::Call),
            b']' => self.close(Kind::List),
            b',' => self.comma(),
            b':' => self.colon(),
            b'.' => self.passed(),
            _ => {
                if let (b'?', Some(frame)) = (byte, self.frames.last_mut()) {
                    frame.asks = !matches!(self.bytes.get(self.at + 1), Some(b'.' | b':'));
                }
                self.names.clear();
                self.called = None;
                self.passed();
            }
        }
        Ok(())
    }

    fn passed(&mut self) {
        self.last = self.bytes[self.at];
        self.at += 1;
    }

    /// Passes over a comment, if one begins here.
    fn comment(&mut self) -> bool {
        let rest = &self.bytes[self.at..];
        let len = match rest {
            [b'/', b'/', ..] => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
            [b'#', b'!', ..] if self.at == 0 => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
            [b'/', b'*', ..] => {
                memchr::memmem::find(&rest[2..], b"*/").map_or(rest.len(), |it| it + 4)
            }
            _ => return false,
        };
        self.at += len;
        true
    }

    /// Ends a line, unless its last character says that it goes on.
    fn line_end(&mut self, byte: u8) {
        if byte == b';' || !b",=+(:?&|.".contains(&self.last) {
            self.close_lines();
        }
        self.names.clear();
        if byte == b';' {
            self.called = None;
            self.last = byte;
        }
        self.at += 1;
    }

    fn close_lines(&mut self) {
        while let Some(Frame { kind: Kind::Line, .. }) = self.frames.last() {
            self.pop();
        }
    }

    /// Reads a name. Behind a dot it belongs to the name before; behind another name it takes that one's place.
    fn name(&mut self) -> Result<(), Unparsed> {
        let rest = &self.bytes[self.at..];
        let word = |it: &&u8| it.is_ascii_alphanumeric() || **it == b'_' || 128 <= **it;
        let span = self.at..self.at + rest.iter().take_while(word).count();
        let after = &self.bytes[span.end..];
        let blanks = after.iter().take_while(|it| b" \t".contains(it)).count();
        let names_argument =
            after.get(blanks) == Some(&b':') && after.get(blanks + 1) != Some(&b':');
        if self.last != b'.' {
            let caller = std::mem::take(&mut self.names);
            if names_argument && !caller.is_empty() {
                self.open(Kind::Line, caller)?;
            }
            self.called = None;
        }
        if !KEYWORDS.contains(&&self.bytes[span.clone()]) && self.names.len() < DEEPEST {
            self.names.push(span.clone());
        }
        self.last = b'a';
        self.at = span.end;
        Ok(())
    }

    /// Reads a string, which is the value of whatever it is given to, or the key of a map.
    fn string(&mut self) -> Result<(), Unparsed> {
        let caller = std::mem::take(&mut self.names);
        if !caller.is_empty() && self.last != b'.' {
            self.open(Kind::Line, caller)?;
        }
        self.called = None;
        let start = self.at;
        let literal = string::read(self.bytes, start);
        self.at = literal.end;
        self.last = b'"';
        let rest = &self.bytes[self.at..];
        let blanks = rest.iter().take_while(|it| b" \t".contains(it)).count();
        if let Some(frame) = self.frames.last_mut() {
            if rest.get(blanks) == Some(&b':') && frame.names_argument() {
                frame.named = Some(literal.inner);
                self.at += blanks + 1;
                self.last = b':';
                return Ok(());
            }
            if frame.index == 0 && frame.named.is_none() {
                frame.title.get_or_insert(literal.inner);
            }
        }
        let (address, key) = self.place();
        let string::Literal { text, interpolates, .. } = literal;
        let value = Value { address, key, span: start..self.at, text, interpolates };
        self.document.add(value, self.room)
    }

    /// The address of a string here, and where the name stands that it has.
    fn place(&self) -> (Address, Range<usize>) {
        let mut address = self.address.clone();
        let Some(frame) = self.frames.last() else {
            return (address, self.at..self.at);
        };
        let index = (frame.kind == Kind::List || 0 < frame.index).then_some(frame.index);
        match (&frame.named, index) {
            (Some(name), _) => address.push(Step::named(&self.bytes[name.clone()])),
            (None, Some(index)) if frame.kind != Kind::Block => address.push(Step::Index(index)),
            (None, _) => {}
        }
        // `X = credentials('id')` gives X its value, whatever makes it.
        let above = self.frames.len().checked_sub(2).map(|it| &self.frames[it]);
        let assigned = above.filter(|it| frame.kind == Kind::Call && it.kind == Kind::Line);
        let key = assigned.map_or(&frame.key, |it| &it.key);
        (address, frame.named.as_ref().unwrap_or(key).clone())
    }

    /// Whether a slash or a dollar sign begins a string here: where a value may stand, and where it is closed.
    fn slashes(&self) -> bool {
        let begins = b"=(,[:{};~!&|?+\n".contains(&self.last) || !self.names.is_empty();
        begins && string::slashed(self.bytes, self.at).is_some()
    }

    /// `=` after names is an assignment, `==` is none.
    fn equals(&mut self) -> Result<(), Unparsed> {
        let target = std::mem::take(&mut self.names);
        let compares = matches!(self.bytes.get(self.at + 1), Some(b'=' | b'~'));
        if compares {
            self.passed();
        } else if !target.is_empty() && !b"=!<>".contains(&self.last) {
            self.open(Kind::Line, target)?;
        }
        self.passed();
        Ok(())
    }

    /// `{` after a call or a name is its block; a string that it was called with names it.
    fn block(&mut self) -> Result<(), Unparsed> {
        let mut names = std::mem::take(&mut self.names);
        if let Some(call) = self.called.take() {
            let title = call.title.filter(|_| !call.names.is_empty());
            names = call.names;
            names.extend(title);
        }
        self.open(Kind::Block, names)?;
        self.passed();
        Ok(())
    }

    fn call(&mut self) -> Result<(), Unparsed> {
        let names = std::mem::take(&mut self.names);
        self.open(Kind::Call, names)?;
        self.passed();
        Ok(())
    }

    /// `[` behind a name without a blank is an index of it, and of no matter.
    fn bracket(&mut self) -> Result<(), Unparsed> {
        let adjoins =
            self.at.checked_sub(1).is_some_and(|it| !b" \t\n(,[=:".contains(&self.bytes[it]));
        let names = match adjoins {
            true => Vec::new(),
            false => std::mem::take(&mut self.names),
        };
        let target = std::mem::take(&mut self.names);
        self.open(Kind::List, names)?;
        self.names = target;
        self.passed();
        Ok(())
    }

    fn comma(&mut self) {
        self.names.clear();
        self.called = None;
        // In brackets, what had no parentheses of its own ends here. In a block, its next argument follows.
        let around = self.frames.iter().rfind(|it| it.kind != Kind::Line);
        if around.is_some_and(|it| it.kind != Kind::Block) {
            self.close_lines();
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.index += 1;
            frame.named = None;
        }
        self.passed();
    }

    /// `name:` names the argument that follows.
    fn colon(&mut self) {
        let name = self.names.pop();
        self.names.clear();
        if let Some(frame) = self.frames.last_mut() {
            if frame.names_argument() {
                frame.named = name.or(frame.named.take());
            }
            frame.asks = false;
        }
        self.passed();
    }

    fn open(&mut self, kind: Kind, names: Vec<Range<usize>>) -> Result<(), Unparsed> {
        if self.frames.len() == DEEPEST {
            return Err(Unparsed { at: self.at, reason: "it is nested deeper than 64 levels" });
        }
        let argument = self.frames.last().and_then(|it| it.named.clone());
        let steps: Vec<_> = argument.into_iter().chain(names.iter().cloned()).collect();
        for name in &steps {
            self.address.push(Step::named(&self.bytes[name.clone()]));
        }
        let key = steps.last().cloned().unwrap_or(self.at..self.at);
        let steps = steps.len();
        self.frames.push(Frame {
            kind,
            steps,
            names,
            key,
            index: 0,
            named: None,
            title: None,
            asks: false,
        });
        Ok(())
    }

    fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop()?;
        for _ in 0..frame.steps {
            self.address.pop();
        }
        Some(frame)
    }

    /// Closes the innermost frame of a kind with all that is open in it.
    fn close(&mut self, kind: Kind) {
        self.passed();
        self.names.clear();
        self.called = None;
        let Some(open) = self.frames.iter().rposition(|it| it.kind == kind) else {
            return;
        };
        while open + 1 < self.frames.len() {
            self.pop();
        }
        self.called = self.pop().filter(|it| it.kind == Kind::Call);
    }
}
