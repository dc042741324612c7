//! Properties of any bytes: whatever is found is masked, whatever is shown is harmless, nothing panics.

use lynklint::detect::Detector;
use lynklint::excerpt::{self, LONGEST, masked, obeyed, printable};
use lynklint::policy::Policy;
use lynklint::rule::example::expand;
use lynklint::scan::check;
use lynklint::source::Blob;
use proptest::prelude::*;

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
