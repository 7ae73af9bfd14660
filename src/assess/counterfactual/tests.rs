//! What decides, told in words; and that every judgement on the way there is one.

use std::sync::Arc;

use proptest::prelude::*;

use super::trying::Omitted;
use super::*;
use crate::assess::fixture::{assessor, learned, post};
use crate::assess::tests::civic_text;
use crate::lexicon::scan::Match;

fn answered(text: &str) -> (Option<Grade>, Counterfactual) {
    let assessed = assessor().assess(Arc::new(post("", text)));
    (assessed.assessment.grade, assessor().counterfactual(&assessed))
}

#[test]
fn what_decides_is_told_in_plain_words() {
    let told: Vec<String> = [
        "泰和路路面塌陷，一辆车陷进去了",
        "快来人！锦华里4栋着火了，三楼有两个老人被困，楼道全是烟",
        "锦华里停水两天了，家里老人没法做饭，物业电话没人接",
        "辟谣：清荷小学没有发生食物中毒，几个孩子是流感发烧。",
        "清荷小学食堂吃完午饭，班里7个孩子呕吐送医院",
        "听说锦华里4栋着火了",
        "楼下爆炸了",
        "今天星期二",
    ]
    .iter()
    .map(|text| {
        let (grade, found) = answered(text);
        format!("{text} [{}]\n  {}", Rung::of(grade).chinese(), found.chinese().join("\n  "))
    })
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    泰和路路面塌陷，一辆车陷进去了 [红]
      没有哪一处单独决定等级：词语和数字逐一去掉，等级都不变
    快来人！锦华里4栋着火了，三楼有两个老人被困，楼道全是烟 [红]
      没有哪一处单独决定等级：词语和数字逐一去掉，等级都不变
    锦华里停水两天了，家里老人没法做饭，物业电话没人接 [黄]
      去掉“停水”（事项），则不预警（0分）
      去掉“两天”，则为蓝色（22分）
    辟谣：清荷小学没有发生食物中毒，几个孩子是流感发烧。 [无]
      没有哪一处单独决定等级：词语和数字逐一去掉，等级都不变
    清荷小学食堂吃完午饭，班里7个孩子呕吐送医院 [橙]
      没有哪一处单独决定等级：词语和数字逐一去掉，等级都不变
    听说锦华里4栋着火了 [红]
      去掉“着火”（危害），则为蓝色（20分）
    楼下爆炸了 [红]
      去掉“爆炸”，则为蓝色（28分）
    今天星期二 [无]
    ");
}

#[test]
fn the_record_names_term_kind_grade_and_score() {
    let (_, found) = answered("锦华里停水两天了");
    let told = serde_json::to_value(&found).expect("it is plain data");
    let list = told.as_array().expect("a list");
    assert!(!list.is_empty() && list.len() <= MOST, "{told}");
    for one in list {
        let keys: Vec<&str> = one.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(keys, ["found", "grade", "kind", "sensitivity", "term"], "{one}");
    }
}

#[test]
fn the_word_of_a_model_is_one_of_the_things() {
    let assessor = learned();
    let assessed = assessor.assess(Arc::new(post("", "空调外机整夜嗡嗡响，睡不着，求有人管管")));
    let scan = assessor.scan(&assessed.post, &assessed.normalized, &assessed.tokens);
    let material = Material::of(&assessed, &scan);
    let (base, tried, _) = assessor.tried(material, MOST_TRIED);
    assert_eq!(base.grade, assessed.assessment.grade);
    let alone = &tried.iter().find(|one| one.what == Absent::Model).expect("a model judged").score;
    let ruled = super::super::fixture::assessor().assess(Arc::clone(&assessed.post));
    assert_eq!((alone.grade, alone.sensitivity), (ruled.assessment.grade, ruled.assessment.sensitivity));
}

#[test]
fn where_there_is_too_much_to_try_the_weightiest_are_tried() {
    let text = "锦华里停水，爆炸，拖欠工资，食堂吃出虫子，电梯困人，路灯坏了";
    let assessed = assessor().assess(Arc::new(post("", text)));
    let scan = assessor().scan(&assessed.post, &assessed.normalized, &assessed.tokens);
    let (_, tried, untried) = assessor().tried(Material::of(&assessed, &scan), 2);
    assert!(untried > 2 && tried.len() <= 3, "{untried}");
    assert!(tried.iter().take(2).all(|one| one.what.kind() == "severity"), "{:?}", tried[0].what);
    let found = Counterfactual { decisive: Vec::new(), tried: tried.len(), untried };
    assert!(found.chinese()[0].contains("主要的"), "{:?}", found.chinese());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn each_judgement_adds_up_and_what_is_not_decisive_changes_nothing(text in civic_text()) {
        for assessor in [assessor(), learned()] {
            let assessed = assessor.assess(Arc::new(post("", &text)));
            let grade = assessed.assessment.grade;
            let scan = assessor.scan(&assessed.post, &assessed.normalized, &assessed.tokens);
            let material = Material::of(&assessed, &scan);
            let (base, tried, untried) = assessor.tried(material, MOST_TRIED);
            prop_assert_eq!((base.grade, base.sensitivity), (grade, assessed.assessment.sensitivity));
            prop_assert_eq!(untried, 0);
            for one in &tried {
                let tenths: i64 = one.score.factors.iter().map(|f| (f.points * 10.0).round() as i64).sum();
                prop_assert_eq!(tenths, (one.score.sensitivity * 10.0).round() as i64, "{:?}", one.what);
                prop_assert!((0.0..=100.0).contains(&one.score.sensitivity));
            }
            let found = assessor.counterfactual(&assessed);
            let decisive = tried.iter().filter(|one| one.score.grade != grade).count();
            prop_assert_eq!(found.decisive.len(), decisive.min(MOST));
            prop_assert!(found.decisive.iter().all(|without| without.grade != grade));
            if decisive > MOST {
                continue;
            }
            // Every row that is not named, taken away anew, leaves the grade as it is.
            for Match { row, kind, .. } in &scan.matches {
                let term = &assessor.lexicon().row(*row).term;
                let is_named = found.decisive.iter().any(|without| {
                    matches!(&without.what, Absent::Row { term: one, kind: of, .. } if one == term && of == kind)
                });
                let all = scan.matches.iter().enumerate();
                let places = all.filter(|(_, found)| found.row == *row).map(|(at, _)| at).collect();
                let score = assessor.without(material, &Omitted::Finds(places));
                prop_assert!(is_named || score.grade == grade, "{} {:?}", term, score);
            }
        }
    }
}
