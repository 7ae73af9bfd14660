//! Scanning against tables, and against a search that does everything the slow and plain way.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::lexicon::categories::Categories;
use crate::lexicon::fault::Findings;
use crate::lexicon::kind::Mode;
use crate::lexicon::row::{Row, Unless};
use crate::lexicon::shelf::Shelf;
use crate::lexicon::{dictionary, lint};
use crate::text::normalize::normalize;
use crate::text::segment::Segmenter;

const HEADER: &str = "term\tcategory\tkind\tweight\tmode\twindow\tvariants\tunless\tfrom\tuntil\towner\tnote";

pub(super) fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

fn compile(files: &[(&str, &str)]) -> Lexicon {
    let mut shelf = Shelf::default();
    for (name, rows) in files {
        let content =
            if name.ends_with("places.tsv") { (*rows).to_owned() } else { format!("{HEADER}\n{rows}") };
        shelf.put(name, content.into_bytes());
    }
    match Lexicon::compile(&shelf, day("2026-03-01")) {
        Ok((lexicon, _)) => lexicon,
        Err(faults) => panic!("{faults}"),
    }
}

pub(super) fn town() -> Lexicon {
    compile(&[
        (
            "10-all.tsv",
            "\
停水\tutilities\t\t14\t\t\t没水|断水|py:tingshui\t停水公告模板\t\t\t水务组
停水通知\tutilities\t\t3\t\t\t\t\t\t\t水务组
爆炸\tsafety\tseverity\t3\t\t\t爆燃\t信息爆炸|爆炸头|~促销\t\t\t应急组
爆炸\tsafety\ttopic\t\t\t\t\t\t\t\t应急组
拖欠+工资\tlabour\t\t\tall\t12\t欠薪|不发+钱\t不拖欠\t\t\t劳动组
暖气+不热\tutilities\t\t\tall\t10\t\t\t2025-11-01\t2026-04-15\t供热组
电梯+坏\thousing\t\t\tall\t\t\t坏人\t\t\t物业组
不\t-\tnegator\t\tword\t\t没有\t\t\t\t词典组
[0-9]{1,3}人中毒\tfood\tseverity\t3\tre\t\t\t\t\t\t食药组
大面积停水\tsafety\t\t5\t\t\t\t\t\t\t应急组
",
        ),
        (
            "places.tsv",
            "place\tparent\ttype\talias\n禾川市\t\tcity\t\n东山\t禾川市\ttown\t\n人民路\t东山\troad\t\n人民路\t禾川市\troad\t\n望江花园\t禾川市\testate\t望江\n",
        ),
    ])
}

/// The words of a normalised text, cut as its posts are.
pub(super) fn segmented(lexicon: &Lexicon, text: &str) -> Tokens {
    let words = lexicon.user_words();
    Segmenter::new(words.iter().map(String::as_str)).segment(text)
}

fn shown(lexicon: &Lexicon, received: &str, date: &str) -> String {
    let normal = normalize(received);
    let scan = lexicon.scan(normal.text(), &segmented(lexicon, normal.text()), day(date));
    let slice = |start: u32, end: u32| -> String {
        let range = normal.received(start, end);
        received.chars().skip(range.start as usize).take(range.len()).collect()
    };
    let matches = scan
        .matches
        .iter()
        .map(|m| format!("{}:{}={}", lexicon.row(m.row).subject(), m.kind.id(), slice(m.start, m.end)));
    let places = scan.places.iter().map(|p| format!("@{}", slice(p.start, p.end)));
    matches.chain(places).collect::<Vec<_>>().join(" ")
}

