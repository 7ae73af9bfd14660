//! All literals of a lexicon in one automaton, and what each of them is looked for.
//!
//! A literal is stored once, whoever asks for it: the same pass over a text finds terms, parts of
//! `all` rows, `unless` contexts, the literals that call a regular expression, and places. The cost
//! of a pass does not grow with the number of rows, only with the number of finds.

use std::collections::BTreeMap;

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};

use crate::lexicon::row::Border;

/// What a literal is looked for. Rows and names are numbers in the lexicon and its gazetteer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// A match of the row by itself.
    Literal { row: u32, border: Border },
    /// One of so many parts of the row's `all` spelling.
    Part { row: u32, spelling: u16, part: u8, of: u8 },
    /// A context in which the row's matches do not count.
    Context { row: u32 },
    /// A word near which the row's matches do not count.
    Near { row: u32 },
    /// The row's regular expression must be run.
    Trigger { row: u32 },
    /// A name of a place.
    Place { name: u32 },
}

/// The automaton.
pub(crate) struct Patterns {
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
    /// Length of each literal in characters, and where its uses begin.
    literals: Vec<(u32, u32)>,
    uses: Vec<Use>,
}

impl Patterns {
    /// Builds the automaton over all literals.
    ///
    /// # Errors
    /// More literals than the automaton can hold.
    pub(crate) fn build(
        literals: &BTreeMap<String, Vec<Use>>,
    ) -> Result<Self, daachorse::errors::DaachorseError> {
        let mut lengths = Vec::with_capacity(literals.len());
        let mut uses = Vec::new();
        for (literal, of_literal) in literals {
            lengths.push((literal.chars().count() as u32, uses.len() as u32));
            uses.extend_from_slice(of_literal);
        }
        let automaton = if literals.is_empty() {
            None
        } else {
            let numbered = literals.keys().zip(0_u32..);
            Some(CharwiseDoubleArrayAhoCorasickBuilder::new().build_with_values(numbered)?)
        };
        Ok(Self { automaton, literals: lengths, uses })
    }

    /// Calls `found` with uses, start and end (in characters) of every literal in the text, ordered
    /// by end.
    pub(crate) fn each(&self, text: &str, mut found: impl FnMut(&[Use], u32, u32)) {
        let Some(automaton) = &self.automaton else { return };
        let (mut byte, mut char) = (0, 0_u32);
        for hit in automaton.find_overlapping_iter(text) {
            char += text[byte..hit.end()].chars().count() as u32;
            byte = hit.end();
            let pattern = hit.value() as usize;
            let (length, first) = self.literals[pattern];
            let last = self.literals.get(pattern + 1).map_or(self.uses.len(), |&(_, next)| next as usize);
            found(&self.uses[first as usize..last], char - length, char);
        }
    }

    /// Memory taken, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.automaton.as_ref().map_or(0, CharwiseDoubleArrayAhoCorasick::heap_bytes)
            + self.literals.len() * size_of::<(u32, u32)>()
            + self.uses.len() * size_of::<Use>()
    }
}

impl std::fmt::Debug for Patterns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Patterns").field("literals", &self.literals.len()).finish_non_exhaustive()
    }
}
