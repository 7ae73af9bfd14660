//! Answering a query: the best or newest hits, how many there are, and what they have in common.
//!
//! Each segment is sorted by publication, newest first. So bounds of time become a range of
//! documents by binary search, "newest first" stops at the first hits of each segment, and a cursor
//! is one more bound. Relevance lets the engine skip blocks of postings that cannot score enough.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use tantivy::columnar::ColumnValues;
use tantivy::query::{EnableScoring, Weight};
use tantivy::{COLLECT_BLOCK_BUFFER_LEN, DocAddress, DocId, DocSet, Searcher, SegmentReader};

use super::cursor::{BadCursor, Cursor, Place};
use super::facets::{Counter, Facets, SegmentCounter};
use super::schema::{FOUND, PUBLISHED};
use super::{Filters, Query, Search, SearchError, Stored};

/// Most hits on a page.
const MOST_HITS: usize = 500;

/// Deepest page by relevance: past this many hits, newest first is the way to read on.
const DEEPEST: u32 = 10_000;

/// Most posts that facets are counted over.
const MOST_COUNTED: u64 = 200_000;

/// Documents read between two questions whether to stop.
const STRIDE: usize = 64;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// What somebody looks for.
    pub query: &'a Query,
    /// Conditions beside it.
    pub filters: &'a Filters,
    /// Which hits come first.
    pub sort: Sort,
    /// Where the page begins; the first one without.
    pub cursor: Option<Cursor>,
    /// Most hits on the page; at most 500.
    pub limit: usize,
    /// What is counted beside the page.
    pub counting: Counting,
}

/// Which hits come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// What was published last.
    Newest,
    /// What fits the words best.
    Relevance,
}

/// What is counted beside the page. Each step reads more: a page alone is found without reading every
/// post that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counting {
    /// Nothing.
    Nothing,
    /// How many posts there are.
    Total,
    /// That, and what they have in common.
    Facets,
}

/// One page of hits.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The hits of this page.
    pub hits: Vec<Hit>,
    /// Posts found in all, if they were counted.
    pub total: Option<u64>,
    /// What they have in common, if that was counted.
    pub facets: Option<Facets>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

/// One post found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Which post, where its text stands, and what was concluded on it.
    pub stored: Stored,
    /// How well it fits; 0 when sorted by time.
    pub score: f32,
}

impl Search {
    /// Answers a request. `stop` is asked now and then; once it says `true`, the search is given up.
    pub fn find(&self, request: &Request<'_>, stop: &dyn Fn() -> bool) -> Result<Found, SearchError> {
        // Before the searcher: what it shows was reached then, at least.
        let reached = self.reached();
        let searcher = self.reader.searcher();
        let limit = request.limit.clamp(1, MOST_HITS);
        let segments = segments(&searcher, request)?;
        let scoring = match request.sort {
            Sort::Newest => EnableScoring::disabled_from_searcher(&searcher),
            Sort::Relevance => EnableScoring::enabled_from_searcher(&searcher),
        };
        let engine_query = request.query.engine_query(request.filters, &self.fields);
        let weight = engine_query.weight(scoring)?;
        let place = request.cursor.map(|Cursor(place)| place);
        let (best, next) = match (request.sort, place) {
            (Sort::Newest, None) => newest(&*weight, &segments, None, limit, stop)?,
            (Sort::Newest, Some(Place::Newest { published, found })) => {
                newest(&*weight, &segments, Some((published, found)), limit, stop)?
            }
            (Sort::Relevance, None) => relevant(&*weight, &segments, 0, reached.0, limit, stop)?,
            (Sort::Relevance, Some(Place::Relevance { skip, up_to })) => {
                relevant(&*weight, &segments, skip, up_to, limit, stop)?
            }
            (Sort::Newest | Sort::Relevance, Some(_)) => return Err(BadCursor.into()),
        };
        let hits = best
            .iter()
            .map(|(score, address)| Ok(Hit { stored: self.stored(&searcher, *address)?, score: *score }));
        let hits = hits.collect::<Result<_, SearchError>>()?;
        let (total, facets) = match request.counting {
            Counting::Nothing => (None, None),
            Counting::Total => (Some(count(&*weight, &segments, stop)?), None),
            Counting::Facets => {
                let (total, facets) = count_facets(&*weight, &segments, stop)?;
                (Some(total), Some(facets))
            }
        };
        Ok(Found { hits, total, facets, next })
    }

    /// How many posts there are.
    pub fn count(
        &self,
        query: &Query,
        filters: &Filters,
        stop: &dyn Fn() -> bool,
    ) -> Result<u64, SearchError> {
        let searcher = self.reader.searcher();
        let request = Request {
            query,
            filters,
            sort: Sort::Newest,
            cursor: None,
            limit: 1,
            counting: Counting::Nothing,
        };
        let segments = segments(&searcher, &request)?;
        let engine_query = query.engine_query(filters, &self.fields);
        let weight = engine_query.weight(EnableScoring::disabled_from_searcher(&searcher))?;
        count(&*weight, &segments, stop)
    }
}