#[test]
fn rows_match_as_the_format_says() {
    let lexicon = town();
    for (received, expected) in [
        ("我家停水了", "utilities:topic=停水"),
        ("我家停\u{200b}水兩天", "utilities:topic=停\u{200b}水"),
        ("又ＴＩＮＧＳＨＵＩ了", "utilities:topic=ＴＩＮＧＳＨＵＩ"),
        ("tingshuile", ""),
        ("停水公告模板下载", ""),
        ("看到停水通知", "utilities:topic=停水通知"),
        ("大面积停水", "safety:topic=大面积停水 utilities:topic=停水"),
        ("楼下爆炸了", "safety:topic=爆炸 safety:severity=爆炸"),
        ("信息爆炸的时代", "safety:topic=爆炸"),
        ("促销啦，爆燃价", ""),
        ("促销活动今天下午在广场的东边，有爆燃声", "safety:severity=爆燃"),
        ("拖欠我们32名工人工资", "labour:topic=拖欠我们32名工人工资"),
        ("工资一直拖欠", "labour:topic=工资一直拖欠"),
        ("拖欠很久很久了到今天的工资也没有", ""),
        ("他拖欠。工资", ""),
        ("从不拖欠工资", ""),
        ("不拖欠，但现在拖欠工资", "labour:topic=拖欠工资"),
        ("老板欠薪", "labour:topic=欠薪"),
        ("不给钱不发", "labour:topic=钱不发"),
        ("电梯遇到坏人", ""),
        ("电梯遇到坏人又坏", "housing:topic=电梯遇到坏人又坏"),
        ("暖气一直不热", "utilities:topic=暖气一直不热"),
        ("食堂12人中毒", "food:severity=12人中毒"),
        ("中毒", ""),
        ("望江花园停水", "utilities:topic=停水 @望江花园"),
        ("广东山区人民路", "@人民路"),
        ("东山的人民路", "@东山 @人民路"),
    ] {
        let found = shown(&lexicon, received, "2026-03-01");
        let found: Vec<_> = found.split(' ').filter(|one| !one.starts_with("-:")).collect();
        assert_eq!(found.join(" "), expected, "{received}");
    }
}

#[test]
fn words_are_matched_as_words() {
    let lexicon = town();
    assert_eq!(shown(&lexicon, "不 可以", "2026-03-01"), "-:negator=不");
    assert_eq!(shown(&lexicon, "不仅如此", "2026-03-01"), "");
    assert_eq!(shown(&lexicon, "没有", "2026-03-01"), "-:negator=没有");
}

#[test]
fn rows_sleep_outside_their_dates() {
    let lexicon = town();
    assert_eq!(shown(&lexicon, "暖气不热", "2026-04-15"), "utilities:topic=暖气不热");
    assert_eq!(shown(&lexicon, "暖气不热", "2026-04-16"), "");
    assert_eq!(shown(&lexicon, "暖气不热", "2025-10-31"), "");
}

#[test]
fn ambiguous_names_keep_their_meanings() {
    let lexicon = town();
    let scan = lexicon.scan("人民路", &Segmenter::new([]).segment("人民路"), day("2026-03-01"));
    assert_eq!(lexicon.places().meanings(scan.places[0].name).len(), 2);
}

#[test]
fn higher_layers_replace_and_switch_off() {
    let lexicon = compile(&[
        (
            "10-a.tsv",
            "停水\tutilities\t\t14\t\t\t没水\t\t\t\t水务组\n停电\tutilities\t\t\t\t\t\t\t\t\t水务组\n",
        ),
        (
            "site/90-b.tsv",
            "停水\tutilities\t\t9\t\t\t\t\t\t\t本台\n停电\tutilities\t\toff\t\t\t\t\t\t\t本台\n",
        ),
    ]);
    assert_eq!(lexicon.rows().len(), 1);
    assert_eq!(
        (lexicon.row(0).weight.to_string(), lexicon.row(0).dictionary.as_str()),
        ("9".to_owned(), "site/90-b")
    );
    assert_eq!(shown(&lexicon, "停电没水", "2026-03-01"), "");
}

#[test]
fn a_version_is_kept_and_read_again() {
    let lexicon = town();
    assert_eq!(lexicon.version().len(), 12);
    let again = Lexicon::from_canonical(&lexicon.canonical()).expect("what was written can be read");
    assert_eq!(again.version(), lexicon.version());
    assert_eq!(again.canonical(), lexicon.canonical());
    assert_eq!(again.rows().len(), lexicon.rows().len());
    let text = "大面积停水，12人中毒，拖欠工资";
    assert_eq!(shown(&again, text, "2026-03-01"), shown(&lexicon, text, "2026-03-01"));
    for damaged in ["", "minsheng lexicon 2", "minsheng lexicon 1\n\n[[rows]]\nx\n"] {
        assert!(Lexicon::from_canonical(damaged).is_err(), "{damaged}");
    }
    let cut = &lexicon.canonical().replace("utilities", "utilitie");
    assert!(Lexicon::from_canonical(cut).is_err());
}

