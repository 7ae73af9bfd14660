//! How well topics and events are told on a made stream whose truth is known. The bench `detect` measures the same on
//! larger ones; here stand floors that a change for the worse falls through.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::date;
use minsheng::assess::{AssessedPost, Assessor};
use minsheng::config::{self, Directories, Loaded};
use minsheng::detect::Detector;

use crate::streams::{Plan, Stream, Tally};

/// A small town for six days.
const PLAN: Plan = Plan { seed: 71, days: 6, posts_a_day: 1_200, bursts: 16, small: 12, traps: true };

fn shipped() -> Loaded {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directories = Directories { config: root.join("config"), dictionaries: root.join("dictionaries") };
    config::load(&directories, date(2026, 3, 1)).map_err(|faults| format!("{faults:?}")).unwrap()
}

#[test]
fn a_made_stream_is_told_well_and_the_same_each_time() {
    let loaded = shipped();
    let detect = loaded.config.detect.clone();
    let assessor = Assessor::new(Arc::new(loaded.lexicon), loaded.config.assess).with_model(loaded.model);
    let stream = Stream::of(PLAN);
    let assessed: Vec<AssessedPost> =
        stream.posts.iter().map(|post| assessor.assess(Arc::clone(post))).collect();

    let run = || {
        let mut detector = Detector::new(detect.clone(), Vec::new(), BTreeMap::new());
        let mut tally = Tally::new(&stream);
        for (sequence, assessed) in (1..).zip(&assessed) {
            let observed = detector.observe(assessed, sequence);
            let rising = observed.topic.and_then(|id| detector.topics().topic(id)).map(|topic| &topic.rising);
            tally.note(rising.filter(|rising| rising.is_new_alarm()), &observed.placed);
        }
        tally
    };
    let tally = run();
    let (topics, events) = (tally.topics(), tally.clusters());
    assert!(topics.recall() >= 0.7, "{topics:?}");
    assert!(topics.recall_of_large() >= 0.8, "{topics:?}");
    assert!(topics.posts_at_alarm <= 12.0, "{topics:?}");
    assert!(topics.false_a_day() <= 0.4, "{topics:?}");
    assert!(!topics.false_alarms.contains_key("flood"), "{topics:?}");
    assert!(!topics.false_alarms.contains_key("advert"), "{topics:?}");
    assert!(events.f1() >= 0.82, "{events:?}");
    assert!(events.misplaced <= 0.03, "{events:?}");

    let again = run();
    assert_eq!((again.topics(), again.clusters()), (topics, events));
}
