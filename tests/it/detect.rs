//! What is a token and what is not, in every way of writing one.

use lynklint::detect::{Certainty, Detector, Encoding};
use lynklint::rule::example::expand;

fn token() -> String {
    expand("$SERVICE")
}

pub(crate) fn utf16(text: &str, big: bool) -> Vec<u8> {
    let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
    text.encode_utf16().flat_map(bytes).collect()
}

pub(crate) fn base64(bytes: &[u8], url_safe: bool) -> String {
    let alphabet: Vec<char> = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(if url_safe { ['-', '_'] } else { ['+', '/'] })
        .collect();
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let word =
            group.iter().fold(0u32, |word, b| word << 8 | u32::from(*b)) << (8 * (3 - group.len()));
        (0..=group.len()).for_each(|i| text.push(alphabet[(word >> (18 - 6 * i) & 63) as usize]));
        (group.len()..3).for_each(|_| text.push('='));
    }
    text
}

pub(crate) fn each(text: &str, spell: impl Fn(u8) -> String) -> String {
    text.bytes().map(spell).collect()
}

/// Asserts that `bytes` hold exactly one violating token, the service one, written as `encoding`.
fn found(bytes: &[u8], encoding: Encoding) {
    let detector = Detector::default();
    let tokens: Vec<_> =
        detector.find(bytes).into_iter().filter(|it| it.certainty.violates()).collect();
    let shown = String::from_utf8_lossy(bytes);
    assert_eq!(tokens.len(), 1, "{encoding}: {shown}: {tokens:?}");
    let plain = detector.find(token().as_bytes()).remove(0);
    assert_eq!(tokens[0].fingerprint, plain.fingerprint, "{encoding}: {shown}");
    assert_eq!(tokens[0].encoding, encoding, "{shown}");
    assert_eq!(tokens[0].certainty, Certainty::Certain, "{shown}");
}

#[test]
fn every_encoding_is_read() {
    let t = token();
    for before in ["", "x", "xx", "xxx:", "Bearer ", "user:", "{\"a\":\""] {
        let before =
            if before.ends_with('x') { before.replace('x', " ") } else { before.to_owned() };
        for after in ["", "\n", " ", "\"}"] {
            let text = format!("{before}{t}{after}");
            for url_safe in [false, true] {
                found(
                    format!("data: {}\n", base64(text.as_bytes(), url_safe)).as_bytes(),
                    Encoding::Base64,
                );
            }
            found(base64(&utf16(&text, false), false).as_bytes(), Encoding::Base64);
            found(&utf16(&text, false), Encoding::Utf16);
            found(&utf16(&text, true), Encoding::Utf16);
            found(&[&b"\xFF\xFE"[..], &utf16(&text, false)].concat(), Encoding::Utf16);
            found(&[&b"\xFE\xFF"[..], &utf16(&text, true)].concat(), Encoding::Utf16);
            found(each(&text, |b| format!("{b:02x}")).as_bytes(), Encoding::Hex);
            found(each(&text, |b| format!("{b:02X}")).as_bytes(), Encoding::Hex);
            found(each(&text, |b| format!("%{b:02x}")).as_bytes(), Encoding::Percent);
            found(each(&text, |b| format!("\\x{b:02x}")).as_bytes(), Encoding::Escaped);
            found(each(&text, |b| format!("\\u{b:04x}")).as_bytes(), Encoding::Escaped);
            found(each(&text, |b| format!("\\u{{{b:x}}}")).as_bytes(), Encoding::Escaped);
            found(each(&text, |b| format!("\\{b:03o}")).as_bytes(), Encoding::Escaped);
            found(each(&text, |b| format!("&#{b};")).as_bytes(), Encoding::Escaped);
        }
    }
    found(t.replace('_', "%5F").as_bytes(), Encoding::Percent);
    found(t.replace('_', "%255f").as_bytes(), Encoding::Percent);
    found(t.replace('_', "\\u005f").as_bytes(), Encoding::Escaped);
    found(t.replace('_', "\\x5f").as_bytes(), Encoding::Escaped);
    found(t.replace('_', "&lowbar;").as_bytes(), Encoding::Escaped);
    found(t.replace('_', "&UnderBar;").as_bytes(), Encoding::Escaped);
    found(t.replace('_', "\\_").as_bytes(), Encoding::Escaped);
}

#[test]
fn a_value_that_was_encoded_twice_is_read() {
    let t = token();
    let twice = base64(base64(t.as_bytes(), false).as_bytes(), false);
    found(format!("data:\n  token: {twice}\n").as_bytes(), Encoding::Base64);
}

#[test]
fn wrapped_base64_is_read_across_its_lines() {
    let long = base64(format!("{}{}", "a line of text. ".repeat(4), token()).as_bytes(), false);
    let lines: Vec<_> = long.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
    found(format!("data:\n  {}\n", lines.join("\n  ")).as_bytes(), Encoding::Base64);
}

#[test]
fn pieces_are_put_together() {
    let t = token();
    let (stem, rest) = t.split_at(18);
    let (head, tail) = t.split_at(30);
    for joint in [
        "\" + \"",
        "' . '",
        "\"\n  \"",
        "\" \\\n  \"",
        "' +\n '",
        "\" + `\n\"",
        "' + `\r\n  '",
        "\", \"",
        "\" & \"",
        "\\\n",
        "\\\r\n    ",
        "`\r\n",
        // Quoted-printable.
        "=\n",
        "=\r\n",
    ] {
        let quote = if joint.starts_with('\'') { '\'' } else { '"' };
        found(format!("x = {quote}{stem}{joint}{rest}{quote}").as_bytes(), Encoding::Split);
        found(format!("x = {quote}{head}{joint}{tail}{quote}").as_bytes(), Encoding::Split);
    }
    found(format!("\"{}\" + \"{}\" + \"{tail}\"", &t[..5], &t[5..30]).as_bytes(), Encoding::Split);
}

