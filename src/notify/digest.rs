//! A mail that tells of several incidents at once: what came above its receiver's budget.

use askama::Template;
use url::Url;

use crate::assess::Grade;

use super::Batch;
use super::render::{Mail, View, colour, digest_title, link, subject_line};

/// What is shown of each incident; the rest stands in the console.
struct Line {
    grade: &'static str,
    colour: &'static str,
    what: String,
    headline: String,
    rows: Vec<(&'static str, String)>,
    why: Option<String>,
    link: String,
}

#[derive(Template)]
#[template(path = "notify/templates/digest.txt", escape = "none")]
struct Text<'a> {
    lines: &'a [Line],
    console: &'a str,
    receiver: &'a str,
}

#[derive(Template)]
#[template(path = "notify/templates/digest.html")]
struct Html<'a> {
    title: &'a str,
    colour: &'a str,
    lines: &'a [Line],
    console: &'a str,
    receiver: &'a str,
}

/// The words of such a mail, the gravest first. `console` is the console's address, for links.
pub(super) fn mail(batch: &Batch, console: &Url) -> Result<Mail, askama::Error> {
    let mut told: Vec<_> = batch.iter().collect();
    told.sort_by_key(|notification| std::cmp::Reverse(notification.brief.grade));
    let lines: Vec<Line> = told
        .into_iter()
        .map(|notification| {
            let (brief, view) = (&notification.brief, View::of(notification, console));
            let wanted = ["责任部门", "处置单", "发现时间", "时限", "办结时间", "结束时间"];
            Line {
                grade: view.grade,
                colour: view.colour,
                what: brief.title.clone(),
                headline: view.headline,
                rows: view.rows.into_iter().filter(|(name, _)| wanted.contains(name)).collect(),
                why: view.why.into_iter().next(),
                link: link(&brief.incident, console),
            }
        })
        .collect();
    let highest = batch.iter().map(|one| one.brief.grade).max().unwrap_or(Grade::Blue);
    let (title, receiver) = (digest_title(batch), batch.first().receiver.as_str());
    let console = console.as_str();
    Ok(Mail {
        text: Text { lines: &lines, console, receiver }.render()?,
        html: Html { title: &title, colour: colour(highest), lines: &lines, console, receiver }.render()?,
        subject: subject_line(&title),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::fixture;

    #[test]
    fn each_is_named_with_its_department_and_its_link() {
        let batch = Batch::of(fixture::notifications().into_iter().take(2).collect()).unwrap();
        let mail = mail(&batch, &"https://minsheng.example/".parse().unwrap()).unwrap();
        insta::assert_snapshot!(format!("{}\n\n{}", mail.subject, mail.text), @r#"
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
"#);
        let links = mail.html.matches("https://minsheng.example/incidents/INC-20261122-01\"").count();
        assert_eq!(links, 2);
    }

    #[test]
    fn nothing_of_a_post_is_markup() {
        let mut told = fixture::notifications();
        told.truncate(2);
        told[0].brief.title = "<img src=x onerror=alert(1)>\r\nBcc: x".to_owned();
        told[0].brief.why = vec!["<script>".to_owned()];
        let mail = mail(&Batch::of(told).unwrap(), &"https://minsheng.example/".parse().unwrap()).unwrap();
        assert!(!mail.html.contains("<script>") && !mail.html.contains("<img"));
        assert!(!mail.subject.contains(['\r', '\n']));
    }
}