/// The segments with posts within the bounds of time, the one with the newest post first.
fn segments<'a>(searcher: &'a Searcher, request: &Request<'_>) -> Result<Vec<Segment<'a>>, SearchError> {
    let (since, until) = request.query.bounds(request.filters);
    let mut segments = Vec::new();
    for (ordinal, reader) in (0_u32..).zip(searcher.segment_readers()) {
        let columns = reader.fast_fields();
        let published = columns.i64(PUBLISHED)?.first_or_default_col(i64::MIN);
        let found = columns.u64(FOUND)?.first_or_default_col(0);
        let end = reader.max_doc();
        let first_before = |limit: i64| first(0, end, |document| published.get_val(document) < limit);
        let range = (
            until.map_or(0, |until| first_before(ceil_millisecond(until))),
            since.map_or(end, |since| first_before(ceil_millisecond(since))),
        );
        if range.0 < range.1 {
            segments.push(Segment { ordinal, reader, published, found, range });
        }
    }
    segments.sort_by_key(|segment| Reverse(segment.published.get_val(segment.range.0)));
    Ok(segments)
}

/// Times are kept in milliseconds, cut off: a bound within one lies after what is kept of it.
fn ceil_millisecond(at: jiff::Timestamp) -> i64 {
    let millisecond = at.as_millisecond();
    let exact = at.as_nanosecond() == i128::from(millisecond) * 1_000_000;
    if exact || millisecond < 0 { millisecond } else { millisecond + 1 }
}

struct Segment<'a> {
    ordinal: u32,
    reader: &'a SegmentReader,
    published: Arc<dyn ColumnValues<i64>>,
    found: Arc<dyn ColumnValues<u64>>,
    /// Documents within the bounds of time.
    range: (DocId, DocId),
}

impl Segment<'_> {
    fn is_whole(&self) -> bool {
        self.range == (0, self.reader.max_doc())
    }

    fn is_alive(&self, document: DocId) -> bool {
        self.reader.alive_bitset().is_none_or(|alive| alive.is_alive(document))
    }

    fn address(&self, document: DocId) -> DocAddress {
        DocAddress::new(self.ordinal, document)
    }

    /// Gives every matching document from `from` to the end of the range, in blocks, until `take`
    /// has enough.
    fn walk(
        &self,
        weight: &dyn Weight,
        from: DocId,
        stop: &dyn Fn() -> bool,
        mut take: impl FnMut(&[DocId]) -> Enough,
    ) -> Result<(), SearchError> {
        let mut scorer = weight.scorer(self.reader, 1.0)?;
        if scorer.doc() < from {
            scorer.seek(from);
        }
        let mut buffer = [0; COLLECT_BLOCK_BUFFER_LEN];
        for block in 0_usize.. {
            if block.is_multiple_of(STRIDE) && stop() {
                return Err(SearchError::Stopped);
            }
            let filled = scorer.fill_buffer(&mut buffer);
            let mut kept = buffer[..filled].partition_point(|document| *document < self.range.1);
            let last = kept < COLLECT_BLOCK_BUFFER_LEN;
            if let Some(alive) = self.reader.alive_bitset() {
                let mut write = 0;
                for read in 0..kept {
                    buffer[write] = buffer[read];
                    write += usize::from(alive.is_alive(buffer[read]));
                }
                kept = write;
            }
            if take(&buffer[..kept]) == Enough::Yes || last {
                break;
            }
        }
        Ok(())
    }
}

#[derive(PartialEq, Eq)]
enum Enough {
    Yes,
    No,
}

