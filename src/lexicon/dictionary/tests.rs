//! The format, every fault of it, and files made to do harm.

use super::*;
use crate::lexicon::fault::Findings;
use crate::lexicon::kind::{Kind, Mode};
use crate::lexicon::lint;

const HEADER: &str = "term\tcategory\tkind\tweight\tmode\twindow\tvariants\tunless\tfrom\tuntil\towner\tnote";

fn today() -> Date {
    "2026-03-01".parse().expect("a date")
}

fn read(file: &str, layer: Option<Layer>, text: &str) -> (Dictionary, Findings) {
    let mut findings = Findings::default();
    let categories = Categories::default();
    let dictionary = parse(file, layer, text.as_bytes(), &categories, today(), &mut findings);
    lint::check(&dictionary.rows, today(), &mut findings);
    (dictionary, findings)
}

#[test]
fn cells_become_rows() {
    let text = format!(
        "\u{feff}# owner: 应急组\n# layer: region\n{HEADER}\n\
         拖欠＋工資\tlabour\ttopic\t\tall\t14\t欠薪|py:qianxin|不发+钱\t拖欠已久|~促销\t2025-11-01\t2026-04-15\t劳动组\t冬季\n\
         \n# 一段\n多收費\thealth.fee\t\t\t\t\t\t\t\t\t医疗组\n太\t-\tdegree\t1.8\tword\t\t\t\t\t\t词典组\n"
    );
    let (dictionary, findings) = read("12-x.tsv", None, &text);
    assert_eq!(findings.finish().expect("no faults").len(), 1);
    assert_eq!((dictionary.name.as_str(), dictionary.layer), ("12-x", Layer::Region));
    let [wages, fee, degree] = dictionary.rows.as_slice() else { panic!("{:?}", dictionary.rows) };
    assert_eq!((wages.term.as_str(), wages.mode, wages.window, wages.line), ("拖欠+工资", Mode::All, 14, 4));
    assert_eq!(wages.variants, ["欠薪", "py:qianxin", "不发+钱"]);
    assert_eq!((wages.note.as_str(), wages.owner.as_str()), ("冬季", "劳动组"));
    assert_eq!(wages.weight.to_string(), "16");
    assert!(wages.is_active(today()) && !wages.is_active("2026-04-16".parse().expect("a date")));
    assert_eq!(
        (fee.term.as_str(), fee.weight.to_string(), fee.subject()),
        ("多收费", "10".to_owned(), "health.fee".to_owned())
    );
    assert_eq!((degree.kind, degree.category), (Kind::Degree, None));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one line a fault is the clearest table of them")]
fn every_fault_names_line_what_and_mend() {
    let good = "停水\tutilities\ttopic\t\t\t\t\t\t\t\t水务组";
    for (name, row, expected) in [
        (
            "category",
            "停水\tutilites\t\t\t\t\t\t\t\t\t水务组",
            "unknown category `utilites`; did you mean `utilities`?",
        ),
        (
            "persons",
            "某人\tpersons\t\t\t\t\t\t\t\t\t水务组",
            "unknown category `persons`; use one of: safety",
        ),
        ("no category", "停水\t\t\t\t\t\t\t\t\t\t水务组", "category is missing; name a category"),
        (
            "part",
            "停水\thealth.fees\t\t\t\t\t\t\t\t\t水务组",
            "unknown part `fees` of the category `health`; did you mean `fee`?",
        ),
        (
            "helper topic",
            "停水\t-\ttopic\t\t\t\t\t\t\t\t水务组",
            "a topic needs a category; name the category",
        ),
        (
            "kind",
            "停水\tutilities\ttopik\t\t\t\t\t\t\t\t水务组",
            "unknown kind `topik`; did you mean `topic`?",
        ),
        ("mode", "停水\tutilities\t\t\tsubs\t\t\t\t\t\t水务组", "unknown mode `subs`; did you mean `sub`?"),
        (
            "date",
            "停水\tutilities\t\t\t\t\t\t\t2026-02-30\t\t水务组",
            "`2026-02-30` in from is no date; write it as 2026-03-01",
        ),
        (
            "order",
            "停水\tutilities\t\t\t\t\t\t\t2026-03-02\t2026-03-01\t水务组",
            "until 2026-03-01 is before from 2026-03-02; exchange the two dates",
        ),
        (
            "points",
            "停水\tutilities\t\t31\t\t\t\t\t\t\t水务组",
            "weight 31 is out of range; use 0 to 30 for topic",
        ),
        (
            "level",
            "爆炸\tsafety\tseverity\t4\t\t\t\t\t\t\t应急组",
            "weight 4 is out of range; use 1 to 3 for severity",
        ),
        (
            "half level",
            "爆炸\tsafety\tseverity\t1.5\t\t\t\t\t\t\t应急组",
            "severity 1.5 is no level; use 1, 2 or 3",
        ),
        ("polarity", "很好\t-\tpos\t-1\t\t\t\t\t\t\t词典组", "weight -1 is out of range; use 0 to 1 for pos"),
        (
            "not finite",
            "停水\tutilities\t\tNaN\t\t\t\t\t\t\t水务组",
            "weight `NaN` is no number; use a number",
        ),
        ("full-width weight", "停水\tutilities\t\t１２\t\t\t\t\t\t\t水务组", "weight `１２` is no number"),
        ("empty term", "\tutilities\t\t\t\t\t\t\t\t\t水务组", "term is empty; write a term"),
        ("invisible term", "\u{200b}\tutilities\t\t\t\t\t\t\t\t\t水务组", "term is empty; write a term"),
        (
            "one character",
            "水\tutilities\t\t\t\t\t\t\t\t\t水务组",
            "term `水` is one character; write more of it",
        ),
        (
            "one character variant",
            "停水\tutilities\t\t\t\t\t水\t\t\t\t水务组",
            "variant `水` is one character; write more of it",
        ),
        (
            "empty variant",
            "停水\tutilities\t\t\t\t\t断水||没水\t\t\t\t水务组",
            "variant `` is empty or has an empty part; delete the separator",
        ),
        (
            "pinyin",
            "停水\tutilities\t\t\t\t\tpy:停shui\t\t\t\t水务组",
            "`py:停shui` is no pinyin; write it in Latin letters",
        ),
        (
            "all without parts",
            "停水\tutilities\t\t\tall\t\t\t\t\t\t水务组",
            "a term of mode `all` has parts joined by +; join its parts",
        ),
        (
            "empty part",
            "停+\tutilities\t\t\tall\t\t\t\t\t\t水务组",
            "term `停+` is empty or has an empty part; delete",
        ),
        (
            "part twice",
            "停水+停水\tutilities\t\t\tall\t\t\t\t\t\t水务组",
            "term `停水+停水` names a part twice; name it once",
        ),
        (
            "many parts",
            "甲+乙+丙+丁+戊\tutilities\t\t\tall\t\t\t\t\t\t水务组",
            "term `甲+乙+丙+丁+戊` has 5 parts; use at most 4",
        ),
        (
            "window",
            "停+水\tutilities\t\t\tall\t65\t\t\t\t\t水务组",
            "window `65` is out of range; use 2 to 64",
        ),
        (
            "narrow",
            "大面积+停水\tutilities\t\t\tall\t4\t\t\t\t\t水务组",
            "term `大面积+停水` is longer than its window of 4; widen",
        ),
        (
            "window of sub",
            "停水\tutilities\t\t\t\t12\t\t\t\t\t水务组",
            "a window is for mode `all` only; empty the cell",
        ),
        ("regex", "停水(\tutilities\t\t\tre\t\t\t\t\t\t水务组", "`停水(` is no regular expression: "),
        (
            "empty regex",
            "(停水)?\tutilities\t\t\tre\t\t\t\t\t\t水务组",
            "`(停水)?` matches the empty text; ask for",
        ),
        (
            "large regex",
            "停水\\pL{100}{100}\tutilities\t\t\tre\t\t\t\t\t\t水务组",
            "is too large when compiled; make it simpler",
        ),
        ("loose regex", "[停断]水\tutilities\t\t\tre\t\t\t\t\t\t水务组", "has no literal of two characters"),
        (
            "unless apart",
            "爆炸\tsafety\t\t\t\t\t\t促销活动\t\t\t应急组",
            "unless `促销活动` can never meet the term; write a context",
        ),
        (
            "unless inside",
            "天然气爆炸\tsafety\t\t\t\t\t\t爆炸\t\t\t应急组",
            "unless `爆炸` discards every match; write a longer",
        ),
        (
            "unless equal",
            "爆炸\tsafety\t\t\t\t\t\t爆炸\t\t\t应急组",
            "unless `爆炸` discards every match; write a longer",
        ),
        (
            "empty unless",
            "爆炸\tsafety\t\t\t\t\t\t爆炸头|\t\t\t应急组",
            "unless holds an empty context; delete the separator",
        ),
        (
            "empty near",
            "爆炸\tsafety\t\t\t\t\t\t~\t\t\t应急组",
            "`~` in unless names no word; write ~ and the word",
        ),
        ("owner", "停水\tutilities\ttopic", "owner is missing; name the desk or team"),
        (
            "phone",
            "13800138000\tutilities\t\t\t\t\t\t\t\t\t水务组",
            "looks like an account, a number or a name of a person; persons are no terms",
        ),
        (
            "name",
            "@张三\tutilities\t\t\t\t\t\t\t\t\t水务组",
            "looks like an account, a number or a name of a person; persons are no terms",
        ),
        (
            "account",
            "qq1234567\tutilities\t\t\t\t\t\t\t\t\t水务组",
            "looks like an account, a number or a name of a person; persons are no terms",
        ),
        (
            "cells",
            "停水\tutilities\t\t\t\t\t\t\t\t\t水务组\t备注\t多\t余",
            "14 cells in a row of 12 columns; remove the tabs",
        ),
        (
            "control",
            "停\u{7}水\tutilities\t\t\t\t\t\t\t\t\t水务组",
            "the line holds a control character; delete it",
        ),
        (
            "line separator",
            "停\u{2028}水\tutilities\t\t\t\t\t\t\t\t\t水务组",
            "the line holds a line separator (U+2028, U+2029); delete it",
        ),
        (
            "twice",
            good,
            "`停水` stands in 17-utilities.tsv:2 already (same category, kind and mode); delete one",
        ),
    ] {
        let text = format!("{HEADER}\n{good}\n{row}\n");
        let (_, findings) = read("17-utilities.tsv", None, &text);
        let faults = findings.finish().expect_err(name).to_string();
        assert!(faults.starts_with("17-utilities.tsv:3: "), "{name}: {faults}");
        assert!(faults.contains(expected), "{name}: {faults}");
        assert_eq!(faults.lines().count(), 1, "{name}: {faults}");
    }
    let long = format!("{HEADER}\n停水\tutilities\t\t\t\t\t\t\t\t\t水务组\t{}\n", "长".repeat(256));
    let (_, findings) = read("17-utilities.tsv", None, &long);
    assert!(findings.finish().expect_err("long").to_string().contains(":2: the line is longer than 256"));
}

#[test]
fn faults_of_the_file_itself() {
    for (name, layer, text, expected) in [
        ("empty", None, String::new(), "x.tsv: the file has no header; begin it with: term, category"),
        ("no header", None, "词\t1\n".to_owned(), "x.tsv:1: unknown column `词`; use one of: term"),
        (
            "column",
            None,
            "term\tcategroy\towner\n".to_owned(),
            "x.tsv:1: unknown column `categroy`; did you mean `category`?",
        ),
        (
            "missing",
            None,
            "term\tcategory\n".to_owned(),
            "x.tsv:1: column `owner` is missing; add it to the header",
        ),
        (
            "column twice",
            None,
            "term\tcategory\towner\tterm\n".to_owned(),
            "x.tsv:1: column `term` stands twice; remove one",
        ),
        (
            "layer",
            None,
            format!("# layer: sitee\n{HEADER}\n"),
            "x.tsv:1: unknown layer `sitee`; did you mean `site`?",
        ),
        (
            "two layers",
            Some(Layer::Region),
            format!("# layer: site\n{HEADER}\n"),
            "x.tsv:1: the header says layer `site`, the directory `region`; change",
        ),
        (
            "endless",
            Some(Layer::Temporary),
            format!("{HEADER}\n停水\tutilities\t\t\t\t\t\t\t\t\t水务组\n"),
            "x.tsv:2: a temporary row needs until; say the last day",
        ),
        (
            "too long",
            Some(Layer::Temporary),
            format!("{HEADER}\n停水\tutilities\t\t\t\t\t\t\t\t2026-04-01\t水务组\n"),
            "x.tsv:2: a temporary row must not last until 2026-04-01; end it within 30 days",
        ),
    ] {
        let (_, findings) = read("x.tsv", layer, &text);
        let faults = findings.finish().expect_err(name).to_string();
        assert!(faults.contains(expected), "{name}: {faults}");
    }
    let mut findings = Findings::default();
    parse("x.tsv", None, b"term\n\xff\xfe\n", &Categories::default(), today(), &mut findings);
    assert_eq!(
        findings.finish().expect_err("bytes").to_string(),
        "x.tsv:2: the file is not UTF-8; save it as UTF-8"
    );
    let mut findings = Findings::default();
    parse("x.tsv", None, &vec![b'\n'; MAX_BYTES + 1], &Categories::default(), today(), &mut findings);
    assert!(findings.finish().expect_err("large").to_string().contains("larger than 16 MiB"));
    let mut findings = Findings::default();
    parse("x.tsv", None, &vec![b'\n'; MAX_LINES + 1], &Categories::default(), today(), &mut findings);
    assert!(findings.finish().expect_err("lines").to_string().contains("more than 500 000 lines"));
}

#[test]
fn all_faults_come_at_once() {
    let text = format!("{HEADER}\n水\tutilites\tx\t99\tsubs\t\t\t\tx\t\t\n停电\t\t\t\t\t\t\t\t\t\t\n");
    let (_, findings) = read("x.tsv", None, &text);
    assert_eq!(findings.finish().expect_err("many").0.len(), 8);
}

#[test]
fn warnings_refuse_nothing() {
    for (name, rows, expected) in [
        (
            "ends soon",
            "停水\tutilities\t\t\t\t\t\t\t\t2026-03-10\t水务组",
            "`停水` ends on 2026-03-10; prolong it",
        ),
        (
            "ended",
            "停水\tutilities\t\t\t\t\t\t\t\t2026-02-10\t水务组",
            "`停水` ended on 2026-02-10; delete it",
        ),
        (
            "redundant",
            "停水\tutilities\t\t\t\t\t\t\t\t\t水务组\n停水两天\tutilities\t\t\t\t\t\t\t\t\t水务组",
            "`停水两天` adds nothing: `停水` of the same weight finds it already",
        ),
        (
            "listed twice",
            "停水\tutilities\t\t\t\t\t断水\t\t\t\t水务组\n断水\tutilities\t\t\t\t\t\t\t\t\t水务组",
            "`断水` is listed for `停水` and for `断水`; list it once",
        ),
        ("everyday", "我们\tutilities\t\t\t\t\t\t\t\t\t水务组", "`我们` is a word of everyday talk"),
        (
            "unsorted",
            "断水\tutilities\t\t\t\t\t\t\t\t\t水务组\n停水\tutilities\t\t\t\t\t\t\t\t\t水务组",
            "rows are not sorted by category, then term",
        ),
    ] {
        let (_, findings) = read("x.tsv", None, &format!("# owner: 水务组\n{HEADER}\n{rows}\n"));
        let warnings = findings.finish().expect("no faults");
        assert_eq!(warnings.len(), 1, "{name}: {warnings:?}");
        assert!(warnings[0].to_string().contains(expected), "{name}: {}", warnings[0]);
    }
}

#[test]
fn hostile_files_are_refused_and_never_panic() {
    for text in
        ["", "词\t-1", "词\t1\t2\t3\t4", "*\t1", "(a+)+\t5", "../../x\t1", "词\t１２", "\u{feff}词\t1"]
    {
        let (dictionary, findings) = read("x.tsv", None, text);
        assert!(findings.finish().is_err(), "{text:?}");
        assert!(dictionary.rows.is_empty(), "{text:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_judged_without_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
                                            cells in "[停水\\t\\n+|~a-z0-9(){}*-]{0,120}") {
        let mut findings = Findings::default();
        parse("x.tsv", None, &bytes, &Categories::default(), today(), &mut findings);
        let (dictionary, _) = read("x.tsv", None, &format!("{HEADER}\n{cells}\n"));
        proptest::prop_assert!(dictionary.rows.iter().all(|row| !row.term.is_empty()));
    }
}
