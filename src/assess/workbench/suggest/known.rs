//! What the dictionaries hold already, so that it is not suggested again.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::lexicon::kind::Kind;
use crate::lexicon::matcher::Lexicon;
use crate::text::segment::Tokens;

/// The words of the dictionaries: spellings, their parts, and names of places.
pub(super) struct Known<'a> {
    lexicon: &'a Lexicon,
    words: BTreeSet<String>,
}

impl<'a> Known<'a> {
    pub(super) fn new(lexicon: &'a Lexicon) -> Self {
        let spellings = lexicon.rows().iter().flat_map(|row| std::iter::once(&row.term).chain(&row.variants));
        let mut words: BTreeSet<String> =
            spellings.flat_map(|text| text.split('+')).map(str::to_owned).collect();
        words.extend(lexicon.user_words());
        Self { lexicon, words }
    }

    /// Whether a candidate is in a dictionary, or holds a matter that one finds anyway.
    pub(super) fn holds(&self, term: &str) -> bool {
        if self.words.contains(term) {
            return true;
        }
        let text = term.replace('+', "");
        let scan = self.lexicon.scan(&text, &Tokens::default(), Date::ZERO);
        // Helper words inside another word mean nothing.
        let tells = |kind: Kind| matches!(kind, Kind::Topic | Kind::Severity);
        !scan.places.is_empty()
            || scan.matches.iter().any(|found| {
                tells(found.kind) || (found.start, found.end as usize) == (0, text.chars().count())
            })
    }
}
