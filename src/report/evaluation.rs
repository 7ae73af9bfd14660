//! How well judgements agree with labels, for a terminal and as a page.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use askama::Template;

use super::table::{Ink, Side, Table, Tone};
use super::threads;
use crate::assess::answer::State;
use crate::assess::evaluation::{Confusion, Evaluation, Figure, Miss, Rung, ThreadMiss, Threshold, Trap};

/// An evaluation with the words around it.
#[derive(Debug, Clone)]
pub struct Shown<'a> {
    /// What was measured.
    pub evaluation: &'a Evaluation,
    /// The files that were read, as given.
    pub files: Vec<String>,
    /// Rows of them that could not be used.
    pub refused: usize,
    /// The version of the dictionaries that judged.
    pub dictionary: String,
    /// Chinese names of categories and departments by id.
    pub names: BTreeMap<String, String>,
}

impl Shown<'_> {
    /// The report for a terminal.
    pub fn text(&self, ink: Ink) -> String {
        let found = self.evaluation;
        let mut parts = vec![self.heading(ink)];
        if !found.figures.is_empty() {
            parts.push(figures(&found.figures, ink));
        }
        if !found.traps.is_empty() {
            parts.push(traps(&found.traps, ink));
        }
        if !found.thresholds.is_empty() {
            parts.push(thresholds(&found.thresholds, ink));
        }
        let tables = [
            ("等级", &found.grades),
            ("事项类别", &found.categories),
            ("责任部门", &found.departments),
            ("情绪", &found.sentiments),
        ];
        for (title, table) in tables {
            parts.extend(table.as_ref().map(|table| self.confusion(title, table, ink)));
        }
        if !found.misses.is_empty() {
            parts.push(misses(&found.misses, ink));
        }
        if let Some(threads) = &found.threads {
            parts.push(figures(&threads.figures, ink));
            parts.extend(threads.states.as_ref().map(|table| self.confusion("答复状态", table, ink)));
            parts.push(threads::misses(&threads.misses, ink));
        }
        parts.join("\n")
    }

    /// The report as a page that needs nothing beside itself.
    ///
    /// # Errors
    /// If the template cannot be filled, which is a fault of ours.
    pub fn html(&self) -> Result<String, askama::Error> {
        let found = self.evaluation;
        let tables = [
            ("等级", &found.grades),
            ("事项类别", &found.categories),
            ("责任部门", &found.departments),
            ("情绪", &found.sentiments),
        ];
        let states = found.threads.as_ref().and_then(|threads| threads.states.as_ref());
        let tables = tables
            .into_iter()
            .map(|(title, table)| (title, table.as_ref()))
            .chain([("答复状态", states)])
            .filter_map(|(title, table)| Some(self.grid(title, table?)))
            .collect();
        let of_threads = found.threads.iter().flat_map(|threads| &threads.figures);
        let page = Page {
            css: include_str!("../web/assets/console.css"),
            counted: self.counted(),
            refused: self.refused,
            files: self.files.join("、"),
            dictionary: &self.dictionary,
            figures: found.figures.iter().chain(of_threads).map(Line::of).collect(),
            thresholds: found
                .thresholds
                .iter()
                .map(|one| (Rung::from_word(one.grade).map_or(one.grade, Rung::chinese), one))
                .collect(),
            traps: found.traps.iter().map(|trap| (trap_name(&trap.name), trap)).collect(),
            tables,
            misses: &found.misses,
            thread_misses: found.threads.as_ref().map_or(&[], |threads| &threads.misses),
        };
        page.render()
    }

    fn heading(&self, ink: Ink) -> String {
        let mut text = ink.paint("民声评测", Tone::Bold);
        text.push_str("  ");
        text.push_str(&self.counted());
        if self.refused > 0 {
            text.push_str(&ink.paint(&format!("，另有 {} 条不能使用", self.refused), Tone::Bad));
        }
        text.push_str(&ink.paint(&format!("  词典 {}\n", self.dictionary), Tone::Dim));
        text
    }

    /// What was held against labels: `60 条`, `8 个帖 60 条跟帖`, or both.
    fn counted(&self) -> String {
        let posts = format!("{} 条", self.evaluation.rows);
        match (&self.evaluation.threads, self.evaluation.rows) {
            (None, _) => posts,
            (Some(threads), rows) => {
                let threads = format!("{} 个帖 {} 条跟帖", threads.threads, threads.comments);
                if rows == 0 { threads } else { format!("{posts}，{threads}") }
            }
        }
    }

    fn name(&self, id: &str) -> String {
        let mood = [("negative", "负面"), ("neutral", "中性"), ("positive", "正面"), ("none", "无")];
        let grade = Rung::from_word(id).map(Rung::chinese);
        let state = State::ALL.into_iter().find(|state| state.as_str() == id).map(State::chinese);
        let known = mood.iter().find(|(one, _)| *one == id).map(|&(_, name)| name).or(grade).or(state);
        known.map(str::to_owned).or_else(|| self.names.get(id).cloned()).unwrap_or_else(|| id.to_owned())
    }

    /// Rows are what people say, columns what was given; only classes that occur are shown.
    fn confusion(&self, title: &str, table: &Confusion, ink: Ink) -> String {
        let classes = occurring(table);
        let mut sides = vec![Side::Right, Side::Left];
        sides.resize(2 + classes.len() + 4, Side::Right);
        let mut shown = Table::new(sides);
        let dim = |text: String| (text, Tone::Dim);
        let mut head = vec![dim(String::new()), dim("标注＼判定".to_owned())];
        head.extend((1..=classes.len()).map(|number| dim(number.to_string())));
        head.extend(["条数", "精确率", "召回率", "F1"].map(|name| dim(name.to_owned())));
        shown.row(head);
        for (number, &wanted) in classes.iter().enumerate() {
            let mut row = vec![dim((number + 1).to_string()), (self.name(&table.names[wanted]), Tone::Usual)];
            row.extend(classes.iter().map(|&given| cell(table.cells[wanted][given], wanted == given)));
            row.push((table.wanted(wanted).to_string(), Tone::Usual));
            row.extend(scores(table, wanted).map(|score| (score, Tone::Usual)));
            shown.row(row);
        }
        format!("{}\n{}", ink.paint(&format!("{title}：标注的归为什么"), Tone::Bold), shown.render(ink))
    }

    fn grid(&self, title: &'static str, table: &Confusion) -> Grid {
        let classes = occurring(table);
        let rows = classes
            .iter()
            .enumerate()
            .map(|(number, &wanted)| GridRow {
                number: number + 1,
                name: self.name(&table.names[wanted]),
                cells: classes
                    .iter()
                    .map(|&given| {
                        let count = table.cells[wanted][given];
                        let share = f64::from(count) / f64::from(table.wanted(wanted).max(1));
                        GridCell { count, right: wanted == given, shade: (share * 10.0).ceil() as u8 }
                    })
                    .collect(),
                wanted: table.wanted(wanted),
                scores: scores(table, wanted).into(),
            })
            .collect();
        Grid { title, rows }
    }
}

