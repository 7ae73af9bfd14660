//! Teaches a model: the vocabulary, a machine for each label of each head, the calibration of each head.

use std::collections::{BTreeMap, BTreeSet};

use super::bag::{Bag, Vector};
use super::machine::Machine;
use super::{Head, Model, Vocabulary, calibration};

/// One text with what people say of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Its features.
    pub bag: Bag,
    /// Label by head; a head that is not there is not taught by this text.
    pub labels: BTreeMap<String, String>,
    /// What a mistake on it costs: 1 for a post that somebody labelled, less for a hint.
    pub weight: f32,
}

/// Why nothing could be learned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// No text.
    #[error("there are no rows to learn from")]
    Nothing,
    /// One label cannot be told from others.
    #[error("all rows that have `{0}` have the same: there is nothing to tell apart")]
    OneLabel(String),
}

/// Texts in which a feature must be met to be learned.
const LEAST_MET: u32 = 2;
/// Parts into which rows are dealt to score each by a model that has not seen it.
const FOLDS: usize = 5;

/// Learns from examples; `note` says where they come from.
pub fn train(examples: &[Example], note: &str) -> Result<Model, TrainError> {
    if examples.is_empty() {
        return Err(TrainError::Nothing);
    }
    let vocabulary = Vocabulary::of(examples.iter().map(|example| &example.bag), LEAST_MET);
    let vectors: Vec<Vector> = examples.iter().map(|example| vocabulary.vector(&example.bag)).collect();
    let names: BTreeSet<&String> = examples.iter().flat_map(|example| example.labels.keys()).collect();
    let features = vocabulary.hashes.len();
    let (mut heads, mut columns) = (Vec::new(), Vec::new());
    for name in names {
        let (head, machines) = teach(name, examples, &vectors, features)?;
        heads.push(head);
        columns.extend(machines);
    }
    let mut weights = vec![0_i8; features * columns.len()];
    let steps = heads.iter().flat_map(|head| &head.steps);
    for ((column, machine), step) in columns.iter().enumerate().zip(steps) {
        for (feature, weight) in machine.weights.iter().enumerate() {
            weights[feature * columns.len() + column] = (weight / step).round() as i8;
        }
    }
    let rows = examples.iter().filter(|example| example.weight >= 1.0).count() as u32;
    let mut model = Model { note: note.to_owned(), rows, vocabulary, heads, weights, version: String::new() };
    model.version = model.fingerprint();
    Ok(model)
}

/// What one head learns from one example.
#[derive(Debug, Clone, Copy)]
struct Row<'a> {
    vector: &'a Vector,
    label: &'a String,
    weight: f32,
}

fn teach(
    name: &str,
    examples: &[Example],
    vectors: &[Vector],
    features: usize,
) -> Result<(Head, Vec<Machine>), TrainError> {
    let labelled: Vec<Row<'_>> = examples
        .iter()
        .zip(vectors)
        .filter_map(|(example, vector)| {
            Some(Row { vector, label: example.labels.get(name)?, weight: example.weight })
        })
        .collect();
    let labels: Vec<String> =
        labelled.iter().map(|row| row.label.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    if labels.len() < 2 {
        return Err(TrainError::OneLabel(name.to_owned()));
    }
    let all = |rows: &[Row<'_>]| -> Vec<Machine> {
        let against = |label: &String| {
            let marked: Vec<(&Vector, bool, f32)> =
                rows.iter().map(|row| (row.vector, row.label == label, row.weight)).collect();
            Machine::train(&marked, features, super::hash(&[name, label]).into())
        };
        labels.iter().map(against).collect()
    };
    let mut scored = Vec::new();
    for fold in 0..FOLDS {
        // Hints are no posts: how sure a score makes is measured on what people labelled.
        let held = |at: &usize| at % FOLDS == fold && labelled[*at].weight >= 1.0;
        let seen: Vec<_> = (0..labelled.len()).filter(|at| !held(at)).map(|at| labelled[at]).collect();
        let machines = all(&seen);
        for row in (0..labelled.len()).filter(held).map(|at| labelled[at]) {
            let scores = machines.iter().map(|machine| machine.score(row.vector)).collect();
            let right =
                labels.iter().position(|one| one == row.label).expect("the labels are those of the rows");
            scored.push((scores, right));
        }
    }
    let (scale, offsets) = calibration::fit(&scored, labels.len());
    let machines = all(&labelled);
    let step = |machine: &Machine| {
        let largest = machine.weights.iter().fold(0.0_f32, |most, weight| most.max(weight.abs()));
        (largest / 127.0).max(f32::MIN_POSITIVE)
    };
    let steps = machines.iter().map(step).collect();
    let biases = machines.iter().map(|machine| machine.bias).collect();
    Ok((Head { name: name.to_owned(), labels, steps, biases, scale, offsets }, machines))
}
