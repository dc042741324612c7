//! Text inside XML: nothing that would end it, and no character that XML 1.0 forbids.

use crate::excerpt::printable;

/// Text for an element or an attribute in double quotes. Control characters are spelt out, since XML has no way to write
/// most of them; so are the two characters at the end of the first plane that it forbids.
pub(super) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for it in printable(text).chars() {
        match it {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => shown.extend(it.escape_default()),
            it => shown.push(it),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_forbidden_is_left() {
        assert_eq!(escaped("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&apos;");
        assert_eq!(escaped("]]>\0\u{b}\u{1b}\u{ffff}\n"), r"]]&gt;\u{0}\u{b}\u{1b}\u{ffff}\n");
    }
}