fn occurring(table: &Confusion) -> Vec<usize> {
    (0..table.names.len()).filter(|&class| table.wanted(class) + table.given(class) > 0).collect()
}

fn scores(table: &Confusion, class: usize) -> [String; 3] {
    let found = table.found(class);
    [found.precision, found.recall, found.f1].map(|score| format!("{score:.2}"))
}

fn cell(count: u32, right: bool) -> (String, Tone) {
    match (count, right) {
        (0, false) => ("·".to_owned(), Tone::Dim),
        (_, true) => (count.to_string(), Tone::Good),
        (_, false) => (count.to_string(), Tone::Usual),
    }
}

fn figures(figures: &[Figure], ink: Ink) -> String {
    let mut table = Table::new([Side::Left, Side::Right, Side::Right, Side::Right]);
    table.row(["指标", "数值", "95%区间", "条数"].map(|name| (name.to_owned(), Tone::Dim)));
    for figure in figures {
        table.row([
            (figure.name.to_owned(), Tone::Usual),
            (format!("{:.3}", figure.value), Tone::Bold),
            (format!("{:.3}–{:.3}", figure.low, figure.high), Tone::Usual),
            (figure.of.to_string(), Tone::Usual),
        ]);
    }
    table.render(ink)
}

/// Where grades should begin by what mistakes cost.
fn thresholds(found: &[Threshold], ink: Ink) -> String {
    let mut shown = Table::new([Side::Left, Side::Right, Side::Right, Side::Right, Side::Right, Side::Right]);
    let head = ["等级", "现漏报", "现误报", "代价最小的起始分", "漏报", "误报"];
    shown.row(head.map(|name| (name.to_owned(), Tone::Dim)));
    for one in found {
        let grade = Rung::from_word(one.grade).map_or(one.grade, Rung::chinese);
        let [missed, needless, missed_then, needless_then] =
            [one.missed, one.needless, one.missed_then, one.needless_then].map(|count| count.to_string());
        let row =
            [grade.to_owned(), missed, needless, format!("{:.1}", one.points), missed_then, needless_then];
        shown.row(row.map(|cell| (cell, Tone::Usual)));
    }
    let costs: Vec<String> = found
        .iter()
        .map(|one| format!("{}{}", Rung::from_word(one.grade).map_or(one.grade, Rung::chinese), one.cost))
        .collect();
    let title = ink.paint("等级从多少分起，代价最小", Tone::Bold);
    let words = format!("漏报一条抵误报几条：{}；起始分写在 [assess.weights] grades\n", costs.join("、"));
    format!("{title}\n{}{}", shown.render(ink), ink.paint(&words, Tone::Dim))
}

