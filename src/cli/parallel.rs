//! Work on many items at once, on all processors, with results in the order of the items.

use std::thread;

use anyhow::anyhow;

/// Does the work on every item; keeps the order.
pub(super) fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> anyhow::Result<Vec<R>> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(threads).max(1);
    let work = &work;
    thread::scope(|scope| {
        let parts: Vec<_> = items
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<R>>()))
            .collect();
        let mut results = Vec::with_capacity(items.len());
        for part in parts {
            results.extend(part.join().map_err(|_| anyhow!("a post could not be judged"))?);
        }
        Ok(results)
    })
}
