//! The values of a file by their addresses: which of them stand at or below a part of it.

use std::collections::HashMap;

use crate::syntax::{Step, Value};

/// A part of a file: the values that have the beginning of an address in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Below {
    /// How many steps they have in common.
    pub(super) len: usize,
    /// The rank of the first value, and that behind the last.
    ranks: (usize, usize),
}

/// The addresses of some values, sorted so that each part of the file is a range. Steps are numbers here: a large file has
/// some ten steps for each value, and few that differ.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    numbers: HashMap<Step, u32>,
    /// The steps of all addresses, one after the other.
    steps: Vec<u32>,
    /// Where each address begins in them, and where the last one ends.
    begins: Vec<usize>,
    /// The values by their ranks.
    sorted: Vec<usize>,
}

impl Addresses {
    pub(super) fn of(values: &[Value]) -> Self {
        let mut it = Self { begins: vec![0], ..Self::default() };
        let mut last: &[Step] = &[];
        for value in values {
            let steps = value.address.steps();
            let same = last.iter().zip(steps).take_while(|(a, b)| a == b).count();
            let before = it.steps.len() - last.len();
            it.steps.extend_from_within(before..before + same);
            for step in &steps[same..] {
                let number = it.numbers.get(step).copied().unwrap_or_else(|| {
                    let next = u32::try_from(it.numbers.len()).expect("a file has fewer steps");
                    it.numbers.insert(step.clone(), next);
                    next
                });
                it.steps.push(number);
            }
            it.begins.push(it.steps.len());
            last = steps;
        }
        let mut sorted: Vec<usize> = (0..values.len()).collect();
        sorted.sort_by(|&a, &b| it.steps(a).cmp(it.steps(b)));
        Self { sorted, ..it }
    }

    /// The part of the file that the first steps of a value's address lead to.
    pub(super) fn below(&self, value: usize, len: usize) -> Below {
        let prefix = &self.steps(value)[..len];
        let cut = |it: &usize| &self.steps(*it)[..len.min(self.steps(*it).len())];
        let start = self.sorted.partition_point(|it| cut(it) < prefix);
        let end = start + self.sorted[start..].partition_point(|it| cut(it) == prefix);
        Below { len, ranks: (start, end) }
    }

    /// The whole file.
    pub(super) fn all(&self) -> Below {
        Below { len: 0, ranks: (0, self.sorted.len()) }
    }

    /// The values of a part.
    pub(super) fn values(&self, part: Below) -> &[usize] {
        &self.sorted[part.ranks.0..part.ranks.1]
    }

    /// Which values have others below them, as the label of a block has.
    pub(super) fn blocks(&self) -> Vec<bool> {
        let mut blocks = vec![false; self.sorted.len()];
        for pair in self.sorted.windows(2).rev() {
            let (own, next) = (self.steps(pair[0]), self.steps(pair[1]));
            blocks[pair[0]] = if own == next { blocks[pair[1]] } else { next.starts_with(own) };
        }
        blocks
    }

    /// A value at the address that the first steps of another value's lead to, or one step from there. Of several at one
    /// address, as of calls of one function, it is the last one before that value, if there is one.
    pub(super) fn entry(&self, value: usize, len: usize, step: Option<&Step>) -> Option<usize> {
        let number = match step {
            Some(step) => Some(*self.numbers.get(step)?),
            None => None,
        };
        let wanted = [&self.steps(value)[..len], number.as_slice()].concat();
        let upto = |it: &usize| (self.steps(*it), *it) <= (&wanted[..], value);
        let behind = self.sorted.partition_point(upto);
        let is_it = |at: usize| {
            self.sorted.get(at).copied().filter(|&it| self.steps(it) == wanted && it != value)
        };
        behind.checked_sub(1).and_then(is_it).or_else(|| is_it(behind))
    }

    fn steps(&self, value: usize) -> &[u32] {
        &self.steps[self.begins[value]..self.begins[value + 1]]
    }
}