fn traps(traps: &[Trap], ink: Ink) -> String {
    let mut table = Table::new([Side::Left, Side::Right, Side::Right]);
    table.row(["陷阱", "条数", "误报"].map(|name| (name.to_owned(), Tone::Dim)));
    for trap in traps {
        let tone = if trap.alarms > 0 { Tone::Bad } else { Tone::Usual };
        table.row([
            (trap_name(&trap.name).to_owned(), Tone::Usual),
            (trap.rows.to_string(), Tone::Usual),
            (trap.alarms.to_string(), tone),
        ]);
    }
    format!("{}\n{}", ink.paint("标为“无”、字面有误导的帖", Tone::Bold), table.render(ink))
}

/// What people call the signals that mislead; a name of the labels' own stays as it is.
fn trap_name(name: &str) -> &str {
    match name {
        "idiom" => "习语、玩笑",
        "denial" => "辟谣",
        "foreign" => "外地的事",
        "resolved" => "已解决",
        "negated" => "否定",
        "drill" => "演练",
        "advert" => "广告",
        "fiction" => "影视、游戏",
        "old-news" => "旧闻",
        "thanks" => "感谢",
        "hypothetical" => "假设",
        "hearsay" => "听说",
        "sarcasm" => "反话",
        "none" => "（未注明）",
        other => other,
    }
}

fn misses(misses: &[Miss], ink: Ink) -> String {
    let mut text = ink.paint(&format!("偏差最大的 {} 条\n", misses.len()), Tone::Bold);
    for miss in misses {
        let tone = if miss.steps < 0 { Tone::Bad } else { Tone::Bold };
        let change = ink.paint(&format!("{} {} → {}", miss.what, miss.wanted, miss.given), tone);
        let id = ink.paint(&miss.id, Tone::Dim);
        let why = ink.paint(&format!("{:.1}分 {}", miss.sensitivity, miss.explanation), Tone::Dim);
        writeln!(text, "{change}  {id}\n  {}\n  {why}", miss.text).expect("a string takes all");
    }
    text
}

#[derive(Template)]
#[template(path = "report/templates/evaluation.html")]
struct Page<'a> {
    css: &'static str,
    counted: String,
    refused: usize,
    files: String,
    dictionary: &'a str,
    figures: Vec<Line>,
    thresholds: Vec<(&'a str, &'a Threshold)>,
    traps: Vec<(&'a str, &'a Trap)>,
    tables: Vec<Grid>,
    misses: &'a [Miss],
    thread_misses: &'a [ThreadMiss],
}

/// A figure as a bar: per cent of the width.
struct Line {
    name: &'static str,
    value: String,
    low: String,
    high: String,
    of: usize,
    from: String,
    wide: String,
    at: String,
}

struct Grid {
    title: &'static str,
    rows: Vec<GridRow>,
}

struct GridRow {
    number: usize,
    name: String,
    cells: Vec<GridCell>,
    wanted: u32,
    scores: Vec<String>,
}

struct GridCell {
    count: u32,
    right: bool,
    /// 0 to 10: the share of its row, for the shade.
    shade: u8,
}