#[test]
fn a_word_may_begin_after_an_escape_and_end_before_one() {
    let t = token();
    for before in [
        "Bearer%20",
        "%2520",
        "\\n",
        "\\t",
        "\\x1b[31m",
        "\\u001b[0m",
        "\\033[1;31m",
        "\x1b[31m",
        "=",
        "-",
        ":",
        "é",
        "-u",
        "=3D",
    ] {
        for after in
            ["", "\"", "\\n", "%22", "\\u0022", "\x1b[0m", "\\x1b[0m", ".", ",", "-", "&x=1", "é"]
        {
            found(format!("{before}{t}{after}").as_bytes(), Encoding::Plain);
        }
    }
}

#[test]
fn emphasis_is_no_part_of_a_word() {
    for mark in ["_", "__", "___", "*", "**", "`"] {
        found(format!("the token {mark}{}{mark} is", token()).as_bytes(), Encoding::Plain);
    }
}

#[test]
fn a_token_ends_where_the_next_begins() {
    let three = [expand("$PERSONAL"), token(), expand("$SERVICE_TEST")].concat();
    let tokens = Detector::default().find(three.as_bytes());
    assert!(tokens.iter().all(|it| it.certainty == Certainty::Certain), "{tokens:?}");
    assert_eq!(tokens.iter().map(|it| &three[it.span.clone()]).collect::<String>(), three);
    assert_eq!(tokens.len(), 3);
}

#[test]
fn a_dash_and_a_word_may_follow() {
    for after in ["-a", "-suffix", "-longer-suffix", "-suffix.tar"] {
        found(format!("name: {}{after}\n", token()).as_bytes(), Encoding::Plain);
    }
}

#[test]
fn nothing_else_is_a_token() {
    let body = token().split_off(18);
    let misses = [
        format!("realynk_live_{body}"),
        format!("xyz_lynk_live_{body}"),
        format!(" _lynk_live_{body}"),
        format!("LYNK_LIVE_{body}"),
        format!("lynk_live_{body}ABCDEFG"),
        format!("lynk_live_{}-_{}", &body[..20], &body[..21]),
        format!("lynk_prod_{body}"),
        format!("lynk_live_{}", "x".repeat(36)),
        format!("lynk_live_{}", "x".repeat(20)),
        format!("lynk_live_{}", "dlkls".repeat(6)),
        format!("lynk_live_{}", &body[..12]),
        format!("lynk_live_{}", "123456789ABCDEFGHJKLMNPQRSTUVWXYZabc"),
        "lynk_live_video_stage lynk_live_audio_node lynk_livestream_id lynk_service_test.go".to_owned(),
        "lynk_live_... lynk_live_* lynk_live_xxx lynk_live_<SECURITY_TOKEN> lynk_live_abc".to_owned(),
        "lynk_service_your_token_here lynk_live_your_token_here_replace_me_now lynk_live_visible_once".to_owned(),
        "\"lynk_live_\", \"lynk_staging_\", \"lynk_test_\"".to_owned(),
        "lynk_live_ThisIsJustAnExampleOfAToken42".to_owned(),
    ];
    for miss in &misses {
        for text in [miss.clone(), base64(miss.as_bytes(), false), miss.replace('_', "%5F")] {
            let tokens = Detector::default().find(text.as_bytes());
            assert!(tokens.iter().all(|it| !it.certainty.violates()), "{text}: {tokens:?}");
        }
    }
}

#[test]
fn a_span_in_utf16_begins_with_a_character_of_two_bytes() {
    let t = token();
    for (mark, big) in [("\u{feff}", false), ("\u{feff}", true), ("", false), ("", true)] {
        for before in
            ["", "T=", "日=", "日", "a line that is long enough to hide where it begins\n"]
        {
            for after in ["", "\n", "日"] {
                let start = utf16(&format!("{mark}{before}"), big).len();
                let bytes = utf16(&format!("{mark}{before}{t}{after}"), big);
                let found = &Detector::default().find(&bytes)[0];
                let end = start + 2 * t.len();
                assert_eq!(found.span, start..end, "{mark:?} {big} {before:?} {after:?}");
            }
        }
    }
    // In a program a text may begin anywhere.
    let bytes = [b"\xC3\x90\x90", utf16(&format!("a: {t}"), false).as_slice(), b"\0\0"].concat();
    assert_eq!(Detector::default().find(&bytes)[0].span, 9..9 + 2 * t.len());
}

#[test]
fn the_span_is_in_the_original_bytes() {
    let t = token();
    let text = format!("a = \"{}\"\n", t.replace('_', "%5F"));
    let found = &Detector::default().find(text.as_bytes())[0];
    assert_eq!(&text[found.span.clone()], t.replace('_', "%5F"));
    let encoded = base64(format!("abc:{t}").as_bytes(), false);
    let found = &Detector::default().find(encoded.as_bytes())[0];
    assert_eq!(found.span, 5..encoded.trim_end_matches('=').len());
}
