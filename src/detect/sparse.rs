//! Writes a mostly empty table as its filled places.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(in crate::detect) fn serialize<T, S>(table: &[T], serializer: S) -> Result<S::Ok, S::Error>
where
    T: Serialize + Default + PartialEq,
    S: Serializer,
{
    let empty = T::default();
    let filled: Vec<(u32, &T)> = table
        .iter()
        .enumerate()
        .filter(|(_, cell)| **cell != empty)
        .map(|(at, cell)| (at as u32, cell))
        .collect();
    (table.len() as u64, filled).serialize(serializer)
}

pub(in crate::detect) fn deserialize<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de> + Default + Clone,
    D: Deserializer<'de>,
{
    let (length, filled) = <(u64, Vec<(u32, T)>)>::deserialize(deserializer)?;
    if length > 1 << 27 {
        return Err(D::Error::custom("a table of more cells than may be configured"));
    }
    let mut table = vec![T::default(); length as usize];
    for (at, cell) in filled {
        *table.get_mut(at as usize).ok_or_else(|| D::Error::custom("a cell outside its table"))? = cell;
    }
    Ok(table)
}
