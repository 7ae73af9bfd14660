//! Whole comparisons on small invented streams.
