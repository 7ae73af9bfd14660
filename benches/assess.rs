//! What one assessment costs.
//!
//! `cargo bench --bench assess`; the figures are microseconds of one core for one post. `short` posts
//! have about 60 characters, `long` ones about 110. `rows` asks what a thousand times the rows cost.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use minsheng::assess::{AssessConfig, Assessor};
use minsheng::extract::post::{Counts, Dated, Post, PostId, PostKind};
use minsheng::lexicon::matcher::Lexicon;
use minsheng::model::Model;
use minsheng::source::SourceId;

#[path = "common/terms.rs"]
mod terms;

fn main() {
    divan::main();
}

/// The dictionaries of the repository.
fn shipped() -> Assessor {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("dictionaries");
    let today = "2026-03-01".parse().expect("a date");
    let (lexicon, _) = Lexicon::load(&dir, today).expect("the dictionaries have no faults");
    Assessor::new(Arc::new(lexicon), AssessConfig::default())
}

static RULES: LazyLock<Assessor> = LazyLock::new(shipped);

static MODEL: LazyLock<Assessor> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("dictionaries/minsheng.model");
    let model =
        Model::from_bytes(&std::fs::read(path).expect("the model is there")).expect("the model is whole");
    shipped().with_model(Some(Arc::new(model)))
});

const SHORT: [&str; 4] = [
    "锦华里停水两天了，家里老人没法做饭，物业电话一直没人接，水务公司让等通知，到底什么时候能来水？请给个准话，孩子还要洗澡。",
    "刚路过城西粉厂那边，轰的一声，黑烟老高，看到好几个人受伤坐在路边，消防车已经在路上，附近的人快点离开，别围观。",
    "周末带孩子去河边放风筝，风不大，飞了半小时才上去，回来路上吃了碗面，老板多给了一勺肉，开心的一天就这么过去了。",
    "净水器厂家直销，停水发黄有异味统统不怕，现在下单立减五百，加微信送滤芯一支，名额有限先到先得，全城免费上门安装。",
];

fn posts(repeat: usize) -> Vec<Arc<Post>> {
    let source = SourceId::new("bench").expect("a legal name");
    let at = "2026-03-01T00:15:00Z".parse().expect("a time");
    let post = |text: &&str| {
        let text: String = std::iter::repeat_n(*text, repeat)
            .collect::<String>()
            .chars()
            .take(60 + 50 * (repeat - 1))
            .collect();
        Arc::new(Post {
            id: PostId::of(&source, None, None, "", &text),
            source: source.clone(),
            external_id: None,
            kind: PostKind::Post,
            parent: None,
            thread: None,
            url: None,
            title: String::new(),
            text,
            voice: None,
            official: false,
            published_at: at,
            dated: Dated::Claimed,
            captured_at: at,
            place: None,
            counts: Counts::default(),
        })
    };
    SHORT.iter().map(post).collect()
}

fn judge(bencher: divan::Bencher<'_, '_>, assessor: &Assessor, repeat: usize) {
    let posts = posts(repeat);
    let mut next = 0;
    bencher.bench_local(|| {
        next = (next + 1) % posts.len();
        assessor.assess(Arc::clone(&posts[next]))
    });
}

#[divan::bench(args = [("short", 1), ("long", 2)])]
fn by_rules(bencher: divan::Bencher<'_, '_>, (_, repeat): (&str, usize)) {
    judge(bencher, &RULES, repeat);
}

#[divan::bench(args = [("short", 1), ("long", 2)])]
fn with_model(bencher: divan::Bencher<'_, '_>, (_, repeat): (&str, usize)) {
    judge(bencher, &MODEL, repeat);
}

#[divan::bench(args = [1_000, 1_000_000])]
fn rows(bencher: divan::Bencher<'_, '_>, many: usize) {
    let lexicon = terms::lexicon(&SHORT, &["停水\tutilities\ttopic\tsub\t\t组"], many);
    judge(bencher, &Assessor::new(Arc::new(lexicon), AssessConfig::default()), 2);
}
