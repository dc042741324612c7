//! Differences between two objects: copied ranges of the one and inserted bytes.

use super::entry::Damage;

/// A difference, its two sizes read.
pub(super) struct Delta<'d> {
    /// The size of what it is a difference to.
    base: u64,
    /// The size of what it makes.
    pub(super) target: u64,
    steps: &'d [u8],
}

/// Stands in a digest for what is left out. No needle has it: it is in neither ASCII nor ASCII as UTF-16.
const LEFT_OUT: u8 = 0xff;

impl<'d> Delta<'d> {
    pub(super) fn read(bytes: &'d [u8]) -> Result<Self, Damage> {
        let mut steps = bytes;
        let base = size(&mut steps)?;
        let target = size(&mut steps)?;
        Ok(Self { base, target, steps })
    }

    /// Makes the target in `out`. The caller bounds [`Delta::target`].
    pub(super) fn apply(&self, base: &[u8], out: &mut Vec<u8>) -> Result<(), Damage> {
        out.clear();
        out.reserve_exact(usize::try_from(self.target).map_err(|_| Damage::Delta)?);
        self.pieces(base, |_, piece| out.extend_from_slice(piece))
    }

    /// Makes a digest of the target in `out`: all of it but the inner part of copied ranges, of which `context` bytes
    /// stay at each end. So a needle of no more than `context` bytes that is in the target is in the base or in the
    /// digest, and one in the digest is in the target.
    pub(super) fn digest(
        &self,
        base: &[u8],
        context: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Damage> {
        out.clear();
        self.pieces(base, |copied, piece| match piece.len() {
            len if copied && len > 2 * context => {
                out.extend_from_slice(&piece[..context]);
                out.push(LEFT_OUT);
                out.extend_from_slice(&piece[len - context..]);
            }
            _ => out.extend_from_slice(piece),
        })
    }

    /// Takes the target piece by piece, with whether each is copied from the base.
    #[inline]
    fn pieces(&self, base: &[u8], mut take: impl FnMut(bool, &[u8])) -> Result<(), Damage> {
        if self.base != base.len() as u64 {
            return Err(Damage::Delta);
        }
        let (mut rest, mut left) = (self.steps, self.target);
        while let Some((&step, after)) = rest.split_first() {
            rest = after;
            let copied = step & 0x80 != 0;
            let piece = if copied {
                let from = scattered(&mut rest, step, 4)?;
                let len = match scattered(&mut rest, step >> 4, 3)? {
                    0 => 0x1_0000,
                    len => len,
                };
                base.get(from..from + len)
            } else {
                let inserted = rest.get(..usize::from(step)).filter(|it| !it.is_empty());
                rest = rest.get(usize::from(step)..).unwrap_or_default();
                inserted
            };
            let piece = piece.ok_or(Damage::Delta)?;
            left = left.checked_sub(piece.len() as u64).ok_or(Damage::Delta)?;
            take(copied, piece);
        }
        if left == 0 { Ok(()) } else { Err(Damage::Delta) }
    }
}

/// A number whose bytes are there only where `bits` has a one, the lowest first.
fn scattered(rest: &mut &[u8], bits: u8, bytes: u32) -> Result<usize, Damage> {
    let mut value = 0;
    for i in (0..bytes).filter(|i| bits & 1 << i != 0) {
        let (first, after) = rest.split_first().ok_or(Damage::Delta)?;
        value |= usize::from(*first) << (8 * i);
        *rest = after;
    }
    Ok(value)
}

fn size(rest: &mut &[u8]) -> Result<u64, Damage> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first().ok_or(Damage::Delta)?;
        *rest = after;
        let part = u64::from(byte & 0x7f);
        if shift == 63 && part > 1 {
            return Err(Damage::Delta);
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Damage::Delta)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NEEDLE: &[u8] = b"abcd";

    fn has(bytes: &[u8]) -> bool {
        memchr::memmem::find(bytes, NEEDLE).is_some()
    }

    /// What a difference of these steps is, each a range of the base, or bytes if it is empty.
    fn encoded(base: &[u8], steps: &[(usize, usize, Vec<u8>)]) -> (Vec<u8>, Vec<u8>) {
        let (mut encoded, mut target) = (Vec::new(), Vec::new());
        for (from, len, inserted) in steps {
            let from = from % (base.len() + 1);
            let len = len % 100.min(base.len() - from + 1);
            if len > 0 {
                encoded.extend([0x91, u8::try_from(from).unwrap(), u8::try_from(len).unwrap()]);
                target.extend(&base[from..from + len]);
            } else if !inserted.is_empty() {
                encoded.push(u8::try_from(inserted.len()).unwrap());
                encoded.extend(inserted);
                target.extend(inserted);
            }
        }
        let size = |len: usize| {
            [0x80 | u8::try_from(len % 128).unwrap(), u8::try_from(len / 128).unwrap()]
        };
        ([&size(base.len())[..], &size(target.len()), &encoded].concat(), target)
    }

    proptest! {
        #[test]
        fn a_needle_is_in_the_target_if_it_is_in_the_base_or_in_what_is_new(
            base in "[a-d]{0,200}",
            steps in proptest::collection::vec((any::<usize>(), any::<usize>(), "[a-d]{0,6}"), 0..12),
        ) {
            let steps: Vec<_> = steps.into_iter().map(|(a, b, c)| (a, b, c.into_bytes())).collect();
            let base = base.into_bytes();
            let (bytes, target) = encoded(&base, &steps);
            let delta = Delta::read(&bytes).unwrap();
            let (mut out, mut digest) = (Vec::new(), Vec::new());
            delta.apply(&base, &mut out).unwrap();
            prop_assert_eq!(&out, &target);
            delta.digest(&base, NEEDLE.len(), &mut digest).unwrap();
            prop_assert!(!has(&target) || has(&base) || has(&digest));
            prop_assert!(!has(&digest) || has(&target));
            prop_assert!(digest.len() <= target.len());
        }

        #[test]
        fn no_bytes_can_do_harm(base in any::<Vec<u8>>(), bytes in any::<Vec<u8>>()) {
            if let Ok(delta) = Delta::read(&bytes).map(|it| Delta { base: base.len() as u64, ..it }) {
                let target = delta.target.min(1 << 16);
                let delta = Delta { target, ..delta };
                let (mut out, mut digest) = (Vec::new(), Vec::new());
                let applied = delta.apply(&base, &mut out);
                prop_assert_eq!(applied, delta.digest(&base, 4, &mut digest));
                prop_assert!(out.len() as u64 <= target);
            }
        }
    }
}
