//! What the text stages cost for a post of about 60 characters: one iteration is one post.
//!
//! `cargo bench --bench text`; figures and machine are in `benches/README.md`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use jiff::civil::Date;
use minsheng::text::fingerprint::Fingerprint;
use minsheng::text::mask::mask;
use minsheng::text::normalize::normalize;
use minsheng::text::segment::Segmenter;
use minsheng::text::sentence::clauses;

#[path = "common/terms.rs"]
mod terms;

fn main() {
    divan::main();
}

/// Posts of 50 to 70 characters, of the sort a desk reads.
const POSTS: [&str; 6] = [
    "望江花园三期从昨天中午开始停水，到现在一滴都没有，家里两个老人一个娃，物业电话打不通，自来水公司说在抢修，到底几点能来？",
    "清荷小学门口那段路又积水了，早上送娃过不去，小学生踩着砖头走，旁边井盖还是松的，反映三次没人管，非要出事才修吗！！",
    "今天去市三醫院複查，掛號排了兩個小時，醫生看了三分鐘，開了八百多的檢查單，問收費處說不清楚，想問一下可以退嗎？",
    "公司拖欠我们工地三十二个人四个月工资，老板电话关机，劳动局让等通知，眼看要开学了，孩子的学费都交不上，求关注[流泪]",
    "晚上散步走到河边，风很舒服，遇到好几个邻居在跳广场舞，小狗玩得很开心，回家路上买了个西瓜才十二块，夏天真好啊😀",
    "//@路过的风：转发微博 东岭路现在一股刺鼻的化学味道，我和邻居都头晕恶心，环保局快来测一下，已经第三天了，ＧＰＳ定位在河边",
];

fn posts() -> impl Iterator<Item = &'static str> {
    POSTS.into_iter().cycle()
}

fn segmenter() -> Segmenter {
    Segmenter::new(["望江花园", "清荷小学", "东岭路", "没人管", "停水"])
}

const USUAL: [&str; 5] = [
    "停水\tutilities\ttopic\tsub\t\t组",
    "没人管\tconduct\ttopic\tsub\t\t组",
    "头晕\thealth\ttopic\tsub\t\t组",
    "井盖\ttraffic\ttopic\tsub\t\t组",
    "拖欠+工资\tlabour\ttopic\tall\t欠薪\t组",
];

#[divan::bench]
fn normalise(bencher: Bencher) {
    let mut posts = posts();
    normalize(POSTS[0]);
    bencher
        .counter(ItemsCount::new(1_u32))
        .with_inputs(|| posts.next())
        .bench_local_values(|post| post.map(normalize));
}

#[divan::bench]
fn segment(bencher: Bencher) {
    let segmenter = segmenter();
    let normal = POSTS.map(|post| normalize(post).text().to_owned());
    let mut texts = normal.iter().cycle();
    bencher
        .counter(ItemsCount::new(1_u32))
        .with_inputs(|| texts.next().expect("a cycle never ends"))
        .bench_local_values(|text| segmenter.segment(text));
}

#[divan::bench(args = [10_000, 100_000])]
fn scan(bencher: Bencher, literals: usize) {
    let lexicon = terms::lexicon(&POSTS, &USUAL, literals);
    let segmenter = segmenter();
    let cut = POSTS.map(|post| {
        let text = normalize(post).text().to_owned();
        let tokens = segmenter.segment(&text);
        (text, tokens)
    });
    let today: Date = "2026-03-01".parse().expect("a date");
    let mut texts = cut.iter().cycle();
    bencher
        .counter(ItemsCount::new(1_u32))
        .with_inputs(|| texts.next().expect("a cycle never ends"))
        .bench_local_values(|(text, tokens)| lexicon.scan(text, tokens, black_box(today)));
}

#[divan::bench]
fn fingerprint(bencher: Bencher) {
    let normal = POSTS.map(|post| normalize(post).text().to_owned());
    let mut texts = normal.iter().cycle();
    bencher
        .counter(ItemsCount::new(1_u32))
        .with_inputs(|| texts.next().expect("a cycle never ends"))
        .bench_local_values(|text| Fingerprint::of(text));
}

#[divan::bench]
fn split_clauses(bencher: Bencher) {
    let normal = POSTS.map(|post| normalize(post).text().to_owned());
    let mut texts = normal.iter().cycle();
    bencher
        .counter(ItemsCount::new(1_u32))
        .with_inputs(|| texts.next().expect("a cycle never ends"))
        .bench_local_values(|text| clauses(text));
}

#[divan::bench]
fn mask_private_data(bencher: Bencher) {
    let mut posts = posts();
    bencher
        .counter(ItemsCount::new(1_u32))
        .with_inputs(|| posts.next().expect("a cycle never ends"))
        .bench_local_values(|post| mask(post).into_owned());
}
