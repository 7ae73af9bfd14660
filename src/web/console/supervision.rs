//! The supervision report (督查) for people, and the same as a table for other programs.

use std::fmt::Write;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;

use super::clocks::length;
use super::{Frame, Nav, Page, render};
use crate::assess::Grade;
use crate::incident::{By, Figures, Spread};
use crate::web::Web;
use crate::web::api::params::Params;
use crate::web::api::supervision::{Report, counted};
use crate::web::auth::Visitor;
use crate::web::say::Lang;

#[derive(Template)]
#[template(path = "web/templates/supervision.html")]
struct SupervisionPage {
    f: Frame,
    since: Timestamp,
    until: Timestamp,
    tabs: Vec<(&'static str, &'static str, bool)>,
    rows: Vec<Row>,
    csv: String,
}

struct Row {
    of: String,
    n: Figures,
    fetched: String,
    seen: String,
    told: String,
    taken: String,
    answered: String,
    endings: Vec<String>,
}

pub(in crate::web) async fn page(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    params: Params,
) -> Page {
    params.only(&[&["since", "until", "by"]])?;
    let Report { since, until, by, told } = counted(&web, &params).await?;
    let l = visitor.lang;
    let rows = std::iter::once((l.t("合计", "All").to_owned(), told.total))
        .chain(told.items.into_iter().map(|figures| (name(&web, l, by, &figures.of), figures)));
    let rows = rows.map(|(of, n)| Row {
        of,
        fetched: spread(l, n.fetched),
        seen: spread(l, n.seen),
        told: spread(l, n.told),
        taken: spread(l, n.taken),
        answered: spread(l, n.answered),
        endings: n.endings().map(|(outcome, times)| format!("{} {times}", l.outcome(outcome))).collect(),
        n,
    });
    let page = SupervisionPage {
        f: Frame::new(&visitor, Nav::Desk, l.t("督查", "Supervision"), web.0.inbox.is_some()),
        since,
        until,
        tabs: By::ALL.map(|one| (one.as_str(), word(l, one), one.as_str() == by)).into(),
        rows: rows.collect(),
        csv: format!("/supervision.csv?since={since}&until={until}&by={by}"),
    };
    Ok(render(&page))
}

/// The same as comma-separated values, with a mark that lets spreadsheets know them for UTF-8.
pub(in crate::web) async fn csv(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    params: Params,
) -> Page {
    params.only(&[&["since", "until", "by"]])?;
    let Report { by, told, .. } = counted(&web, &params).await?;
    let l = visitor.lang;
    let mut text = String::from(
        "\u{feff}of,incidents,open,acknowledged,responded,unanswered,breaches,bounced,reopened,dismissed,seen_p50,seen_p95,fetched_p50,fetched_p95,judged_p50,judged_p95,told_p50,told_p95,taken_p50,taken_p95,assigned_p50,assigned_p95,answered_p50,answered_p95,ended_p50,ended_p95\r\n",
    );
    let total = Figures { of: "*".to_owned(), ..told.total };
    for n in std::iter::once(&total).chain(&told.items) {
        let of = if n.of == "*" { "*".to_owned() } else { name(&web, l, by, &n.of) };
        let counts = [
            n.incidents,
            n.open,
            n.acknowledged,
            n.responded,
            n.unanswered,
            n.breaches,
            n.bounced,
            n.reopened,
            n.dismissed,
        ];
        let counts: Vec<String> = counts.iter().map(u32::to_string).collect();
        let times = [n.seen, n.fetched, n.judged, n.told, n.taken, n.assigned, n.answered, n.ended]
            .map(|spread| [spread.p50, spread.p95]);
        let times: Vec<String> = times
            .iter()
            .flatten()
            .map(|seconds| seconds.map(|s| s.to_string()).unwrap_or_default())
            .collect();
        write!(text, "{},{},{}\r\n", cell(&of), counts.join(","), times.join(","))
            .expect("writing to memory");
    }
    let kind = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"supervision.csv\""),
    ];
    Ok((kind, text).into_response())
}

/// A cell that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn word(l: Lang, by: By) -> &'static str {
    match by {
        By::Department => l.t("按部门", "By department"),
        By::Category => l.t("按事项", "By matter"),
        By::Grade => l.t("按等级", "By grade"),
        By::Source => l.t("按信源", "By source"),
        By::Shift => l.t("按时段", "By time of day"),
    }
}

fn name(web: &Web, l: Lang, by: &str, of: &str) -> String {
    if of.is_empty() {
        return l.t("未定", "not known").to_owned();
    }
    match By::from_word(by) {
        Some(By::Department) => {
            let configured = web.configured();
            configured
                .departments
                .get(of)
                .map_or_else(|| of.to_owned(), |known| l.t(&known.name, &known.name_en).to_owned())
        }
        Some(By::Grade) => {
            Grade::from_word(of).map_or_else(|| of.to_owned(), |grade| l.grade(grade).to_owned())
        }
        Some(By::Category) => {
            let assessor = web.handles().reading.assessor();
            let categories = assessor.lexicon().categories();
            let known = crate::lexicon::Category::ALL.into_iter().find(|category| category.id() == of);
            known
                .filter(|_| l == Lang::Zh)
                .map_or_else(|| of.to_owned(), |known| categories.get(known).name.clone())
        }
        Some(By::Source | By::Shift) | None => of.to_owned(),
    }
}

/// `12 分钟 / 3 小时`: the median, and what 95 of 100 stay within.
fn spread(l: Lang, spread: Spread) -> String {
    let said = |seconds: i64| length(l, jiff::SignedDuration::from_secs(seconds));
    match (spread.p50, spread.p95) {
        (Some(p50), Some(p95)) => format!("{} / {}", said(p50), said(p95)),
        _ => "–".to_owned(),
    }
}
