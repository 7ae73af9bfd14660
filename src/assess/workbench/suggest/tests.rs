//! The search for words as a whole, on small invented posts.

use proptest::prelude::*;

use super::*;
use crate::assess::evaluation::{Labelled, Labels};
use crate::assess::fixture::{assessor, post};
use crate::lexicon::category::Category;

fn case(text: &str, labels: &str, judged: Option<Category>) -> Case {
    let labels = Labels::read(labels).expect("labels");
    Case { labelled: Labelled { id: String::new(), post: post("", text), labels }, judged }
}

fn traffic(text: &str) -> Case {
    case(text, r#"{"category":"traffic","grade":"blue"}"#, None)
}

fn chat(text: &str) -> Case {
    case(text, r#"{"category":"none","grade":"none"}"#, None)
}

/// Cars of a port that no dictionary knows (集卡), a name that everybody calls, and chatter.
fn cases() -> Vec<Case> {
    let mut cases = vec![
        traffic("滨海大道上集卡排成长龙，孩子过不去"),
        traffic("半夜集卡按喇叭，窗户都震"),
        traffic("又是集卡抢道，自行车没处躲"),
        traffic("校门口都是集卡，家长提心吊胆"),
        traffic("港口那边集卡扬尘，早高峰更糟"),
        traffic("限行的集卡照样进城，谁来管管"),
        traffic("两辆集卡并排堵住匝道"),
        traffic("夜里集卡超速，路面压出坑"),
        traffic("王梓涵在路口疏导，大家夸王梓涵"),
        traffic("路口找王梓涵帮忙推自行车"),
        traffic("早高峰王梓涵又在路口"),
        traffic("早高峰王梓涵值勤，辛苦"),
        traffic("斑马线边王梓涵扶老人"),
        traffic("公交站牌旁王梓涵指路"),
        traffic("打了 @集卡老王 的电话13800138000，没有下文"),
    ];
    let chatter = [
        "今天天气真好，出门散步",
        "晚饭吃面条还是米饭",
        "新买的花盆到了，颜色好看",
        "周末一起去爬山吧",
        "这首歌循环了一天",
        "猫又把杯子打翻了",
        "电影票买好了，等你",
        "书看了一半睡着了",
        "阳光照在窗台上",
        "楼下的桂花开了",
        "外婆寄来一箱橘子",
        "篮球赛赢了两分",
        "咖啡加不加糖随你",
        "地铁上看见一只小狗",
        "月亮又圆又亮",
        "午睡醒来发了会呆",
        "给妈妈织了条围巾",
        "画了一张水彩",
        "跑了五公里，出汗",
        "今晚煮火锅",
    ];
    cases.extend(chatter.iter().map(|text| chat(text)));
    cases
}

fn asked() -> Asked {
    Asked { owner: "交通组".to_owned(), most: 10 }
}

#[test]
fn a_missing_word_is_found_with_its_row_and_nobody_is_named() {
    let found = assessor().suggest(&cases(), &asked());
    let told: Vec<String> = found
        .words
        .iter()
        .map(|word| {
            format!(
                "{} {:?} {} {}/{} {:?}",
                word.term,
                word.form,
                word.points_to.as_str(),
                word.posts.right,
                word.posts.of,
                word.examples
            )
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(found.words[0].row, "集卡\ttraffic\t\t\t\t\t\t\t\t\t交通组\t候选：7帖中7帖");
    assert!(found.names_left_out > 0, "a name stands in six posts");
    let everything = serde_json::to_string(&found).expect("a record");
    for private in ["王梓涵", "梓涵", "老王", "13800138000"] {
        let suggested =
            found.words.iter().any(|word| word.term.contains(private) || word.row.contains(private));
        assert!(!suggested, "{private} is suggested");
        assert!(!everything.contains("13800138000"), "{everything}");
    }
    assert_eq!((found.posts, found.copies, found.labelled), (35, 0, 35));
}

#[test]
fn copies_say_nothing_more() {
    let copies: Vec<Case> = (0..9).map(|_| traffic("滨海大道上集卡排成长龙，孩子过不去")).collect();
    let found = assessor().suggest(&copies, &asked());
    assert_eq!((found.posts, found.copies, found.words.len()), (1, 8, 0));
}

#[test]
fn without_labels_our_own_word_points_new_words_only() {
    let unlabelled: Vec<Case> = cases()
        .into_iter()
        .map(|one| {
            let judged = one.labelled.labels.category
                == Some(crate::assess::evaluation::Matter::Of(Category::Traffic));
            case(&one.labelled.post.text, "{}", judged.then_some(Category::Traffic))
        })
        .collect();
    let found = assessor().suggest(&unlabelled, &asked());
    let told: Vec<_> = found.words.iter().map(|word| (word.term.as_str(), word.form, word.told)).collect();
    assert_eq!(told, [("集卡", Form::New, false)]);
    assert_eq!(found.labelled, 0);
}

#[test]
fn what_a_dictionary_holds_is_not_suggested_again() {
    let posts: Vec<Case> =
        ["小区停水了", "昨晚停水到现在", "又停水，真烦", "停水通知呢", "停水第三天", "家里停水没法洗"]
            .map(|text| case(text, r#"{"category":"utilities","grade":"blue"}"#, None))
            .into();
    let found = assessor().suggest(&[posts, cases()].concat(), &asked());
    assert!(found.words.iter().all(|word| !word.term.contains("停水")), "{:?}", found.words);
}

#[test]
fn of_a_word_and_what_holds_it_one_is_told() {
    let word = |term: &str, of| Suggestion {
        term: term.to_owned(),
        form: Form::New,
        points_to: PointsTo::Matter(Category::Traffic),
        posts: Share { right: of, of },
        lean: of as f64,
        cohesion: None,
        told: true,
        examples: Vec::new(),
        row: String::new(),
    };
    let terms = |words: Vec<Suggestion>, most| -> Vec<String> {
        best(words, most).into_iter().map(|word| word.term).collect()
    };
    assert_eq!(terms(vec![word("集卡", 9), word("集卡排队", 5)], 9), ["集卡"], "the shorter finds it anyway");
    assert_eq!(
        terms(vec![word("井盖缺", 9), word("井盖", 8)], 9),
        ["井盖缺"],
        "they are nearly the same posts"
    );
    assert_eq!(terms(vec![word("甲", 9), word("乙", 8), word("丙", 7)], 2), ["甲", "乙"]);
}

#[test]
fn examples_are_short_and_on_one_line() {
    let chars: Vec<char> = format!("{}\n集卡{}", "啊".repeat(50), "呀".repeat(50)).chars().collect();
    let shown = example(&chars, 51, 53);
    assert!(shown.chars().count() <= EXAMPLE && shown.contains("集卡") && !shown.contains('\n'), "{shown}");
    let short: Vec<char> = "集卡扰民".chars().collect();
    assert_eq!(example(&short, 0, 2), "集卡扰民");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_posts_changes_no_figure(order in Just((0..35).collect::<Vec<usize>>()).prop_shuffle()) {
        let cases = cases();
        let figures = |found: Suggestions| -> Vec<(String, Share, String)> {
            found.words.into_iter().map(|word| (word.term, word.posts, format!("{:.9}", word.lean))).collect()
        };
        let shuffled: Vec<Case> = order.iter().map(|&at| cases[at].clone()).collect();
        let (one, other) = (assessor().suggest(&cases, &asked()), assessor().suggest(&shuffled, &asked()));
        prop_assert_eq!((one.names_left_out, one.pointless), (other.names_left_out, other.pointless));
        prop_assert_eq!(figures(one), figures(other));
    }
}
