//! What the body after a prefix tells: the shape that the issuer makes, a plausible one, another issuer's, or none.

use super::Certainty;
use super::family::Family;
use super::text::Reading;

/// How sure we are that a reading is a token. The left boundary is judged elsewhere.
pub(super) fn classify(reading: &Reading, family: &Family) -> Certainty {
    let run = reading.run.as_slice();
    let alnum = alnum_len(run);
    let body = &run[..alnum];
    let whole = alnum == run.len() || run[alnum..].iter().all(|b| matches!(b, b'-' | b'_'));
    let shaped = is_shaped(body, family);
    // A dash may follow a whole token (`$TOKEN-suffix`); before that length it belongs to somebody else's alphabet.
    if shaped && (whole || run[alnum] == b'-') {
        return match made_up(body, family, family.certain.distinct) {
            true => Certainty::Placeholder,
            false => Certainty::Certain,
        };
    }
    if family.other_issuer_lengths.contains(&run.len()) {
        return Certainty::OtherIssuer;
    }
    // `lynk_live_abc****`: somebody has masked it already.
    if reading.next == Some(b'*') {
        return Certainty::Placeholder;
    }
    let plausible = (family.likely.min..=family.likely.max).contains(&alnum);
    if !plausible || made_up(body, family, family.likely.distinct) || names_itself(body, family) {
        return match run.len() >= family.likely.min && !made_up(run, family, family.likely.distinct)
        {
            true if !names_itself(run, family) => Certainty::OtherIssuer,
            _ => Certainty::Placeholder,
        };
    }
    if whole { Certainty::Likely } else { Certainty::OtherIssuer }
}

/// How many characters of the run are the token.
pub(super) fn body_len(reading: &Reading, certainty: Certainty) -> usize {
    if certainty.violates() { alnum_len(&reading.run) } else { reading.run.len() }
}

/// Whether a body is as the issuer's generator makes it.
pub(super) fn is_shaped(body: &[u8], family: &Family) -> bool {
    body.len() == family.certain.length
        && body.iter().all(|b| family.certain.alphabet.as_bytes().contains(b))
}

fn alnum_len(run: &[u8]) -> usize {
    run.iter().take_while(|b| b.is_ascii_alphanumeric()).count()
}

/// Low variety or counting upwards: no generator made it.
fn made_up(body: &[u8], family: &Family, distinct: usize) -> bool {
    let mut seen = [false; 256];
    body.iter().for_each(|&b| seen[usize::from(b)] = true);
    if seen.iter().filter(|&&it| it).count() < distinct {
        return true;
    }
    let mut sequence = 1;
    body.windows(2).any(|pair| {
        sequence = if pair[1] == pair[0].wrapping_add(1) { sequence + 1 } else { 1 };
        sequence > family.longest_sequence
    })
}

fn names_itself(body: &[u8], family: &Family) -> bool {
    let body: String = body
        .iter()
        .filter(|b| b.is_ascii_alphanumeric())
        .map(|b| char::from(b.to_ascii_lowercase()))
        .collect();
    family.placeholder_words.iter().any(|word| body.contains(word.as_str()))
}