#[test]
fn only_what_has_an_effect_changes_the_version() {
    let version = |rows: &str| compile(&[("10-a.tsv", rows)]).version().to_owned();
    let one =
        version("停水\tutilities\t\t\t\t\t\t\t\t\t水务组\t备注\n停电\tutilities\t\t\t\t\t\t\t\t\t水务组\n");
    let other = version(
        "停电\tutilities\t\t14\t\t\t\t\t\t\t水务组\n# 说明\n停水\tutilities\t\t\t\t\t\t\t\t\t水务组\n",
    );
    assert_eq!(one, other);
    assert_ne!(
        one,
        version("停水\tutilities\t\t13\t\t\t\t\t\t\t水务组\n停电\tutilities\t\t\t\t\t\t\t\t\t水务组\n")
    );
    let mut shelf = Shelf::default();
    shelf.put("places.tsv", b"place\ttype\n\xe7\xa6\xbe\xe5\xb7\x9d\tcity\n".to_vec());
    let (with_place, _) = Lexicon::compile(&shelf, day("2026-03-01")).expect("compiles");
    let (empty, _) = Lexicon::compile(&Shelf::default(), day("2026-03-01")).expect("compiles");
    assert_ne!(with_place.version(), empty.version());
}

#[test]
fn one_fault_refuses_everything() {
    let mut shelf = Shelf::default();
    shelf.put("10-a.tsv", format!("{HEADER}\n停水\tutilities\t\t\t\t\t\t\t\t\t水务组\n").into_bytes());
    shelf.put("11-b.tsv", format!("{HEADER}\n水\tutilities\t\t\t\t\t\t\t\t\t水务组\n").into_bytes());
    let faults = Lexicon::compile(&shelf, day("2026-03-01")).expect_err("a fault");
    assert_eq!(faults.0.len(), 1);
    assert_eq!(faults.0[0].file, "11-b.tsv");
}

/// The rules of the header, written as plainly as they can be.
fn naive(lexicon: &Lexicon, text: &str, tokens: &Tokens, date: Date) -> Vec<Match> {
    let chars: Vec<char> = text.chars().collect();
    let finds = |literal: &str| -> Vec<(u32, u32)> {
        let wanted: Vec<char> = literal.chars().collect();
        (0..chars.len())
            .filter(|&at| chars[at..].starts_with(&wanted))
            .map(|at| (at as u32, (at + wanted.len()) as u32))
            .collect()
    };
    let spans = sentences(text);
    let overlap = |a: (u32, u32), b: (u32, u32)| a.0 < b.1 && b.0 < a.1;
    let mut found: Vec<(Vec<(u32, u32)>, u32)> = Vec::new();
    for (number, row) in (0_u32..).zip(lexicon.rows()).filter(|(_, row)| row.is_active(date)) {
        let outside = |place: (u32, u32)| {
            row.unless.iter().all(|unless| match unless {
                Unless::Context(context) => finds(context).into_iter().all(|at| !overlap(at, place)),
                Unless::Near(_) => true,
            })
        };
        let far = |start: u32, end: u32| {
            row.unless.iter().all(|unless| match unless {
                Unless::Near(near) => finds(near).into_iter().all(|at| at.0 > end + 8 || at.1 + 8 < start),
                Unless::Context(_) => true,
            })
        };
        for spelling in row.spellings() {
            let places: Vec<Vec<(u32, u32)>> = spelling
                .parts
                .iter()
                .map(|part| finds(part).into_iter().filter(|&at| outside(at)).collect())
                .collect();
            let mut choices: Vec<Vec<(u32, u32)>> = vec![Vec::new()];
            for of_part in &places {
                choices = choices
                    .iter()
                    .flat_map(|chosen| of_part.iter().map(move |&at| [chosen.as_slice(), &[at]].concat()))
                    .collect();
            }
            let fits = |chosen: &Vec<(u32, u32)>| {
                let start = chosen.iter().map(|at| at.0).min().expect("a part");
                let end = chosen.iter().map(|at| at.1).max().expect("a part");
                let apart =
                    chosen.iter().enumerate().all(|(i, a)| chosen[..i].iter().all(|b| !overlap(*a, *b)));
                let together = chosen.len() == 1
                    || end - start <= u32::from(row.window)
                        && spans.iter().any(|span| span.start <= start && end <= span.end);
                let whole = row.mode != Mode::Word || tokens.is_border(start) && tokens.is_border(end);
                apart && together && whole && far(start, end)
            };
            let mut soonest: BTreeMap<(u32, u32), Vec<(u32, u32)>> = BTreeMap::new();
            for chosen in choices.into_iter().filter(fits) {
                let first = *chosen.iter().min().expect("a part");
                let end = |parts: &[(u32, u32)]| parts.iter().map(|at| at.1).max();
                if soonest.get(&first).is_none_or(|other| end(&chosen) < end(other)) {
                    soonest.insert(first, chosen);
                }
            }
            found.extend(soonest.into_values().map(|chosen| (chosen, number)));
        }
    }
    let mut matches: Vec<(Vec<(u32, u32)>, u32)> = Vec::new();
    let same_group = |a: &Row, b: &Row| (a.category, a.kind) == (b.category, b.kind);
    let length = |parts: &[(u32, u32)]| parts.iter().map(|(s, e)| e - s).sum::<u32>();
    let from = |parts: &[(u32, u32)]| parts.iter().map(|at| at.0).min().expect("a part");
    let to = |parts: &[(u32, u32)]| parts.iter().map(|at| at.1).max().expect("a part");
    found.sort_by(|(a, i), (b, j)| {
        let (one, other) = (lexicon.row(*i), lexicon.row(*j));
        length(b)
            .cmp(&length(a))
            .then(from(a).cmp(&from(b)))
            .then(to(a).cmp(&to(b)))
            .then(other.weight.abs().total_cmp(&one.weight.abs()))
            .then(i.cmp(j))
    });
    for (parts, number) in found {
        let free = matches.iter().all(|(taken, other)| {
            !same_group(lexicon.row(number), lexicon.row(*other))
                || parts.iter().all(|&a| taken.iter().all(|&b| !overlap(a, b)))
        });
        if free {
            matches.push((parts, number));
        }
    }
    let mut matches: Vec<Match> = matches
        .into_iter()
        .map(|(parts, row)| Match {
            row,
            category: lexicon.row(row).category,
            kind: lexicon.row(row).kind,
            weight: lexicon.row(row).weight,
            start: from(&parts),
            end: to(&parts),
        })
        .collect();
    matches.sort_by_key(|found| (found.start, found.end, found.row));
    matches
}

