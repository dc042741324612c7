//! What is wrong with a file, in the words of whoever writes it.

/// The longest message, in characters.
const LONGEST_MESSAGE: usize = 400;

/// A message that quotes a file may be as long as the file.
pub(super) fn shortened(message: &str) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

/// The end of a message about an unknown word: `; did you mean …?`, if one of the known ones is near.
pub fn meant<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> String {
    let distance = |it: &str| strsim::damerau_levenshtein(word, it);
    let near = known.into_iter().min_by_key(|it| distance(it));
    match near.filter(|it| distance(it) <= (word.len() / 4).max(1)) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    }
}

/// The message of serde's about a file, without the names that types have in the program.
pub(super) fn of_serde(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let found = FOUND.iter().find_map(|(end, words)| Some((found.strip_suffix(end)?, words)));
    let found =
        found.map_or_else(|| message_start(message), |(start, words)| format!("{start}{words}"));
    let named =
        EXPECTED.iter().find_map(|(start, words)| Some((expected.strip_prefix(start)?, words)));
    let Some((rest, words)) = named else {
        return format!("{found}, expected {expected}{}", meant_of(message));
    };
    // The name of the type, up to where serde says where that is.
    let rest = rest.find(" at ").map_or("", |at| &rest[at..]);
    format!("{found}, expected {words}{rest}")
}

/// What stands before the last `, expected `.
fn message_start(message: &str) -> String {
    message.rsplit_once(", expected ").map_or(message, |it| it.0).to_owned()
}

/// What a file may hold in the wrong place, as serde says it and as people do.
const FOUND: [(&str, &str); 4] = [
    ("type: sequence", "type: a list"),
    ("type: map", "type: keys with values"),
    ("type: unit value", "type: nothing"),
    ("type: enum", "type: a word"),
];
/// What it should hold: the beginning of what serde says, and what people do.
const EXPECTED: [(&str, &str); 13] = [
    ("struct ", "keys with values"),
    ("a map", "keys with values"),
    ("a sequence", "a list"),
    ("tuple", "a list"),
    ("enum ", "a word"),
    ("variant identifier", "a word"),
    ("a string", "a text"),
    ("a boolean", "true or false"),
    ("field identifier", "a key"),
    ("u32", "a whole number from 0 on"),
    ("u64", "a whole number from 0 on"),
    ("usize", "a whole number from 0 on"),
    ("f64", "a number"),
];

/// What is meant, by a message of serde's that quotes the unknown word first and then what it knows.
fn meant_of(message: &str) -> String {
    if !message.contains("unknown field") && !message.contains("unknown variant") {
        return String::new();
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let word = quoted.next().unwrap_or_default();
    meant(word, quoted)
}
