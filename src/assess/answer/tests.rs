//! Threads written for the purpose: which questions wait, and with whom.

use proptest::prelude::*;

use super::*;

/// Remarks as `id>parent o|q|- text`, an hour apart.
fn thread(lines: &[&str]) -> Vec<Remark> {
    let start: Timestamp = "2026-03-01T08:00:00+08:00".parse().expect("a time");
    let remark = |(hour, line): (i64, &&str)| {
        let mut parts = line.splitn(3, ' ');
        let (place, role, text) = (parts.next(), parts.next(), parts.next());
        let (id, parent) = place.and_then(|place| place.split_once('>')).expect("a place");
        Remark {
            id: id.to_owned(),
            parent: parent.to_owned(),
            text: text.expect("a text").to_owned(),
            at: start + jiff::SignedDuration::from_hours(hour),
            official: role == Some("o"),
            asking: if role == Some("q") { Asking::Information } else { Asking::Nothing },
            voice: None,
        }
    };
    (0..).zip(lines).map(remark).collect()
}

fn told(remarks: &[Remark]) -> String {
    let found = questions("南岸水厂夜间检修，部分小区降压供水。", remarks);
    let one = |question: &Question| {
        let reply = question.reply.map_or("-", |at| remarks[at].id.as_str());
        format!("{} {} {reply}", remarks[question.remark].id, question.state.as_str())
    };
    found.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_question_is_answered_by_substance_from_the_office_wherever_it_hangs() {
    for (name, lines, expected) in [
        ("open", &["a>p q 游泳馆几点开门"][..], "a open -"),
        ("direct", &["a>p q 游泳馆几点开门", "b>a o 早上6点半开门。"], "a answered b"),
        ("template", &["a>p q 游泳馆几点开门", "b>a o 您好，已收悉，感谢关注。"], "a acknowledged b"),
        ("citizen", &["a>p q 游泳馆几点开门", "b>a - 早上6点半吧，我常去"], "a open -"),
        ("after a template", &["a>p q 游泳馆几点开门", "b>a o 已转办。", "c>a o 6点半。"], "a answered c"),
        (
            "asked by another, later",
            &["a>p q 游泳馆几点开门", "b>p q 游泳馆早上几点能进", "c>b o 6点半开门，9点半停止入场。"],
            "a answered c\nb answered c",
        ),
        (
            "asked again after the answer",
            &["a>p q 游泳馆几点开门", "b>a o 6点半开门。", "c>p q 游泳馆啥时候开门啊"],
            "a answered b\nc answered b",
        ),
        (
            "answered to all",
            &["a>p q 泵房几点修好", "b>p q 孩子奶粉没法冲", "c>p o 统一回复：泵房水泵已更换，预计21点修好。"],
            "a answered c\nb open -",
        ),
        (
            "another matter",
            &["a>p q 车库积水找谁抽", "b>p q 月卡多少钱", "c>b o 每月120元。"],
            "a open -\nb answered c",
        ),
        ("thanks and adverts are no questions", &["a>p - 谢谢师傅", "b>p - 净水器特价，私信我"], ""),
    ] {
        assert_eq!(told(&thread(lines)), expected, "{name}");
    }
}

#[test]
fn who_asks_the_same_waits_together() {
    let mut remarks = thread(&[
        "a>p q 什么时候恢复供水",
        "b>p q 请问几点恢复供水？等着做饭",
        "c>p q 车库积水找谁抽",
        "d>p q 恢复供水要多久",
    ]);
    let found = questions("检修停水", &remarks);
    let now = "2026-03-02T10:30:00+08:00".parse().expect("a time");
    let say = |remarks: &[Remark]| -> Vec<String> {
        groups(remarks, &found).iter().map(|group| group.sentence(now)).collect()
    };
    insta::assert_snapshot!(say(&remarks).join("\n"), @r"
    该帖下 3 条评论问“几点恢复供水”，已 26 小时未答
    该帖下 1 条评论问“车库积水找谁抽”，已 24 小时未答
    ");
    for remark in &mut remarks {
        remark.voice = Some(if remark.id == "d" { "v-a".to_owned() } else { format!("v-{}", remark.id) });
    }
    assert!(say(&remarks)[0].contains("2 人问"), "one who asks twice is one");
}

fn any_thread() -> impl Strategy<Value = Vec<Remark>> {
    let text = prop::sample::select(vec![
        "几点来水",
        "啥时候来水啊",
        "多少钱一吨",
        "水费多少钱",
        "预计8点来水",
        "每吨3元",
        "已收悉",
        "谢谢",
        "真慢",
    ]);
    prop::collection::vec((text, 0_i64..6, any::<bool>(), any::<bool>()), 0..8).prop_map(|rows| {
        let start: Timestamp = "2026-03-01T00:00:00Z".parse().expect("a time");
        let remark = |(at, (text, parent, official, asks)): (i64, (&str, i64, bool, bool))| Remark {
            id: at.to_string(),
            parent: if parent < at { parent.to_string() } else { "p".to_owned() },
            text: text.to_owned(),
            at: start + jiff::SignedDuration::from_mins(at),
            official,
            asking: if asks { Asking::Information } else { Asking::Nothing },
            voice: None,
        };
        (0..).zip(rows).map(remark).collect()
    })
}

proptest! {
    #[test]
    fn only_the_office_moves_a_question(remarks in any_thread()) {
        let found = questions("停水通知", &remarks);
        let asked = remarks.iter().filter(|one| is_question(one)).count();
        prop_assert_eq!(found.len(), asked);
        for question in &found {
            prop_assert_eq!(question.state == State::Open, question.reply.is_none());
            if let Some(reply) = question.reply {
                prop_assert!(remarks[reply].official);
            }
        }
        let citizens: Vec<Remark> = remarks.iter().filter(|one| !one.official).cloned().collect();
        prop_assert!(questions("停水通知", &citizens).iter().all(|one| one.state == State::Open));
        let sizes: usize = groups(&remarks, &found).iter().map(|group| group.remarks.len()).sum();
        prop_assert_eq!(sizes, found.len());
    }

    #[test]
    fn a_reply_under_a_question_is_never_undone_by_what_comes_after(remarks in any_thread()) {
        let before = questions("停水通知", &remarks);
        let mut longer = remarks.clone();
        longer.push(Remark { id: "x".into(), parent: "p".into(), text: "谢谢".into(), official: false,
            asking: Asking::Nothing, at: remarks.last().map_or(Timestamp::UNIX_EPOCH, |one| one.at), voice: None });
        let after = questions("停水通知", &longer);
        for (one, other) in before.iter().zip(&after) {
            let under = one.reply.is_some_and(|reply| remarks[reply].parent == remarks[one.remark].id);
            if under && one.state == State::Answered {
                prop_assert_eq!(one, other);
            }
        }
    }
}
