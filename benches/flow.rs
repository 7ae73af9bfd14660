//! The whole way of a post: from the door to the journal, judged, observed under the shipped rules, indexed.
//!
//! `stages` is the way without disk and tasks (one thread); `whole_way` is the daemon's own pipeline on a
//! fresh directory, from submitting to being found by search.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on ends")]

use std::path::Path;
use std::sync::Arc;

use divan::counter::ItemsCount;
use jiff::civil::date;
use minsheng::alert::RuleBook;
use minsheng::app::pipeline_alone;
use minsheng::assess::Assessor;
use minsheng::config::{self, Directories};
use minsheng::detect::Detector;
use minsheng::extract::post::{Found, Post};
use minsheng::extract::pushed::read_line;
use minsheng::incident::{Checklists, Clocks, Desk, Names};
use minsheng::notify::Receivers;
use minsheng::pipeline::clock::Clock;
use minsheng::pipeline::flow::{Clerk, Flow};

const POSTS: usize = 5_000;
const TEXTS: [&str; 6] = [
    "云锦苑停水两天了，家里老人没法做饭，物业电话一直没人接，请给个恢复时间！",
    "今天公园里的菊花开得真好，带孩子走了一圈，晚上包饺子吃，天气也不冷不热，舒服",
    "麦浪实验小学门口堵得厉害，接孩子的车停了三排，能不能安排人疏导一下",
    "信息爆炸的时代，一条爆炸新闻让人看不过来，还是早点睡吧",
    "桂雨家园暖气不热，室内只有十三度，交了全款不给热，反映三次了没人管",
    "净水器厂家直销，再也不怕停水异味，关注抽奖，现在下单立减五百",
];

fn main() {
    divan::main();
}

fn directories() -> Directories {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Directories { config: root.join("config"), dictionaries: root.join("dictionaries") }
}

fn posts() -> Vec<Found> {
    let now = "2026-03-01T08:00:00+08:00".parse().unwrap();
    let line = |number: usize| {
        let text = TEXTS[number % TEXTS.len()];
        format!(
            "{{\"source\":\"bench\",\"id\":\"{number}\",\"author\":\"{}\",\"text\":\"{text}（{number}）\"}}",
            number % 997
        )
    };
    (0..POSTS).map(|number| read_line(line(number).as_bytes(), None, now).unwrap()).collect()
}

#[divan::bench(sample_count = 10)]
fn stages(bencher: divan::Bencher) {
    let loaded =
        config::load(&directories(), date(2026, 3, 1)).map_err(|faults| format!("{faults:?}")).unwrap();
    let names = Names::new(loaded.lexicon.categories(), &loaded.departments);
    let assessor =
        Arc::new(Assessor::new(Arc::new(loaded.lexicon), loaded.config.assess).with_model(loaded.model));
    let rules = RuleBook::from_toml(include_str!("../config/rules.toml")).unwrap();
    let posts: Vec<Arc<Post>> = posts().into_iter().map(|found| Arc::new(found.post)).collect();
    bencher
        .counter(ItemsCount::new(POSTS))
        .with_inputs(|| {
            let detector = Detector::new(
                loaded.config.detect.clone(),
                rules.watches(),
                std::collections::BTreeMap::new(),
            );
            let desk = Desk::restore(loaded.config.incident.clone(), []);
            let clerk = Clerk {
                rules: rules.clone(),
                receivers: Receivers::default(),
                names: names.clone(),
                desk,
                clocks: Clocks::default(),
                checklists: Checklists::default(),
            };
            Flow::new(Arc::clone(&assessor), detector, clerk)
        })
        .bench_local_values(|mut flow| {
            for post in &posts {
                divan::black_box(flow.post(Arc::clone(post), post.captured_at));
            }
        });
}

#[divan::bench(sample_count = 5)]
fn whole_way(bencher: divan::Bencher) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let posts = posts();
    bencher
        .counter(ItemsCount::new(POSTS))
        .with_inputs(|| {
            let dir = tempfile::tempdir().unwrap();
            let loaded = config::load(&directories(), date(2026, 3, 1))
                .map_err(|faults| format!("{faults:?}"))
                .unwrap();
            let pipeline = runtime.block_on(pipeline_alone(loaded, dir.path(), Clock::system())).unwrap();
            (dir, pipeline)
        })
        .bench_local_values(|(dir, pipeline)| {
            runtime.block_on(async {
                for batch in posts.chunks(1_000) {
                    pipeline.handles.intake.submit(batch.to_vec()).await.unwrap();
                }
                pipeline.caught_up(|_| {}).await;
            });
            assert_eq!(pipeline.handles.reading.indexed(), POSTS as u64);
            (dir, pipeline)
        });
}
