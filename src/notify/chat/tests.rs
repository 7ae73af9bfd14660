//! The messages as a group reads them, and what hostile posts make of them.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::words::{Message, message};
use super::*;
use crate::notify::{fixture, silence_of};

pub(super) fn answer(status: u16, body: &str) -> crate::outward::Answer {
    crate::outward::Answer {
        status,
        headers: BTreeMap::default(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        took: Duration::ZERO,
    }
}

fn console() -> Url {
    "https://minsheng.example/".parse().unwrap()
}

fn said(service: Service, nth: usize) -> Message {
    let batch = Batch::one(fixture::notifications().remove(nth));
    message(service, &batch, &console(), 4_096, &[], None)
}

/// Seven incidents, of which one is red.
fn seven() -> Batch {
    let mut told = Vec::new();
    for nth in 0..7_u32 {
        let mut one = fixture::notifications().remove(usize::from(nth == 3));
        one.brief.incident = format!("INC-20261122-{:02}", nth + 1).parse().unwrap();
        one.brief.place = Some(format!("望江花园{}期", nth + 1));
        told.push(one);
    }
    Batch::of(told).unwrap()
}

#[test]
fn an_incident_at_wecom_that_turned_red() {
    insta::assert_snapshot!(said(Service::WeCom, 1).text, @r#"
    **<font color="warning">【红】停水 · 望江花园</font>**
    > 等级由黄升为红，请立即查看。
    地点：望江花园
    责任部门：水务局
    处置单：INC-20261122-01（待签收）
    · 较大单帖：一条帖文评为红级（80 分）
    · 停水14分，持续两天2分，老人4分，合计80分
    · 至少 3 个不同的人反映，帖文 3 条。
    尚不清楚：有关单位是否已经回应
    1. 「望江花园停水两天了，老人没法做饭」 江城论坛，11-22 08:56 [forum.example](https://forum.example/t/3)
    2. 「望江花园停水两天了，老人没法做饭」 江城论坛，11-22 08:47 [forum.example](https://forum.example/t/1)
    3. 「望江花园停水两天了，老人没法做饭」 江城论坛，11-22 08:52 [forum.example](https://forum.example/t/2)
    [打开处置单](https://minsheng.example/incidents/INC-20261122-01)
    北京时间。规则 serious-post，词典版本 d1c710a9e001。
    "#);
}

#[test]
fn the_same_at_dingtalk() {
    insta::assert_snapshot!(said(Service::DingTalk, 1).text, @r"
    **【红】停水 · 望江花园**

    > 等级由黄升为红，请立即查看。

    地点：望江花园

    责任部门：水务局

    处置单：INC-20261122-01（待签收）

    · 较大单帖：一条帖文评为红级（80 分）

    · 停水14分，持续两天2分，老人4分，合计80分

    · 至少 3 个不同的人反映，帖文 3 条。

    尚不清楚：有关单位是否已经回应

    1. 「望江花园停水两天了，老人没法做饭」 江城论坛，11-22 08:56 [forum.example](https://forum.example/t/3)

    2. 「望江花园停水两天了，老人没法做饭」 江城论坛，11-22 08:47 [forum.example](https://forum.example/t/1)

    3. 「望江花园停水两天了，老人没法做饭」 江城论坛，11-22 08:52 [forum.example](https://forum.example/t/2)

    [打开处置单](https://minsheng.example/incidents/INC-20261122-01)

    北京时间。规则 serious-post，词典版本 d1c710a9e001。
    ");
}

#[test]
fn the_same_at_feishu() {
    insta::assert_snapshot!(said(Service::Feishu, 1).text, @r"
    等级由黄升为红，请立即查看。
    地点：望江花园
    责任部门：水务局
    处置单：INC-20261122-01（待签收）
    · 较大单帖：一条帖文评为红级（80 分）
    · 停水14分，持续两天2分，老人4分，合计80分
    · 至少 3 个不同的人反映，帖文 3 条。
    尚不清楚：有关单位是否已经回应
    1. 「望江花园停水两天了，老人没法做饭」 江城论坛，11-22 08:56 [forum.example](https://forum.example/t/3)
    2. 「望江花园停水两天了，老人没法做饭」 江城论坛，11-22 08:47 [forum.example](https://forum.example/t/1)
    3. 「望江花园停水两天了，老人没法做饭」 江城论坛，11-22 08:52 [forum.example](https://forum.example/t/2)
    [打开处置单](https://minsheng.example/incidents/INC-20261122-01)
    北京时间。规则 serious-post，词典版本 d1c710a9e001。
    ");
}

#[test]
fn one_that_was_closed_at_slack() {
    let said = said(Service::Slack, 3);
    assert!(said.over);
    insta::assert_snapshot!(said.text, @r"
    > li 已办结：管道已修复，11 时恢复供水（历时 3 小时 25 分钟）
    地点：望江花园
    责任部门：水务局
    处置单：INC-20261122-01（已办结）
    办结时间：11-22 12:12
    · 较大单帖：一条帖文评为红级（80 分）
    · 停水14分，持续两天2分，老人4分，合计80分
    · 至少 3 个不同的人反映，帖文 3 条。
    1. 「望江花园停水两天了，老人没法做饭」 江城论坛，11-22 08:56 <https://forum.example/t/3|forum.example>
    2. 「望江花园停水两天了，老人没法做饭」 江城论坛，11-22 08:47 <https://forum.example/t/1|forum.example>
    3. 「望江花园停水两天了，老人没法做饭」 江城论坛，11-22 08:52 <https://forum.example/t/2|forum.example>
    <https://minsheng.example/incidents/INC-20261122-01|打开处置单>
    北京时间。规则 serious-post，词典版本 d1c710a9e001。
    ");
}

#[test]
fn seven_incidents_are_told_in_one_message_red_first() {
    let said = message(Service::WeCom, &seven(), &console(), 4_096, &[], None);
    insta::assert_snapshot!(format!("{}\n\n{}", said.title, said.text), @r#"
    【汇总】7 件处置单有新情况，最高红级

    **<font color="warning">【汇总】7 件处置单有新情况，最高红级</font>**
    · 红 停水 · 望江花园4期：等级由黄升为红，请立即查看。 [INC-20261122-04](https://minsheng.example/incidents/INC-20261122-04)
    · 黄 停水 · 望江花园1期：发现新情况，等待签收。 [INC-20261122-01](https://minsheng.example/incidents/INC-20261122-01)
    · 黄 停水 · 望江花园2期：发现新情况，等待签收。 [INC-20261122-02](https://minsheng.example/incidents/INC-20261122-02)
    · 黄 停水 · 望江花园3期：发现新情况，等待签收。 [INC-20261122-03](https://minsheng.example/incidents/INC-20261122-03)
    · 黄 停水 · 望江花园5期：发现新情况，等待签收。 [INC-20261122-05](https://minsheng.example/incidents/INC-20261122-05)
    · 黄 停水 · 望江花园6期：发现新情况，等待签收。 [INC-20261122-06](https://minsheng.example/incidents/INC-20261122-06)
    · 黄 停水 · 望江花园7期：发现新情况，等待签收。 [INC-20261122-07](https://minsheng.example/incidents/INC-20261122-07)
    [打开值班台](https://minsheng.example/)
    "#);
    let short = message(Service::WeCom, &seven(), &console(), 420, &[], None);
    assert!(short.text.len() <= 420 && short.text.contains("红 停水 · 望江花园4期"), "{}", short.text);
    assert!(short.text.contains("件，详见控制台）"), "{}", short.text);
}

#[test]
fn as_many_as_are_told_together_are_all_named() {
    let told = (1..=36).map(|nth| {
        let mut one = fixture::notification();
        one.brief.incident = format!("INC-20261122-{nth:02}").parse().unwrap();
        one.brief.place = Some("很长的街道和小区的名字".repeat(9));
        one
    });
    let batch = Batch::of(told.collect()).unwrap();
    for service in Service::ALL {
        let bytes = if service == Service::Slack { 3_900 } else { 4_096 };
        let said = message(service, &batch, &console(), bytes, &[], None).text;
        for one in batch.iter() {
            assert!(said.contains(one.brief.incident.as_str()), "{service:?}: {said}");
        }
    }
}

#[test]
fn what_is_of_no_incident_leads_to_the_console() {
    let receivers = fixture::receivers("");
    let duty = receivers.get("duty").unwrap();
    let now = fixture::notification().created_at;
    let told = silence_of(duty, true, vec!["没有应答".to_owned()], now, now).remove(0);
    let said = message(Service::DingTalk, &Batch::one(told), &console(), 4_096, &[], None);
    insta::assert_snapshot!(said.text, @r"
    **【系统】民声值班台无应答**

    > 民声值班台没有正常工作，其间的预警可能没有发出，请立即检查。

    · 没有应答

    [打开值班台](https://minsheng.example/)
    ");
}

#[test]
fn only_those_named_are_called_and_all_only_for_red() {
    let mentions = |from| Mentions { whom: vec!["13800000000".to_owned(), ALL.to_owned()], from };
    let told = fixture::notifications();
    let [opened, raised, taken] = [0, 1, 2].map(|nth| Batch::one(told[nth].clone()));
    assert_eq!(mentions(None).called_by(&opened), Vec::<&str>::new(), "yellow");
    assert_eq!(mentions(Some(Grade::Yellow)).called_by(&opened), ["13800000000"]);
    assert_eq!(mentions(None).called_by(&raised), ["13800000000", ALL]);
    assert_eq!(mentions(None).called_by(&taken), Vec::<&str>::new(), "somebody has it already");
    assert_eq!(Mentions::default().called_by(&raised), Vec::<&str>::new());
}

proptest! {
    /// Whatever a post says, it calls nobody, links nowhere, and the message keeps its bounds, its head and its link.
    #[test]
    fn a_post_is_never_more_than_text(
        excerpt in "(\\PC|[\\n\\r\\t]|@all|<at user_id=\"all\">|<@U1>|<!channel>|\\[x\\]\\(https://evil\\)|\\*\\*|`|> |# ){0,40}",
        service in prop::sample::select(Service::ALL.to_vec()),
        bytes in 1_200_usize..4_096,
    ) {
        let mut notification = fixture::notifications().remove(1);
        for post in &mut notification.brief.evidence {
            post.excerpt.clone_from(&excerpt);
            post.source_name.clone_from(&excerpt);
        }
        notification.brief.place = Some(excerpt.clone());
        notification.brief.why = vec![excerpt.clone(); 4];
        let said = message(service, &Batch::one(notification), &console(), bytes, &[], None);
        let text = &said.text;
        prop_assert!(text.len() <= bytes, "{} > {bytes}", text.len());
        prop_assert!(text.contains("https://minsheng.example/incidents/INC-20261122-01"));
        prop_assert!(!text.contains('@') && !text.contains("<at") && !text.contains("<!") && !text.contains("](https://evil"));
        // Angle brackets are ours alone: colours at WeCom, links at Slack.
        let ours = match service {
            Service::WeCom => 2,
            Service::Slack => text.matches("<https://").count(),
            Service::DingTalk | Service::Feishu => 0,
        };
        prop_assert_eq!(text.matches('<').count(), ours, "{}", text);
        prop_assert!(!said.title.contains(['\n', '\r']));
    }
}
