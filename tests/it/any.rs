//! Properties of any bytes: whatever is found is masked, whatever is shown is harmless, nothing panics.

use clap::ValueEnum;
use lynklint::date::Date;
use lynklint::detect::Detector;
use lynklint::excerpt::{self, LONGEST, masked, obeyed, printable};
use lynklint::exempt::Terms;
use lynklint::policy::Policy;
use lynklint::report::Format;
use lynklint::rule::example::expand;
use lynklint::scan::{Files, Progress, check, scan};
use lynklint::source::{Blob, Coverage, Visitor};
use proptest::prelude::*;

use crate::detect::utf16;
use crate::report::{policy, shown};

/// Text made of the pieces that detection is about, and arbitrary bytes between them.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(expand("$PERSONAL").into_bytes()),
        Just(expand("$SERVICE_TEST").into_bytes()),
        Just(b"lynk_live_".to_vec()),
        Just(b"l\0y\0n\0k\0_\0".to_vec()),
        Just(b"bHlua1".to_vec()),
        Just(b"6c796e6b5f".to_vec()),
        Just(b"%6c%79%6e%6b".to_vec()),
        Just(b"\\u005f\" + \"".to_vec()),
        Just(b"\x1b[31m".to_vec()),
        Just("\u{202e}\n\r\t".as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..40),
        "[A-Za-z0-9+/_=]{0,60}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|it| it.concat())
}

/// Whether `text` holds eight characters in a row of the body of a token that the tests plant.
pub(crate) fn leaks(text: &str) -> bool {
    [
        "$PERSONAL",
        "$SERVICE",
        "$PERSONAL_TEST",
        "$SERVICE_TEST",
        "$PERSONAL_STAGING",
        "$SERVICE_STAGING",
    ]
    .iter()
    .any(|name| {
        let token = expand(name);
        let body = &token[token.len() - 36..];
        (0..=28).any(|i| text.contains(&body[i..i + 8]))
    })
}

const PATHS: [&str; 4] =
    [".github/workflows/PIECE.yml", ".gitlab-ci.yml", "PIECE/k8s.yaml", "a.py"];

const LINES: [&str; 11] = [
    "T: $PERSONAL",
    "PIECE: $SERVICE",
    "a: { PIECE: $PERSONAL, \"b.PIECE\": PIECE }",
    "PIECE-PIECE: ${{ secrets.INTERLYNK_TOKEN_PIECE }} # PIECE",
    "x: echo PIECE $INTERLYNK_SECURITY_TOKEN PIECE",
    "run: |\n  set -x; PIECE --token $INTERLYNK_SECURITY_TOKEN",
    "# ALLOW allow(PIECE) until=2026-12-01 -- PIECE",
    "T: $SERVICE # ALLOW allow(hardcoded-service-token) until=2026-12-01 -- PIECE",
    "T: $SERVICE # ALLOW allow(no) until=PIECE -- PIECE",
    "PIECE:",
    "- PIECE",
];

/// Eight to fifteen characters of a body, in a word that may go on before them and hold what is not shown.
fn piece() -> impl Strategy<Value = String> {
    (0..28_usize, 8..=15_usize, "[a-z]{0,2}", any::<bool>()).prop_map(
        |(from, len, before, split)| {
            let token = expand("$PERSONAL");
            let body = &token[token.len() - 36..];
            let (head, tail) = body[from..(from + len).min(36)].split_at(5);
            format!("{before}{head}{}{tail}", if split { "\r" } else { "" })
        },
    )
}

/// Puts pieces in their places.
fn filled<'p>(text: &str, pieces: &mut impl Iterator<Item = &'p String>) -> String {
    let mut parts = text.split("PIECE");
    let first = parts.next().unwrap_or_default().to_owned();
    let text = parts.fold(first, |text, it| text + pieces.next().map_or("", String::as_str) + it);
    text.replace("ALLOW", concat!("lynk", "lint:"))
}