/// The first number of `from..to` for which `holds`, which holds for all that follow; `to` if none.
fn first(from: DocId, to: DocId, holds: impl Fn(DocId) -> bool) -> DocId {
    let (mut low, mut high) = (from, to);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

type Hits = (Vec<(f32, DocAddress)>, Option<Cursor>);

fn newest(
    weight: &dyn Weight,
    segments: &[Segment<'_>],
    after: Option<(i64, u64)>,
    limit: usize,
    stop: &dyn Fn() -> bool,
) -> Result<Hits, SearchError> {
    // One more than wanted tells whether there is a next page.
    let mut best: Best<(i64, u64)> = Best::new(limit + 1);
    for segment in segments {
        let (mut from, to) = segment.range;
        if let Some((published, _)) = after {
            from = first(from, to, |document| segment.published.get_val(document) <= published);
        }
        if from == to || best.worst().is_some_and(|worst| segment.published.get_val(from) < worst.0) {
            continue;
        }
        segment.walk(weight, from, stop, |documents| {
            for document in documents {
                let key = (segment.published.get_val(*document), segment.found.get_val(*document));
                if best.worst().is_some_and(|worst| key.0 < worst.0) {
                    return Enough::Yes;
                }
                if after.is_none_or(|after| key < after) {
                    best.offer(key, segment.address(*document));
                }
            }
            Enough::No
        })?;
    }
    let mut best = best.into_sorted();
    let more = best.len() > limit;
    best.truncate(limit);
    let last = best.last().filter(|_| more);
    let next =
        last.map(|((published, found), _)| Cursor(Place::Newest { published: *published, found: *found }));
    Ok((best.into_iter().map(|(_, address)| (0.0, address)).collect(), next))
}

fn relevant(
    weight: &dyn Weight,
    segments: &[Segment<'_>],
    skip: u32,
    up_to: u64,
    limit: usize,
    stop: &dyn Fn() -> bool,
) -> Result<Hits, SearchError> {
    if skip > DEEPEST {
        return Err(BadCursor.into());
    }
    let skip = skip as usize;
    let mut best: Best<(u32, i64, u64)> = Best::new(skip + limit + 1);
    for segment in segments {
        if stop() {
            return Err(SearchError::Stopped);
        }
        let start = best.worst().map_or(f32::MIN, threshold);
        let mut seen = 0_usize;
        let mut stopped = false;
        let mut offer = |document: DocId, score: f32| {
            seen += 1;
            stopped = stopped || (seen.is_multiple_of(STRIDE * COLLECT_BLOCK_BUFFER_LEN) && stop());
            if stopped {
                return f32::INFINITY;
            }
            let within = (segment.range.0..segment.range.1).contains(&document);
            if within && segment.is_alive(document) && segment.found.get_val(document) <= up_to {
                // Scores are not negative, so their bits have their order.
                let key = (
                    score.max(0.0).to_bits(),
                    segment.published.get_val(document),
                    segment.found.get_val(document),
                );
                best.offer(key, segment.address(document));
            }
            best.worst().map_or(f32::MIN, threshold)
        };
        if segment.is_whole() {
            weight.for_each_pruning(start, segment.reader, &mut offer)?;
        } else {
            let mut scorer = weight.scorer(segment.reader, 1.0)?;
            let mut document = scorer.doc();
            if document < segment.range.0 {
                document = scorer.seek(segment.range.0);
            }
            while document < segment.range.1 {
                offer(document, scorer.score());
                document = scorer.advance();
            }
        }
        if stopped {
            return Err(SearchError::Stopped);
        }
    }
    let best = best.into_sorted();
    let more = best.len() > skip + limit && skip + limit <= DEEPEST as usize;
    let next = more.then(|| Cursor(Place::Relevance { skip: (skip + limit) as u32, up_to }));
    let page = best.into_iter().skip(skip).take(limit);
    Ok((page.map(|((score, ..), address)| (f32::from_bits(score), address)).collect(), next))
}

/// The engine tells of scores above the threshold only; equal ones are wanted too, for the newer wins.
fn threshold(worst: (u32, i64, u64)) -> f32 {
    f32::from_bits(worst.0).next_down()
}

fn count(weight: &dyn Weight, segments: &[Segment<'_>], stop: &dyn Fn() -> bool) -> Result<u64, SearchError> {
    let mut total = 0;
    for segment in segments {
        if stop() {
            return Err(SearchError::Stopped);
        }
        if segment.is_whole() {
            total += u64::from(weight.count(segment.reader)?);
        } else {
            segment.walk(weight, segment.range.0, stop, |documents| {
                total += documents.len() as u64;
                Enough::No
            })?;
        }
    }
    Ok(total)
}

fn count_facets(
    weight: &dyn Weight,
    segments: &[Segment<'_>],
    stop: &dyn Fn() -> bool,
) -> Result<(u64, Facets), SearchError> {
    let mut counter = Counter::default();
    let mut total = 0;
    for segment in segments {
        let mut left = MOST_COUNTED.saturating_sub(counter.counted);
        let mut counts = SegmentCounter::open(segment.reader, Arc::clone(&segment.published))?;
        segment.walk(weight, segment.range.0, stop, |documents| {
            total += documents.len() as u64;
            let within = documents.len().min(left as usize);
            counts.add(&documents[..within]);
            left -= within as u64;
            Enough::No
        })?;
        counter.add(counts)?;
    }
    Ok((total, counter.facets()))
}

/// The greatest so many by a key.
struct Best<K> {
    capacity: usize,
    kept: BinaryHeap<Reverse<(K, DocAddress)>>,
}

impl<K: Ord + Copy> Best<K> {
    fn new(capacity: usize) -> Self {
        Self { capacity, kept: BinaryHeap::new() }
    }

    /// The key that a newcomer must exceed; `None` while there is room.
    fn worst(&self) -> Option<K> {
        let full = self.kept.len() >= self.capacity;
        self.kept.peek().filter(|_| full).map(|Reverse((key, _))| *key)
    }

    fn offer(&mut self, key: K, address: DocAddress) {
        if self.kept.len() < self.capacity {
            self.kept.push(Reverse((key, address)));
        } else if let Some(mut worst) = self.kept.peek_mut()
            && worst.0.0 < key
        {
            *worst = Reverse((key, address));
        }
    }

    /// Greatest first.
    fn into_sorted(self) -> Vec<(K, DocAddress)> {
        self.kept.into_sorted_vec().into_iter().map(|Reverse(pair)| pair).collect()
    }
}
