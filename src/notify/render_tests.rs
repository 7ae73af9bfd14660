//! The mails as duty officers read them.

use super::*;
use crate::notify::{fixture, silence_of, test_of};

fn console() -> Url {
    "https://minsheng.example/".parse().unwrap()
}

fn told(nth: usize) -> String {
    let mail = mail(&fixture::notifications()[nth], &console(), &Wording::default());
    format!("{}\n\n{}", mail.subject, mail.text)
}

#[test]
fn the_opening_states_grade_place_evidence_and_what_is_unknown() {
    insta::assert_snapshot!(told(0), @r"
    【黄】停水 · 望江花园 · INC-20261122-01

    发现新情况，等待签收。

    等级：黄（Ⅲ级，较大）
    事项：水电气热 · 停水
    地点：望江花园
    责任部门：水务局
    处置单：INC-20261122-01（待签收）
    发现时间：11-22 08:47

    为什么提醒
    · 较大单帖：一条帖文评为黄级（40 分）
    · 停水14分，持续两天2分，老人4分，合计40分
    · 目前只见一人反映，帖文 1 条。

    代表性帖文
    1. 「望江花园停水两天了，老人没法做饭」
       江城论坛，11-22 08:47，黄
       https://forum.example/t/1

    尚不清楚
    · 是否还有其他人遇到
    · 有关单位是否已经回应

    打开处置单：https://minsheng.example/incidents/INC-20261122-01

    --
    民声自动发出，接收人“duty”。时间为北京时间。规则 serious-post，词典版本 d1c710a9e001。
    ");
}

#[test]
fn a_raised_grade_is_said_first() {
    insta::assert_snapshot!(told(1), @r"
    Re: 【红】停水 · 望江花园 · INC-20261122-01

    等级由黄升为红，请立即查看。

    等级：红（Ⅰ级，特别重大）
    事项：水电气热 · 停水
    地点：望江花园
    责任部门：水务局
    处置单：INC-20261122-01（待签收）
    发现时间：11-22 08:47

    为什么提醒
    · 较大单帖：一条帖文评为红级（80 分）
    · 停水14分，持续两天2分，老人4分，合计80分
    · 至少 3 个不同的人反映，帖文 3 条。

    代表性帖文
    1. 「望江花园停水两天了，老人没法做饭」
       江城论坛，11-22 08:56，红
       https://forum.example/t/3
    2. 「望江花园停水两天了，老人没法做饭」
       江城论坛，11-22 08:47，黄
       https://forum.example/t/1
    3. 「望江花园停水两天了，老人没法做饭」
       江城论坛，11-22 08:52，黄
       https://forum.example/t/2

    尚不清楚
    · 有关单位是否已经回应

    打开处置单：https://minsheng.example/incidents/INC-20261122-01

    --
    民声自动发出，接收人“duty”。时间为北京时间。规则 serious-post，词典版本 d1c710a9e001。
    ");
}

#[test]
fn the_closing_says_who_what_and_how_long_it_took() {
    insta::assert_snapshot!(told(3), @r"
    Re: 【红】停水 · 望江花园 · INC-20261122-01

    li 已办结：管道已修复，11 时恢复供水（历时 3 小时 25 分钟）

    等级：红（Ⅰ级，特别重大）
    事项：水电气热 · 停水
    地点：望江花园
    责任部门：水务局
    处置单：INC-20261122-01（已办结）
    发现时间：11-22 08:47
    办结时间：11-22 12:12

    为什么提醒
    · 较大单帖：一条帖文评为红级（80 分）
    · 停水14分，持续两天2分，老人4分，合计80分
    · 至少 3 个不同的人反映，帖文 3 条。

    代表性帖文
    1. 「望江花园停水两天了，老人没法做饭」
       江城论坛，11-22 08:56，红
       https://forum.example/t/3
    2. 「望江花园停水两天了，老人没法做饭」
       江城论坛，11-22 08:47，黄
       https://forum.example/t/1
    3. 「望江花园停水两天了，老人没法做饭」
       江城论坛，11-22 08:52，黄
       https://forum.example/t/2

    打开处置单：https://minsheng.example/incidents/INC-20261122-01

    --
    民声自动发出，接收人“duty”。时间为北京时间。规则 serious-post，词典版本 d1c710a9e001。
    ");
}

#[test]
fn a_test_is_marked_as_one() {
    let receivers = fixture::receivers("");
    let tests = test_of(receivers.get("duty").unwrap(), crate::detect::fixture::at("2026-11-22T00:47:00Z"));
    let mail = mail(&tests[0], &console(), &Wording::default());
    insta::assert_snapshot!(format!("{}\n\n{}", mail.subject, mail.text), @r"
    【测试】测试通知

    这是一条测试通知，用来检查本接收方式是否畅通；没有发生任何情况，无需处置。

    打开值班台：https://minsheng.example/

    --
    民声自动发出，接收人“duty”。时间为北京时间。
    ");
}

#[test]
fn the_watch_over_the_daemon_speaks_plainly() {
    let receivers = fixture::receivers("");
    let (since, now) = ("2026-11-22T00:41:00Z", "2026-11-22T00:47:00Z");
    let why = vec!["https://minsheng.example/ 没有应答".to_owned(), "已持续6分钟".to_owned()];
    let at = crate::detect::fixture::at;
    let told = silence_of(receivers.get("duty").unwrap(), true, why, at(since), at(now));
    let mail = mail(&told[0], &console(), &Wording::default());
    insta::assert_snapshot!(format!("{}\n\n{}", mail.subject, mail.text), @r"
    【系统】民声值班台无应答

    民声值班台没有正常工作，其间的预警可能没有发出，请立即检查。

    为什么提醒
    · https://minsheng.example/ 没有应答
    · 已持续6分钟

    打开值班台：https://minsheng.example/

    --
    民声自动发出，接收人“duty”。时间为北京时间。
    ");
}

#[test]
fn hostile_text_stays_text() {
    let mut notification = fixture::notification();
    let brief = &mut notification.brief;
    brief.matter = "停水\r\nBcc: x@example.com\u{202e}".to_owned();
    brief.place = Some("很长的地名".repeat(20));
    brief.evidence[0].excerpt = "<script>alert(1)</script><img src=x onerror=alert(1)>".to_owned();
    brief.evidence[0].url = Some("javascript:alert(1)".parse().unwrap());
    let mail = mail(&notification, &console(), &Wording::default());
    assert_eq!(mail.subject.chars().count(), SUBJECT);
    assert!(!mail.subject.contains(['\r', '\n', '\u{202e}']), "{:?}", mail.subject);
    assert!(mail.subject.ends_with(" · INC-20261122-01"), "{}", mail.subject);
    assert!(
        !mail.html.contains("<script") && !mail.html.contains("<img") && !mail.html.contains("javascript:")
    );
    assert!(!mail.text.contains("javascript:"));
    assert!(mail.html.contains("&#60;script&#62;") || mail.html.contains("&lt;script&gt;"));
}

#[test]
fn a_digest_names_each_with_its_department_and_its_link() {
    let batch = Batch::of(fixture::notifications().into_iter().take(2).collect()).unwrap();
    let mail = digest_mail(&batch, &console(), &Wording::default());
    insta::assert_snapshot!(format!("{}\n\n{}", mail.subject, mail.text), @r"
    【汇总】1 件处置单有新情况，最高红级

    本班次单独提醒已达上限，黄、蓝两级合并发送；红、橙两级仍逐条发送。

    红级｜望江花园 · 水电气热 · 停水
      等级由黄升为红，请立即查看。
      责任部门：水务局
      处置单：INC-20261122-01（待签收）
      发现时间：11-22 08:47
      · 较大单帖：一条帖文评为红级（80 分）
      https://minsheng.example/incidents/INC-20261122-01

    黄级｜望江花园 · 水电气热 · 停水
      发现新情况，等待签收。
      责任部门：水务局
      处置单：INC-20261122-01（待签收）
      发现时间：11-22 08:47
      · 较大单帖：一条帖文评为黄级（40 分）
      https://minsheng.example/incidents/INC-20261122-01

    打开值班台：https://minsheng.example/

    --
    民声自动发出，接收人“duty”。时间为北京时间。
    ");
    assert_eq!(mail.html.matches("https://minsheng.example/incidents/INC-20261122-01\"").count(), 2);
}

#[test]
fn nothing_of_a_post_is_markup_in_a_digest() {
    let mut told = fixture::notifications();
    told.truncate(2);
    told[0].brief.title = "<img src=x onerror=alert(1)>\r\nBcc: x".to_owned();
    told[0].brief.why = vec!["<script>".to_owned()];
    let mail = digest_mail(&Batch::of(told).unwrap(), &console(), &Wording::default());
    assert!(!mail.html.contains("<script>") && !mail.html.contains("<img"));
    assert!(!mail.subject.contains(['\r', '\n']));
}
