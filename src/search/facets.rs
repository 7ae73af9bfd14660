//! How the posts found spread over sources, categories, grades, places and days.

use std::collections::BTreeMap;
use std::sync::Arc;

use tantivy::columnar::{ColumnValues, StrColumn};
use tantivy::{DocId, SegmentReader};

use super::SearchError;
use super::schema::{CATEGORY, GRADE, PLACE, SOURCE};

/// Most values told of one facet; the most frequent ones.
const MOST_VALUES: usize = 50;

/// Counts of the posts found, by what they have in common. A post that names two places counts in both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    /// Posts that were counted: all that were found, or the newest of very many.
    pub counted: u64,
    /// By source, the most frequent first, at most 50.
    pub sources: Vec<(String, u64)>,
    /// By category; posts without one do not count.
    pub categories: Vec<(String, u64)>,
    /// By grade, `none` included.
    pub grades: Vec<(String, u64)>,
    /// By place.
    pub places: Vec<(String, u64)>,
    /// By day of publication in China, as days since 1970-01-01, in order.
    pub days: Vec<(i64, u64)>,
}

/// Counts while segments are read.
#[derive(Default)]
pub(super) struct Counter {
    pub(super) counted: u64,
    values: [BTreeMap<String, u64>; 4],
    days: BTreeMap<i64, u64>,
}

/// Counts of one segment, by number instead of by text.
pub(super) struct SegmentCounter {
    columns: Vec<(usize, StrColumn, Vec<u64>)>,
    published: Arc<dyn ColumnValues<i64>>,
    days: BTreeMap<i64, u64>,
    ordinals: Vec<Option<u64>>,
    counted: u64,
}

const FACETS: [&str; 4] = [SOURCE, CATEGORY, GRADE, PLACE];
const MULTIPLE: usize = 3;

impl SegmentCounter {
    pub(super) fn open(
        reader: &SegmentReader,
        published: Arc<dyn ColumnValues<i64>>,
    ) -> Result<Self, SearchError> {
        let mut columns = Vec::new();
        for (place, name) in FACETS.iter().enumerate() {
            // A segment in which no post has a value has no column.
            if let Some(column) = reader.fast_fields().str(name)? {
                let counts = vec![0; column.num_terms()];
                columns.push((place, column, counts));
            }
        }
        Ok(Self { columns, published, days: BTreeMap::new(), ordinals: Vec::new(), counted: 0 })
    }

    pub(super) fn add(&mut self, documents: &[DocId]) {
        self.counted += documents.len() as u64;
        self.ordinals.resize(documents.len(), None);
        for (place, column, counts) in &mut self.columns {
            if *place == MULTIPLE {
                for document in documents {
                    column.term_ords(*document).for_each(|ordinal| counts[ordinal as usize] += 1);
                }
            } else {
                self.ordinals.fill(None);
                column.ords().first_vals(documents, &mut self.ordinals);
                self.ordinals.iter().flatten().for_each(|ordinal| counts[*ordinal as usize] += 1);
            }
        }
        // Newest first, so that a day is one run.
        let mut run = (i64::MIN, 0);
        for document in documents {
            let day = (self.published.get_val(*document) + 8 * 3_600_000).div_euclid(24 * 3_600_000);
            if day != run.0 {
                self.add_days(run);
                run = (day, 0);
            }
            run.1 += 1;
        }
        self.add_days(run);
    }

    fn add_days(&mut self, (day, posts): (i64, u64)) {
        if posts > 0 {
            *self.days.entry(day).or_default() += posts;
        }
    }
}

impl Counter {
    pub(super) fn add(&mut self, segment: SegmentCounter) -> Result<(), SearchError> {
        self.counted += segment.counted;
        for (place, column, counts) in segment.columns {
            for (ordinal, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
                let mut value = String::new();
                column.ord_to_str(ordinal as u64, &mut value).map_err(tantivy::TantivyError::from)?;
                *self.values[place].entry(value).or_default() += count;
            }
        }
        for (day, posts) in segment.days {
            *self.days.entry(day).or_default() += posts;
        }
        Ok(())
    }

    pub(super) fn facets(self) -> Facets {
        let [sources, categories, grades, places] = self.values.map(|counts| {
            let mut counts: Vec<_> = counts.into_iter().collect();
            // Stable: values with equal counts stay in the order of their texts.
            counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            counts.truncate(MOST_VALUES);
            counts
        });
        Facets {
            counted: self.counted,
            sources,
            categories,
            grades,
            places,
            days: self.days.into_iter().collect(),
        }
    }
}
