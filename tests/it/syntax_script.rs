//! What scripts say: `tests/scripts/` holds, for each syntax, scripts with their commands and values below them.
//!
//! `UPDATE_SCRIPTS=1` writes what was found in place of what was expected.

use std::fmt::Write;
use std::ops::Range;
use std::{env, fs, path::Path};

use lynklint::syntax::{Command, Document, Output, Room, Syntax, Text, Value, Word};
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

/// A syntax by the name that a platform's file gives it.
fn syntax(name: &str) -> Syntax {
    Syntax::deserialize(IntoDeserializer::<Error>::into_deserializer(name)).expect("a syntax")
}

#[test]
fn every_listed_script_says_what_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut wrong = String::new();
    for file in walkdir::WalkDir::new(folder).min_depth(1) {
        let path = file.expect("it can be listed").into_path();
        let syntax = syntax(path.file_stem().and_then(|it| it.to_str()).expect("a name"));
        let text = fs::read_to_string(&path).expect("text");
        let mut found = Vec::new();
        for case in text.split("\n====\n") {
            let (script, expected) = case.split_once("\n----\n").unwrap_or((case, ""));
            let document = syntax.parse(script.as_bytes(), &Room::default()).expect("it is small");
            check(script.as_bytes(), &document);
            let says = render(script, &document);
            if says.trim() != expected.trim() {
                writeln!(wrong, "{script}\n---- says\n{says}---- not\n{expected}").expect("memory");
            }
            found.push(format!("{script}\n----\n{}", says.trim_end()));
        }
        if env::var_os("UPDATE_SCRIPTS").is_some() {
            fs::write(&path, found.join("\n====\n") + "\n").expect("written");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn render(script: &str, document: &Document) -> String {
    let mut text = String::new();
    for command in &document.commands {
        let words = command.arguments().iter().map(word);
        let name = command.name().unwrap_or("(none)").to_owned();
        let line: Vec<_> = std::iter::once(name).chain(words).collect();
        write!(text, "{}", line.join(" | ").replace('\n', "\\n")).expect("memory");
        for redirect in &command.redirects {
            let target = word(&redirect.target).replace('\n', "\\n");
            write!(text, " [{} {target}]", redirect.operator).expect("memory");
        }
        match command.output {
            Output::Shown => {}
            Output::PipedTo(reader) => {
                let reader = document.commands[reader].name().unwrap_or("(none)");
                write!(text, " -> {reader}").expect("memory");
            }
            Output::Captured => text.push_str(" (captured)"),
        }
        let all = command.words.iter().chain(command.redirects.iter().map(|it| &it.target));
        for expansion in all.flat_map(|it| &it.expansions) {
            let doubled = if expansion.doubled { "$$" } else { "" };
            write!(text, " <{doubled}{}", expansion.name).expect("memory");
            if let Some(fallback) = &expansion.fallback {
                write!(text, " else {}", &script[fallback.clone()]).expect("memory");
            }
            text.push('>');
        }
        text.push('\n');
    }
    for value in &document.values {
        let Value { address, interpolates, .. } = value;
        let sign = if *interpolates { "=" } else { "==" };
        let line = format!("{address} {sign} {}", value.text.lossy().replace('\n', "\\n"));
        writeln!(text, "{}", line.trim_end()).expect("memory");
    }
    text
}

fn word(word: &Word) -> String {
    word.text.clone()
}

/// What holds for every document: places are in the file, in order, and hold one another.
fn check(bytes: &[u8], document: &Document) {
    let whole = std::str::from_utf8(bytes).ok();
    let inside = |it: &Range<usize>| {
        assert!(it.start <= it.end && it.end <= bytes.len(), "{it:?} of {}", bytes.len());
        let boundary = |at| whole.is_none_or(|it| it.is_char_boundary(at));
        assert!(boundary(it.start) && boundary(it.end), "{it:?} splits a character of {whole:?}");
    };
    let check_word = |word: &Word| {
        inside(&word.span);
        for expansion in &word.expansions {
            inside(&expansion.span);
            assert!(holds(&word.span, &expansion.span), "{expansion:?} of {word:?}");
            let fallback = expansion.fallback.as_ref();
            fallback.map(&inside);
            assert!(fallback.is_none_or(|it| holds(&expansion.span, it)), "{expansion:?}");
        }
    };
    for (index, Command { span, words, redirects, output }) in document.commands.iter().enumerate()
    {
        inside(span);
        words.iter().for_each(check_word);
        redirects.iter().for_each(|it| check_word(&it.target));
        if let (Some(first), Some(last)) = (words.first(), words.last()) {
            assert!(!redirects.is_empty() || first.span.start == span.start, "{words:?} {span:?}");
            assert!(
                span.start <= first.span.start && last.span.end <= span.end,
                "{words:?} {span:?}"
            );
        }
        if let Output::PipedTo(reader) = output {
            assert!(index < *reader && *reader < document.commands.len());
        }
    }
    assert!(document.commands.is_sorted_by_key(|it| it.span.start));
    for Value { key, span, text, .. } in &document.values {
        inside(key);
        inside(span);
        let source = text.source(&(0..text.bytes().len()));
        assert!(text.bytes().is_empty() || holds(span, &source), "{source:?} of {span:?}");
    }
    assert!(document.values.is_sorted_by_key(|it| it.span.start));
}

fn holds(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Pieces of which scripts of all kinds are made.
fn script() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::sample::select(PIECES).prop_map(|it| it.as_bytes().to_vec()),
        "[ -~\n]{0,6}".prop_map(String::into_bytes),
        "[$\"'`(){}<>|&;=#\\\\\n a]{0,12}".prop_map(String::into_bytes),
        "\\PC{0,3}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|it| it.concat())
}

const PIECES: &[&str] = &[
    " ",
    "\n",
    "\t",
    "\r\n",
    "\\\n",
    ";",
    "&&",
    "|",
    "&",
    "(",
    ")",
    "{ ",
    "}",
    "$(",
    "`",
    "\\`",
    "${",
    "$X",
    "$$X",
    "${X:-",
    "${{ a }}",
    "{{ a }}",
    "$((",
    "))",
    "[[ ",
    " ]]",
    "<<E\n",
    "<<-'E'\n",
    "E\n",
    "<<<",
    "> f ",
    "2>&1 ",
    "<(",
    "'",
    "\"",
    "$'\\u00e9",
    "X=",
    "export X=",
    "X=(",
    "if ",
    "then ",
    "fi\n",
    "for x in ",
    "case x in ",
    "a) ",
    ";; ",
    "esac",
    "done ",
    "f() {",
    "echo é ",
    "curl ",
    "# c\n",
    "FROM x AS b\n",
    "ENV A=b ",
    "RUN ",
    "\n\ta ",
    "a: b\n",
    "define X\n",
    "endef\n",
    "%X%",
    "^\n",
    "@\"\n",
    "\n\"@",
    "$env:X",
    "<#",
    "#>",
    "/*",
    "*/",
    "'''",
    "\"\"\"",
    "$/",
    "/$",
    "- cmd: ",
    ": 1:0;",
];

const ALL: &[&str] =
    &["shell", "powershell", "batch", "dockerfile", "make", "just", "groovy", "history"];

proptest! {
    #[test]
    fn any_script_has_its_places_in_order(script in script()) {
        for name in ALL {
            if let Ok(document) = syntax(name).parse(&script, &Room::default()) {
                check(&script, &document);
            }
        }
    }

    #[test]
    fn any_bytes_have_their_places_in_order(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for name in ALL {
            if let Ok(document) = syntax(name).parse(&bytes, &Room::default()) {
                check(&bytes, &document);
            }
        }
    }

    #[test]
    fn a_script_in_a_value_has_its_places_in_the_file(script in script()) {
        let mut text = Text::at(3);
        let mut source = b"   ".to_vec();
        for line in script.split_inclusive(|it| *it == b'\n') {
            text.copy(line, source.len());
            source.extend_from_slice(line);
            source.extend_from_slice(b"    ");
        }
        for name in ALL {
            if let Ok(document) = syntax(name).parse_text(&text, &Room::default()) {
                check(&source, &document);
            }
        }
    }
}

#[test]
fn a_script_that_is_refused_costs_its_file_nothing_else() {
    let deep = "$(".repeat(100);
    for (name, text) in [
        ("dockerfile", format!("RUN echo {deep}\nENV A=b\n")),
        ("make", format!("a:\n\techo $${}\nA = b\n", "$$(".repeat(100))),
        ("just", format!("a:\n  echo {deep}\n\nA := 'b'\n")),
        ("history", format!("echo {deep}\nA=b\n")),
    ] {
        let document =
            syntax(name).parse(text.as_bytes(), &Room::default()).expect("the rest is simple");
        assert!(document.broken.is_some(), "{name}");
        let text = document.values.last().expect("the last").text.lossy();
        assert_eq!(text, "b", "{name}");
    }
}

#[test]
fn what_a_script_says_is_kept_up_to_a_size() {
    let many = |piece: &str| piece.repeat(400_000);
    for (name, text) in [
        ("shell", many("a ")),
        ("shell", many("a;")),
        ("shell", many("a|")),
        ("shell", many("$a")),
        ("shell", many("a=\n")),
        ("powershell", many("a ")),
        ("powershell", many("$a")),
        ("powershell", many("a;")),
        ("batch", many("a ")),
        ("batch", many("%a%")),
        ("batch", many("a&")),
        ("dockerfile", format!("RUN {}", many("a "))),
        ("dockerfile", many("ENV a=\n")),
        ("make", format!("a:\n{}", many("\ta\n"))),
        ("make", many("a=\n")),
        ("just", format!("a:\n{}", many(" a\n"))),
        ("groovy", many("a ''\n")),
        ("history", many("a\n")),
    ] {
        let said = syntax(name).parse(text.as_bytes(), &Room::default());
        let why = said.map_or_else(Some, |it| it.broken).map(|it| it.reason);
        let start = &text[..16];
        assert_eq!(why, Some("it says more than fits into 12 MiB"), "{name} {start:?}");
    }
}

#[test]
fn no_repeated_piece_is_read_again_and_again() {
    for piece in PIECES.iter().chain(&[
        "((",
        "\"",
        "a@(",
        "X=([",
        "{ ",
        "case ",
        "((a)",
        "`\\",
        "a;",
        "a <<x;",
        "{ a; } >b;",
        "declare a[ ",
    ]) {
        let text = piece.repeat((1 << 15) / piece.len());
        for name in ALL {
            if let Ok(document) = syntax(name).parse(text.as_bytes(), &Room::default()) {
                check(text.as_bytes(), &document);
            }
        }
    }
}