/// A file with a token in it, its path and its text, in which pieces of the token's body stand wherever something is named.
fn with_pieces() -> impl Strategy<Value = (String, String)> {
    let select = proptest::sample::select::<&str>;
    let lines = proptest::collection::vec(select(&LINES[..]), 1..8);
    let pieces = proptest::collection::vec(piece(), 1..6);
    (select(&PATHS[..]), lines, pieces, any::<bool>()).prop_map(|(path, lines, pieces, deep)| {
        let mut next = pieces.iter().cycle();
        let path = filled(path, &mut next).replace('\r', "");
        let indent = if deep { "  " } else { "" };
        let lines = lines.iter().map(|it| format!("{indent}{}\n", filled(it, &mut next)));
        (path, lines.chain(["T: $PERSONAL\n".to_owned()]).collect())
    })
}

/// A report of a file, in every format that shows a piece of a token.
fn leaking(path: &str, text: &str, wide: bool) -> Vec<String> {
    let policy = policy();
    let text = expand(text);
    let bytes = if wide { utf16(&text, false) } else { text.into_bytes() };
    let source = |visit: &Visitor<'_>| {
        visit(&Blob::whole(path, &bytes));
        Ok(Coverage { files: 1, ..Coverage::default() })
    };
    let mut report =
        scan(&policy, &Progress::default(), Files::InPipe, source).expect("nothing fails");
    report.exempt(&Terms::of(Date::parse("2026-11-24").expect("a day")));
    assert!(!report.findings.is_empty());
    let shown = Format::value_variants().iter().map(|it| shown(*it, &report));
    shown.filter(|it| leaks(it)).collect()
}

/// Every name by itself, so that chance does not decide which are tried.
#[test]
fn no_name_shows_a_piece_of_a_token_of_the_file() {
    let token = expand("$PERSONAL");
    // Some names have small letters only.
    let small = |it: &&[u8]| it.iter().all(|b| !b.is_ascii_uppercase());
    let piece = token.as_bytes()[token.len() - 36..].windows(8).find(small).expect("a piece");
    let piece = String::from_utf8_lossy(piece).into_owned();
    for (path, line) in PATHS.iter().flat_map(|path| LINES.map(|line| (path, line))) {
        let mut pieces = std::iter::repeat(&piece);
        let (path, line) = (filled(path, &mut pieces), filled(line, &mut pieces));
        assert_eq!(leaking(&path, &format!("{line}\nT: $PERSONAL\n"), false), Vec::<String>::new());
    }
}

proptest! {
    // Each of them is a scan and a report in every format.
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_piece_of_a_token_of_the_file_is_shown((path, text) in with_pieces(), wide in any::<bool>()) {
        prop_assert_eq!(leaking(&path, &text, wide), Vec::<String>::new());
    }
}

proptest! {
    #[test]
    fn an_excerpt_is_short_printable_and_masked(bytes in bytes()) {
        let policy = Policy::recommended(Vec::new()).expect("the policy loads");
        for finding in check(&Blob::whole("a/b.yml", &bytes), &policy) {
            let text = finding.excerpt.text();
            prop_assert!(text.chars().count() <= LONGEST);
            prop_assert!(!text.chars().any(obeyed), "{text:?}");
            prop_assert!(!leaks(text), "{text:?}");
            let mark = finding.excerpt.mark();
            prop_assert!(mark.start < mark.end && mark.end <= text.chars().count(), "{mark:?} {text:?}");
            prop_assert!(finding.start < finding.end);
        }
    }

    #[test]
    fn what_is_found_is_masked(bytes in bytes()) {
        let detector = Detector::default();
        let text = masked(&String::from_utf8_lossy(&bytes), &detector);
        let left = detector.find(text.as_bytes());
        prop_assert!(left.iter().all(|it| !it.certainty.violates()), "{text:?}");
        prop_assert!(!printable(&text).chars().any(excerpt::obeyed));
    }

    #[test]
    fn a_span_lies_in_the_bytes_and_spans_do_not_overlap(bytes in bytes()) {
        let tokens = Detector::default().find(&bytes);
        for pair in tokens.windows(2) {
            prop_assert!(pair[0].span.end <= pair[1].span.start);
        }
        for token in tokens {
            prop_assert!(token.span.start < token.span.end && token.mask.end <= bytes.len());
            prop_assert!(token.mask.start <= token.span.start && token.span.end <= token.mask.end);
        }
    }
}
