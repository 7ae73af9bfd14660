//! What is learned, and that a file is the model it was written from.

use proptest::prelude::*;

use super::*;

/// Texts of which one word decides: three heads, thirty rows for each of three matters.
fn examples() -> Vec<Example> {
    let word = |text: &str| hash(&["word", text]);
    let mut examples = Vec::new();
    for row in 0..90_u32 {
        let matter = ["water", "road", "none"][row as usize % 3];
        let mut bag = Bag::default();
        bag.count(Block::Words, word(matter));
        for filler in 0..4 {
            bag.count(Block::Words, word(&format!("filler {}", (row * 7 + filler * 3) % 11)));
            bag.count(Block::Characters, word(&format!("character {}", (row * 5 + filler) % 13)));
        }
        *bag.rule("length") = (row % 4) as f32 / 4.0;
        let mut labels = BTreeMap::from([("category".to_owned(), matter.to_owned())]);
        // A third of the rows says nothing of the mood.
        if row % 3 != 1 {
            labels
                .insert("sentiment".to_owned(), if row % 3 == 0 { "negative" } else { "neutral" }.to_owned());
        }
        examples.push(Example { bag, labels, weight: 1.0 });
    }
    examples
}

#[test]
fn what_decides_is_learned_by_every_head_that_was_taught() {
    let model = train(&examples(), "made for a test").unwrap();
    assert_eq!(model.heads().map(|(name, _)| name).collect::<Vec<_>>(), ["category", "sentiment"]);
    for example in examples() {
        let opinion = model.judge(&example.bag);
        let likely = opinion.of("category").unwrap();
        let (label, share) = likely.top().unwrap();
        assert_eq!(label, example.labels["category"]);
        assert!(share > 0.7, "{likely:?}");
        assert!((likely.each().map(|(_, share)| share).sum::<f32>() - 1.0).abs() < 1e-4);
    }
    assert!(model.judge(&Bag::default()).of("department").is_none());
}

#[test]
fn the_strongest_reason_is_what_decides() {
    let model = train(&examples(), "").unwrap();
    let opinion = model.judge(&examples()[0].bag);
    let reasons = opinion.reasons("category", "water");
    let strongest = reasons.into_iter().max_by(|one, other| one.1.total_cmp(&other.1)).unwrap();
    assert_eq!(strongest.0, hash(&["word", "water"]));
    assert_eq!(opinion.reasons("category", "moon"), []);
}

#[test]
fn the_same_rows_give_the_same_bytes_and_other_rows_others() {
    let bytes = train(&examples(), "note").unwrap().to_bytes();
    assert_eq!(train(&examples(), "note").unwrap().to_bytes(), bytes);
    let fewer = train(&examples()[1..], "note").unwrap();
    assert_ne!(fewer.version(), Model::from_bytes(&bytes).unwrap().version());
}

#[test]
fn a_file_holds_the_whole_model() {
    let model = train(&examples(), "made for a test").unwrap();
    let read = Model::from_bytes(&model.to_bytes()).unwrap();
    assert_eq!(read, model);
    assert_eq!((read.note(), read.rows(), read.version().len()), ("made for a test", 90, 12));
}

#[test]
fn damage_and_other_files_are_told_apart() {
    let bytes = train(&examples(), "").unwrap().to_bytes();
    assert!(matches!(Model::from_bytes(b"MSMODEL0 and more"), Err(ModelError::Format)));
    assert!(matches!(Model::from_bytes(b""), Err(ModelError::Format)));
    assert!(matches!(Model::from_bytes(&bytes[..bytes.len() - 9]), Err(ModelError::Damaged)));
    assert!(matches!(Model::from_bytes(&bytes[..20]), Err(ModelError::Damaged)));
    let mut changed = bytes;
    changed[30] ^= 1;
    assert!(matches!(Model::from_bytes(&changed), Err(ModelError::Damaged)));
}

#[test]
fn nothing_and_one_label_cannot_be_learned_from() {
    assert_eq!(train(&[], ""), Err(TrainError::Nothing));
    let same: Vec<Example> =
        examples().into_iter().filter(|example| example.labels["category"] == "water").collect();
    assert_eq!(train(&same, ""), Err(TrainError::OneLabel("category".to_owned())));
}

#[test]
fn likelihoods_are_as_often_right_as_they_say() {
    // Of texts that look alike, every fourth is of another kind: no more than three quarters can be promised.
    let alike = |row: u32| {
        let mut bag = Bag::default();
        bag.count(Block::Words, hash(&["word", "same"]));
        bag.count(Block::Words, hash(&["word", &format!("filler {}", row % 7)]));
        let label = if row.is_multiple_of(4) { "rare" } else { "common" };
        Example { bag, labels: BTreeMap::from([("kind".to_owned(), label.to_owned())]), weight: 1.0 }
    };
    let rows: Vec<Example> = (0..200).map(alike).collect();
    let model = train(&rows, "").unwrap();
    let mean: f32 =
        rows.iter().map(|row| model.judge(&row.bag).of("kind").unwrap().share("common")).sum::<f32>()
            / rows.len() as f32;
    assert!((mean - 0.75).abs() < 0.05, "{mean}");
}

proptest! {
    #[test]
    fn any_bytes_are_a_model_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut file = b"MSMODEL1".to_vec();
        file.extend(&bytes);
        prop_assert!(Model::from_bytes(&file).is_err());
        prop_assert!(Model::from_bytes(&bytes).is_err());
    }

    #[test]
    fn any_bag_gets_likelihoods(hashes in prop::collection::vec(any::<u32>(), 0..40), value in -3.0_f32..3.0) {
        let model = train(&examples(), "").unwrap();
        let mut bag = Bag::default();
        for hash in &hashes {
            bag.count(Block::Characters, *hash);
        }
        *bag.rule("length") = value;
        let opinion = model.judge(&bag);
        for (label, share) in opinion.of("category").unwrap().each() {
            prop_assert!((0.0..=1.0).contains(&share), "{label} {share}");
        }
    }
}