impl Line {
    fn of(figure: &Figure) -> Self {
        let hundredths = |share: f64| format!("{:.1}", (share.clamp(0.0, 1.0)) * 100.0);
        Self {
            name: figure.name,
            value: format!("{:.3}", figure.value),
            low: format!("{:.3}", figure.low),
            high: format!("{:.3}", figure.high),
            of: figure.of,
            from: hundredths(figure.low),
            wide: hundredths(figure.high.clamp(0.0, 1.0) - figure.low.clamp(0.0, 1.0)),
            at: hundredths(figure.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation() -> Evaluation {
        Evaluation {
            rows: 4,
            figures: vec![Figure {
                id: "grade_exact",
                name: "等级一致",
                value: 0.75,
                low: 0.25,
                high: 1.0,
                of: 4,
                lower_is_better: false,
            }],
            traps: vec![Trap { name: "drill".into(), rows: 2, alarms: 1 }],
            thresholds: vec![Threshold {
                grade: "red",
                cost: 40,
                missed: 2,
                needless: 1,
                points: 71.5,
                missed_then: 0,
                needless_then: 12,
            }],
            grades: Some(Confusion {
                names: ["none", "blue", "yellow", "orange", "red"].map(str::to_owned).to_vec(),
                cells: vec![
                    vec![1, 0, 1, 0, 0],
                    vec![0; 5],
                    vec![0, 0, 1, 0, 0],
                    vec![0; 5],
                    vec![0, 0, 0, 0, 1],
                ],
            }),
            categories: Some(Confusion {
                names: vec!["safety".into(), "none".into()],
                cells: vec![vec![3, 1], vec![0, 0]],
            }),
            departments: None,
            sentiments: None,
            misses: vec![Miss {
                id: "x-1".into(),
                what: "等级",
                wanted: "无".into(),
                given: "黄".into(),
                steps: 2,
                text: "演练<b>开始</b>了".into(),
                sensitivity: 36.5,
                explanation: "黄：公共安全类".into(),
            }],
            threads: None,
        }
    }

    fn shown(evaluation: &Evaluation) -> Shown<'_> {
        Shown {
            evaluation,
            files: vec!["labels.jsonl".into()],
            refused: 1,
            dictionary: "abc".into(),
            names: BTreeMap::from([("safety".to_owned(), "公共安全".to_owned())]),
        }
    }

    #[test]
    fn the_report_reads_well_on_a_terminal() {
        insta::assert_snapshot!(shown(&evaluation()).text(Ink::Plain), @r"
        民声评测  4 条，另有 1 条不能使用  词典 abc

        指标       数值      95%区间  条数
        等级一致  0.750  0.250–1.000     4

        标为“无”、字面有误导的帖
        陷阱  条数  误报
        演练     2     1

        等级从多少分起，代价最小
        等级  现漏报  现误报  代价最小的起始分  漏报  误报
        红         2       1              71.5     0    12
        漏报一条抵误报几条：红40；起始分写在 [assess.weights] grades

        等级：标注的归为什么
           标注＼判定  1  2  3  条数  精确率  召回率    F1
        1  无          1  1  ·     2    1.00    0.50  0.67
        2  黄          ·  1  ·     1    0.50    1.00  0.67
        3  红          ·  ·  1     1    1.00    1.00  1.00

        事项类别：标注的归为什么
           标注＼判定  1  2  条数  精确率  召回率    F1
        1  公共安全    3  1     4    1.00    0.75  0.86
        2  无          ·  0     0    0.00    0.00  0.00

        偏差最大的 1 条
        等级 无 → 黄  x-1
          演练<b>开始</b>了
          36.5分 黄：公共安全类
        ");
    }

    #[test]
    fn the_page_stands_alone_and_takes_texts_as_texts() {
        let evaluation = evaluation();
        let page = shown(&evaluation).html().expect("the template is filled");
        let body = page.split("<body>").nth(1).expect("a body");
        insta::assert_snapshot!(body, @r#"
        <main class="page">
        <header>
        <h1>民声评测</h1>
        <p class="meta"><span>4 条</span><span class="warn">另有 1 条不能使用</span><span>labels.jsonl</span><span>词典 <code>abc</code></span></p>
        </header>
        <section>
        <h2>指标</h2>
        <table class="figures"><thead class="sr"><tr><th>指标</th><th>数值</th><th>图</th><th>95%区间</th><th>条数</th></tr></thead><tbody>
        <tr><th scope="row">等级一致</th><td class="num"><b>0.750</b></td><td class="bar"><span class="track"><span class="span" style="left:25.0%;width:75.0%"></span><span class="point" style="left:75.0%"></span></span></td><td class="num dim">0.250–1.000</td><td class="num dim">4</td></tr>
        </tbody></table>
        <p class="dim">区间为按帖重抽样一千次所得的 95% 区间；F1 为各类平均。</p>
        </section>
        <section>
        <h2>标为“无”、字面有误导的帖</h2>
        <div class="scroll"><table class="grid"><thead><tr><th class="name">陷阱</th><th>条数</th><th>误报</th></tr></thead><tbody>
        <tr><th class="name" scope="row">演练</th><td>2</td><td class="warn">1</td></tr>
        </tbody></table></div>
        </section>
        <section>
        <h2>等级从多少分起，代价最小</h2>
        <div class="scroll"><table class="grid"><thead><tr><th class="name">等级</th><th>漏报一条抵误报</th><th>现漏报</th><th>现误报</th><th>起始分</th><th>漏报</th><th>误报</th></tr></thead><tbody>
        <tr><th class="name" scope="row">红</th><td>40</td><td>2</td><td>1</td><td>71.5</td><td>0</td><td>12</td></tr>
        </tbody></table></div>
        <p class="dim">起始分写在 minsheng.toml 的 [assess.weights] grades；改动前先用 minsheng backtest 看影响。</p>
        </section>
        <section>
        <h2>等级：标注的归为什么</h2>
        <div class="scroll"><table class="grid"><thead><tr><th></th><th class="name">标注＼判定</th><th title="无">1</th><th title="黄">2</th><th title="红">3</th><th>条数</th><th>精确率</th><th>召回率</th><th>F1</th></tr></thead><tbody>
        <tr><td class="dim">1</td><th class="name" scope="row">无</th><td class="s right" style="--shade:5">1</td><td class="s" style="--shade:5">1</td><td class="z">·</td><td>2</td><td>1.00</td><td>0.50</td><td>0.67</td></tr>
        <tr><td class="dim">2</td><th class="name" scope="row">黄</th><td class="z">·</td><td class="s right" style="--shade:10">1</td><td class="z">·</td><td>1</td><td>0.50</td><td>1.00</td><td>0.67</td></tr>
        <tr><td class="dim">3</td><th class="name" scope="row">红</th><td class="z">·</td><td class="z">·</td><td class="s right" style="--shade:10">1</td><td>1</td><td>1.00</td><td>1.00</td><td>1.00</td></tr>
        </tbody></table></div>
        </section><section>
        <h2>事项类别：标注的归为什么</h2>
        <div class="scroll"><table class="grid"><thead><tr><th></th><th class="name">标注＼判定</th><th title="公共安全">1</th><th title="无">2</th><th>条数</th><th>精确率</th><th>召回率</th><th>F1</th></tr></thead><tbody>
        <tr><td class="dim">1</td><th class="name" scope="row">公共安全</th><td class="s right" style="--shade:8">3</td><td class="s" style="--shade:3">1</td><td>4</td><td>1.00</td><td>0.75</td><td>0.86</td></tr>
        <tr><td class="dim">2</td><th class="name" scope="row">无</th><td class="z">·</td><td class="z">·</td><td>0</td><td>0.00</td><td>0.00</td><td>0.00</td></tr>
        </tbody></table></div>
        </section>
        <section>
        <h2>偏差最大的 1 条</h2>
        <ol class="miss"><li><p class="meta"><b>等级 无 → 黄</b><span class="id">x-1</span></p><p>演练&#60;b&#62;开始&#60;/b&#62;了</p><p class="dim">36.5分 黄：公共安全类</p></li>
        </ol>
        </section>
        </main>
        </body>
        </html>
        "#);
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(!page.contains("<b>开始"), "the text of a post is no markup");
        for wanted in ["prefers-color-scheme: dark", "max-width: 700px", "width=device-width"] {
            assert!(page.contains(wanted), "{wanted}");
        }
    }
}
