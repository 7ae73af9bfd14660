//! Learned judgements: small linear models over what stands in a text and what the rules saw in it.
//!
//! A [`Model`] holds a few heads, one for each thing it was taught (`category`, `department`, `grade`,
//! `sentiment`), over one set of features. It gives for each head how likely each of its labels is. It
//! decides nothing: `assess` weighs its word against the rules.
//!
//! What a feature means is its maker's affair: here it is a 32-bit hash with a count, in one of two
//! blocks of a text, or with a value that the rules gave it ([`Bag`]). Training is L2-regularised, squared-hinge support vector classification, one label
//! against the rest, by dual coordinate descent (Hsieh et al. 2008, as in liblinear); scores become
//! likelihoods by a softmax with one scale for each head and one offset for each label, fitted on rows
//! that the scoring model had not seen. linfa has no sparse features, and the bindings of liblinear bring
//! a C++ compiler to every build: two hundred lines of our own serve better.
//!
//! The same rows in the same order give the same bytes. A model is a file ([`Model::to_bytes`]) with a
//! note of what it was trained on.

mod bag;
mod calibration;
mod file;
mod machine;
mod training;
mod trial;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use bag::{Bag, Block, hash};
pub use file::ModelError;
pub use training::{Example, TrainError, train};
pub use trial::{Trial, Trials};

use bag::Vector;

/// What a model was taught and what it learned of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// What it was trained on, for its users.
    note: String,
    /// Rows it was trained on.
    rows: u32,
    vocabulary: Vocabulary,
    heads: Vec<Head>,
    /// By feature of the vocabulary: the weights of all labels of all heads, side by side.
    weights: Vec<i8>,
    version: String,
}

/// One thing that was taught.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Head {
    name: String,
    labels: Vec<String>,
    /// What one step of a weight is worth, by label.
    steps: Vec<f32>,
    /// The score of a text without features, by label.
    biases: Vec<f32>,
    /// Scores to likelihoods: the scale, and an offset by label.
    scale: f32,
    offsets: Vec<f32>,
}

/// The features that were met often enough, and how rare each is.
#[derive(Debug, Clone, PartialEq, Default)]
struct Vocabulary {
    /// Sorted hashes.
    hashes: Vec<u32>,
    /// Inverse document frequency, by feature.
    rarity: Vec<f32>,
    /// Open addressing over `hashes`: one more than the place in it, 0 for empty. Made anew when read.
    slots: Vec<u32>,
}

/// How likely each label of one head is.
#[derive(Debug, Clone, PartialEq)]
pub struct Likelihoods<'a> {
    labels: &'a [String],
    shares: Vec<f32>,
}

/// What a model says of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinion<'a> {
    model: &'a Model,
    vector: Vector,
    heads: BTreeMap<&'a str, Likelihoods<'a>>,
}

impl Model {
    /// The first 12 hex digits of a hash over all it learned: stands in every assessment it had a part in.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What it was trained on, in words.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Number of rows it was trained on.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Number of features it knows.
    pub fn features(&self) -> usize {
        self.vocabulary.hashes.len()
    }

    /// What it was taught: each head with its labels.
    pub fn heads(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.heads.iter().map(|head| (head.name.as_str(), &head.labels[..]))
    }

    /// What it says of a text.
    pub fn judge(&self, bag: &Bag) -> Opinion<'_> {
        let vector = self.vocabulary.vector(bag);
        let width = self.width();
        let mut sums = vec![0.0_f32; width];
        for &(feature, value) in vector.entries() {
            let from = feature as usize * width;
            for (sum, &weight) in sums.iter_mut().zip(&self.weights[from..from + width]) {
                *sum += value * f32::from(weight);
            }
        }
        let mut at = 0;
        let mut heads = BTreeMap::new();
        for head in &self.heads {
            let sums = &sums[at..at + head.labels.len()];
            at += head.labels.len();
            let scores: Vec<f32> =
                sums.iter().zip(&head.steps).zip(&head.biases).map(|((s, step), b)| s * step + b).collect();
            let shares = calibration::shares(&scores, head.scale, &head.offsets);
            heads.insert(head.name.as_str(), Likelihoods { labels: &head.labels, shares });
        }
        Opinion { model: self, vector, heads }
    }

    fn width(&self) -> usize {
        self.heads.iter().map(|head| head.labels.len()).sum()
    }
}

impl<'a> Opinion<'a> {
    /// How likely each label of a head is; `None` if the model was not taught it.
    pub fn of(&self, head: &str) -> Option<&Likelihoods<'a>> {
        self.heads.get(head)
    }

    /// How much each feature of the text speaks for a label beside the others of its head, with its hash;
    /// features that the model does not know are left out.
    pub fn reasons(&self, head: &str, label: &str) -> Vec<(u32, f32)> {
        let mut before = 0;
        for known in &self.model.heads {
            if known.name == head
                && let Some(at) = known.labels.iter().position(|one| one == label)
            {
                let width = self.model.width();
                let weigh = |&(feature, value): &(u32, f32)| {
                    let from = feature as usize * width + before;
                    let weights = &self.model.weights[from..from + known.labels.len()];
                    let worth = |at: usize| f32::from(weights[at]) * known.steps[at];
                    let mean = (0..weights.len()).map(worth).sum::<f32>() / weights.len() as f32;
                    (self.model.vocabulary.hashes[feature as usize], value * (worth(at) - mean))
                };
                return self.vector.entries().iter().map(weigh).collect();
            }
            before += known.labels.len();
        }
        Vec::new()
    }
}

impl Likelihoods<'_> {
    /// Labels with their likelihoods, which add up to one.
    pub fn each(&self) -> impl Iterator<Item = (&str, f32)> {
        self.labels.iter().map(String::as_str).zip(self.shares.iter().copied())
    }

    /// How likely a label is; 0 for one that was never met.
    pub fn share(&self, label: &str) -> f32 {
        self.each().find(|(one, _)| *one == label).map_or(0.0, |(_, share)| share)
    }

    /// The likeliest label; of equals the first by name.
    pub fn top(&self) -> Option<(&str, f32)> {
        self.each().reduce(|best, next| if next.1 > best.1 { next } else { best })
    }
}

#[cfg(test)]
mod tests;
