//! A table of many small lists, in two vectors.

/// Lists by number. Those that are empty cost four bytes.
pub(super) struct Table<T> {
    /// Where each list begins; one more for the end.
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T> Table<T> {
    /// Of items in any order, with the number of the list that each belongs to, below `lists`.
    pub(super) fn new(lists: usize, mut items: Vec<(u32, T)>) -> Self
    where
        T: Ord + Send,
        (u32, T): Ord,
    {
        use rayon::prelude::*;
        items.par_sort_unstable();
        items.dedup();
        let mut starts = vec![0; lists + 1];
        for (list, _) in &items {
            starts[*list as usize + 1] += 1;
        }
        for i in 0..lists {
            starts[i + 1] += starts[i];
        }
        Self { starts, items: items.into_iter().map(|it| it.1).collect() }
    }

    pub(super) fn list(&self, number: u32) -> &[T] {
        let bounds = self.starts.get(number as usize..number as usize + 2);
        bounds.map_or(&[], |it| &self.items[it[0] as usize..it[1] as usize])
    }
}