fn rows() -> impl Strategy<Value = Vec<String>> {
    let word = "[甲乙丙]{2,3}";
    let term = prop_oneof![
        word.prop_map(|term| (term, "sub")),
        "[甲乙丙]{1,3}".prop_map(|term| (term, "word")),
        ("[甲乙丙]{1,2}", "[丙丁]{1,2}").prop_map(|(a, b)| (format!("{a}+{b}"), "all")),
    ];
    let row = (
        term,
        prop::sample::select(vec!["safety", "food"]),
        prop::sample::select(vec!["topic", "urgency"]),
        1..4_u32,
        prop::option::of(word),
        prop::option::of("[甲乙丙丁]{4,5}|~[甲乙丁]{2,3}"),
        prop::sample::select(vec!["", "2026-01-01", "2026-04-01"]),
    );
    let line = row.prop_map(|((term, mode), category, kind, weight, variant, unless, from)| {
        let window = if mode == "all" { "6" } else { "" };
        let (variant, unless) = (variant.unwrap_or_default(), unless.unwrap_or_default());
        format!("{term}\t{category}\t{kind}\t{weight}\t{mode}\t{window}\t{variant}\t{unless}\t{from}\t\t组\n")
    });
    prop::collection::vec(line, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn the_matcher_agrees_with_a_naive_search(rows in rows(), text in "[甲乙丙丁，。]{0,24}") {
        // Rows that lint refuses (a context that meets nothing, doubles) are left out one by one.
        let mut kept = format!("{HEADER}\n");
        for row in rows {
            let tried = format!("{kept}{row}");
            if is_right(&tried) {
                kept = tried;
            }
        }
        let mut shelf = Shelf::default();
        shelf.put("10-a.tsv", kept.into_bytes());
        let (lexicon, _) = Lexicon::compile(&shelf, day("2026-03-01")).expect("only right rows are left");
        let normal = normalize(&text);
        let tokens = segmenter().segment(normal.text());
        let date = day("2026-03-01");
        let found = lexicon.scan(normal.text(), &tokens, date).matches;
        prop_assert_eq!(found, naive(&lexicon, normal.text(), &tokens, date));
    }
}

fn is_right(text: &str) -> bool {
    let mut findings = Findings::default();
    let categories = Categories::default();
    let today = day("2026-03-01");
    let rows = dictionary::parse("10-a.tsv", None, text.as_bytes(), &categories, today, &mut findings).rows;
    lint::check(&rows, today, &mut findings);
    !findings.has_faults()
}

fn segmenter() -> &'static Segmenter {
    static SHARED: std::sync::LazyLock<Segmenter> = std::sync::LazyLock::new(|| Segmenter::new([]));
    &SHARED
}
