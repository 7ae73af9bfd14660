//! How well topics and events are told on made streams of known truth, and what they cost.
//!
//! `cargo bench --bench detect -- [WORD…]` runs the plans whose names hold one of the words, all without any. A figure of
//! quality is a mean over three seeds. Streams and scores stand in `tests/streams/`.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on ends")]
#![allow(clippy::print_stdout, reason = "its figures are what it is for")]

mod foretold;
#[path = "../../tests/streams/mod.rs"]
mod streams;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use foretold::{Foretold, HORIZONS};
use jiff::civil::date;
use minsheng::assess::Assessor;
use minsheng::config::{self, Directories};
use minsheng::detect::event::Events;
use minsheng::detect::topic::Listener;
use minsheng::detect::{DetectConfig, Detector, Heard, Sorts};
use streams::{Plan, Stream, Tally};

/// Another seed is another town: other names, other stories.
const SEEDS: [u64; 3] = [11, 12, 13];

fn plans() -> Vec<(&'static str, Plan)> {
    let plan =
        |days, posts_a_day, bursts, small, traps| Plan { seed: 0, days, posts_a_day, bursts, small, traps };
    vec![
        ("town, 5,000 a day, sparse", plan(10, 5_000, 30, 30, true)),
        ("city, 30,000 a day", plan(10, 30_000, 60, 100, true)),
        ("town, 5,000 a day, dense", plan(10, 5_000, 120, 280, false)),
    ]
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directories = Directories { config: root.join("config"), dictionaries: root.join("dictionaries") };
    let loaded =
        config::load(&directories, date(2026, 3, 1)).map_err(|faults| format!("{faults:?}")).unwrap();
    let assessor =
        Arc::new(Assessor::new(Arc::new(loaded.lexicon), loaded.config.assess).with_model(loaded.model));
    for (name, plan) in plans() {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str())) {
            println!("{name}");
            for seed in SEEDS {
                run(&assessor, &loaded.config.detect, Plan { seed, ..plan });
            }
        }
    }
}

fn run(assessor: &Assessor, config: &DetectConfig, plan: Plan) {
    let stream = Stream::of(plan);
    let mut detector = Detector::new(config.clone(), Vec::new(), BTreeMap::new());
    let mut tally = Tally::new(&stream);
    let mut foretold = Foretold::default();
    let (mut topics, mut events) = (Listener::new(config.topics.clone()), Events::new(config.events.clone()));
    let mut sorts = Sorts::default();
    let (mut of_words, mut of_topics, mut of_events) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for (sequence, post) in (1..).zip(&stream.posts) {
        let assessed = assessor.assess(Arc::clone(post));
        let observed = detector.observe(&assessed, sequence);
        let rising = observed.topic.and_then(|id| detector.topics().topic(id)).map(|topic| &topic.rising);
        tally.note(rising.filter(|rising| rising.is_new_alarm()), &observed.placed);
        foretold.look(detector.events(), post.captured_at.as_second() as u32);
        let begun = Instant::now();
        let heard = Heard::of(&assessed, &mut sorts);
        let read = Instant::now();
        topics.hear(&heard, None);
        let told = Instant::now();
        events.observe(&heard, None);
        of_words += read - begun;
        of_topics += told - read;
        of_events += told.elapsed();
    }
    let (told, clusters) = (tally.topics(), tally.clusters());
    let micros = |time: Duration| time.as_secs_f64() * 1e6 / stream.posts.len() as f64;
    println!(
        "  topics: false a day {:.2} {:?}, peaks {}, found {:.2} of {} (large {:.2} of {}) after {} posts, {:.0} min before half, {:.1} us",
        told.false_a_day(),
        told.false_alarms,
        told.peak_alarms,
        told.recall(),
        told.bursts,
        told.recall_of_large(),
        told.large,
        told.posts_at_alarm,
        told.lead_minutes,
        micros(of_topics),
    );
    println!("  words and places of both: {:.1} us", micros(of_words));
    println!(
        "  events: B-cubed {:.3} (precision {:.3}, recall {:.3}), misplaced {:.3}, {:.1} a story, {} posts, {:.1} us",
        clusters.f1(),
        clusters.precision,
        clusters.recall,
        clusters.misplaced,
        clusters.split,
        clusters.posts,
        micros(of_events),
    );
    for (hours, errors) in HORIZONS.iter().zip(foretold.errors()) {
        println!(
            "  forecast +{hours} h: error {:.3} (pace goes on {:.3}, damped {:.3}), range held {:.2} of {}",
            errors.ours, errors.persistence, errors.damped, errors.covered, errors.forecasts,
        );
    }
}
