//! What a file says once and means in several places: at YAML's aliases, and where a part of it takes over another.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::slice;

use crate::platform::{NamedBy, Reuse};
use crate::syntax::{Address, DEEPEST, Step, Value};

/// The most bytes that the repeated values of a file take, with their addresses: a few lines of aliases of aliases can
/// mean more than a memory holds.
const HELD: usize = 16 << 20;

/// An address that takes over what stands at another one, as far as it has nothing of its own.
pub(super) struct Heir {
    at: Address,
    of: Address,
    /// Whether mappings in it are taken over entry by entry, and not each as a whole.
    deep: bool,
}

impl From<(Address, Address)> for Heir {
    /// An alias of a YAML file.
    fn from((at, of): (Address, Address)) -> Self {
        Self { at, of, deep: false }
    }
}

impl Heir {
    /// What the platform says so of: mappings are joined.
    fn deep((at, of): (Address, Address)) -> Self {
        Self { at, of, deep: true }
    }
}

/// What takes over what, where the platform says how that is written.
pub(super) fn heirs(values: &[Value], reuse: &Reuse) -> Vec<Heir> {
    let says = |it: &Value| reuse.at.prefix_of(it.address.steps());
    let same = |a: &Value, b: &Value| {
        let (here, there) = (says(a), says(b));
        here == there && here.is_none_or(|len| a.address.steps()[..len] == b.address.steps()[..len])
    };
    let mut heirs = Vec::new();
    // Every job might take over the defaults of a file that has none.
    let is_root = |root: &str| root == "*" || values.iter().any(|it| it.address.is_below(root));
    if !reuse.of.split('.').next().is_some_and(is_root) {
        return heirs;
    }
    for said in values.chunk_by(same) {
        let Some(len) = says(&said[0]) else { continue };
        let steps = &said[0].address.steps()[..len];
        let at = Address::from(&steps[..len.saturating_sub(reuse.up)]);
        let at = reuse.to.iter().fold(at, |at, entry| at.key(entry));
        let names = names(said, steps, reuse.by).into_iter();
        heirs.extend(names.map(|it| (at.clone(), entry(&reuse.of, &it))).map(Heir::deep));
    }
    heirs
}

/// What some values at an address or below it name.
fn names(said: &[Value], at: &[Step], by: NamedBy) -> Vec<Address> {
    let listed = said
        .iter()
        .filter(|it| it.address.steps()[at.len()..].iter().all(|it| matches!(it, Step::Index(_))));
    let listed = listed.map(|it| Step::Key(it.text.lossy().into()));
    match by {
        NamedBy::Text => listed.map(|it| Address::from(&[it][..])).collect(),
        NamedBy::Key => {
            at.last().map(|it| Address::from(slice::from_ref(it))).into_iter().collect()
        }
        NamedBy::Path => vec![Address::from(&listed.collect::<Vec<_>>()[..])],
    }
}

/// The address that `of` stands for with a name.
fn entry(of: &str, name: &Address) -> Address {
    of.split('.').fold(Address::default(), |address, key| match key {
        "*" => address.join(name.steps()),
        _ => address.key(key),
    })
}

/// The values that are meant at a second address, and that address, the nearest first.
pub(super) fn again(values: &[Value], heirs: &[Heir]) -> Vec<(usize, Address)> {
    if heirs.is_empty() {
        return Vec::new();
    }
    let below = Below::of(values, heirs);
    let mut again = Vec::new();
    let mut held = 0;
    let mut queue: VecDeque<(Address, usize)> =
        heirs.iter().enumerate().map(|(i, it)| (it.at.clone(), i)).collect();
    while let Some((at, index)) = queue.pop_front() {
        let heir = &heirs[index];
        let Some(source) = below.sources.get(heir.of.steps()) else { continue };
        let moved = |address: &Address| {
            let rest = address.steps().strip_prefix(heir.of.steps())?;
            let fits = at.steps().len() + rest.len() <= DEEPEST;
            fits.then(|| at.join(rest))
        };
        for i in source.values.clone() {
            let Some(address) = moved(&values[i].address) else { continue };
            if !below.has_own(heir, &values[i].address) {
                held += size_of::<Value>() + values[i].text.bytes().len() + size(&address);
                again.push((i, address));
            }
        }
        for &inner in &source.heirs {
            let Some(address) = moved(&heirs[inner].at) else { continue };
            held += size(&address);
            queue.push_back((address, inner));
        }
        if HELD < held {
            break;
        }
    }
    again
}

fn size(address: &Address) -> usize {
    size_of_val(address.steps())
}

/// What stands below an address that is taken over: values from the first to the last, and heirs.
#[derive(Default)]
struct Source {
    values: Range<usize>,
    heirs: Vec<usize>,
}

/// What stands below the addresses that matter.
struct Below<'v> {
    /// By the address that is taken over.
    sources: BTreeMap<&'v [Step], Source>,
    /// Every address below that of an heir at which something is written.
    own: BTreeSet<&'v [Step]>,
}

impl<'v> Below<'v> {
    fn of(values: &'v [Value], heirs: &'v [Heir]) -> Self {
        let mut sources: BTreeMap<&[Step], Source> =
            heirs.iter().map(|it| (it.of.steps(), Source::default())).collect();
        let at: BTreeSet<&[Step]> = heirs.iter().map(|it| it.at.steps()).collect();
        let mut own = BTreeSet::new();
        for (i, value) in values.iter().enumerate() {
            let mut is_own = false;
            for prefix in prefixes(&value.address) {
                if is_own {
                    own.insert(prefix);
                }
                is_own |= at.contains(prefix);
                if let Some(it) = sources.get_mut(prefix) {
                    it.values = if it.values.is_empty() { i } else { it.values.start }..i + 1;
                }
            }
        }
        for (i, heir) in heirs.iter().enumerate() {
            for prefix in prefixes(&heir.at) {
                sources.get_mut(prefix).into_iter().for_each(|it| it.heirs.push(i));
            }
        }
        Self { sources, own }
    }

    /// Whether what an heir has of its own stands instead of what it would take over from an address. A list is taken
    /// over as a whole.
    fn has_own(&self, heir: &Heir, address: &Address) -> bool {
        let Some(rest) = address.steps().strip_prefix(heir.of.steps()) else { return false };
        let is_own = |len: usize| self.own.contains(&[heir.at.steps(), &rest[..len]].concat()[..]);
        let replaces =
            |len: usize| !heir.deep || matches!(rest.get(len), None | Some(Step::Index(_)));
        let is_list = matches!(rest, [Step::Index(_), ..]);
        is_list && self.own.contains(&[heir.at.steps(), &[Step::Index(0)]].concat()[..])
            || (1..=rest.len()).any(|len| replaces(len) && is_own(len))
    }
}

/// An address and everything above it, the root first.
fn prefixes(address: &Address) -> impl Iterator<Item = &[Step]> {
    let steps = address.steps();
    (0..=steps.len()).map(move |len| &steps[..len])
}
