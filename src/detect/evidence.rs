//! A post as evidence: the excerpt and the terms that show at a glance what it is about.

use crate::assess::{AssessedPost, Hit};
use crate::lexicon::category::Category;

use super::signal::Evidence;

/// Longest excerpt, in characters, ellipses included.
const EXCERPT: usize = 120;
/// Characters shown before the leading hit when the text has to be cut in front of it.
const LEAD_IN: usize = 30;
/// Longest term shown, in characters.
const TERM: usize = 12;

/// What `post` shows; `source_name` is the source's name for people.
pub(super) fn of(post: &AssessedPost, sequence: u64, source_name: &str) -> Evidence {
    let (said, judged) = (&post.post, &post.assessment);
    let text =
        if said.title.is_empty() { said.text.clone() } else { format!("{}\n{}", said.title, said.text) };
    let text: Vec<char> = text.chars().collect();
    let leading = judged.category.as_ref().map(|category| leading_hits(&judged.hits, category.id));
    let leading = leading.unwrap_or_default();
    Evidence {
        post: said.id,
        sequence,
        url: said.url.clone(),
        source: said.source.clone(),
        source_name: source_name.to_owned(),
        excerpt: excerpt(&text, leading.first().map_or(0, |hit| hit.start as usize)),
        terms: terms(&leading, &text),
        sensitivity: judged.sensitivity,
        grade: judged.grade,
        status: judged.status,
        why: judged.explanation.clone(),
        published_at: said.published_at,
    }
}

/// At most two hits that name the matter: the worst harm and the leading topic of the category, or two topics.
fn leading_hits(hits: &[Hit], category: Category) -> Vec<&Hit> {
    let within = |hit: &&Hit| !hit.negated && hit.category.split('.').next() == Some(category.id());
    // Weight of a severity row is a level, that of a topic row points: they are ranked apart.
    let ranked = |kind: &str| {
        let mut hits: Vec<&Hit> = hits.iter().filter(within).filter(|hit| hit.kind == kind).collect();
        hits.sort_by(|one, other| other.weight.total_cmp(&one.weight).then(one.start.cmp(&other.start)));
        hits
    };
    let (topics, harms) = (ranked("topic"), ranked("severity"));
    let mut chosen: Vec<&Hit> = topics.first().into_iter().chain(harms.first()).copied().collect();
    if chosen.len() == 2 && overlap(chosen[0], chosen[1]) {
        // `燃气爆炸` and the `爆炸` within it: the longer says it all.
        chosen.sort_by_key(|hit| std::cmp::Reverse(hit.end - hit.start));
        chosen.truncate(1);
    }
    chosen
}

fn overlap(one: &Hit, other: &Hit) -> bool {
    one.start < other.end && other.start < one.end
}

fn terms(hits: &[&Hit], text: &[char]) -> Vec<String> {
    let mut terms = Vec::new();
    for hit in hits {
        let plain = hit.term.chars().all(|c| c.is_alphanumeric() || c == '+');
        let term: String = if plain {
            // `all` rows join their parts with a plus.
            hit.term.chars().filter(|&c| c != '+').collect()
        } else {
            // A pattern means nothing to a reader; what it found does.
            let found = text.get(hit.start as usize..hit.end as usize).unwrap_or_default();
            found.iter().filter(|c| c.is_alphanumeric()).collect()
        };
        let term: String = term.chars().take(TERM).collect();
        if !term.is_empty() && !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms
}

/// The text on one line, cut to [`EXCERPT`] characters around `hit`, without names after `@`.
fn excerpt(text: &[char], hit: usize) -> String {
    let start =
        if text.len() <= EXCERPT || hit + LEAD_IN < EXCERPT { 0 } else { hit.min(text.len()) - LEAD_IN };
    let mut line = String::new();
    let mut kept = 0;
    if start > 0 {
        line.push('…');
        kept += 1;
    }
    let (mut in_name, mut in_space) = (false, true);
    for &c in &text[start..] {
        if in_name && (c.is_alphanumeric() || matches!(c, '_' | '-' | '·')) {
            continue;
        }
        in_name = c == '@' || c == '＠';
        let c = if c.is_whitespace() || c.is_control() { ' ' } else { c };
        if (c == ' ' && in_space) || is_invisible(c) {
            continue;
        }
        in_space = c == ' ';
        if kept == EXCERPT {
            line.pop();
            line.push('…');
            break;
        }
        line.push(c);
        kept += 1;
    }
    line.trim_end().to_owned()
}

/// Characters that turn or hide text: direction marks, zero-width characters.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(term: &str, category: &str, kind: &str, span: (u32, u32), weight: f32) -> Hit {
        Hit {
            term: term.to_owned(),
            category: category.to_owned(),
            kind: kind.to_owned(),
            start: span.0,
            end: span.1,
            weight,
            negated: false,
            dictionary: "test".to_owned(),
        }
    }

    #[test]
    fn terms_name_the_matter_as_a_person_would() {
        let text: Vec<char> = "工地拖欠三个月工资，还有人打人".chars().collect();
        let negated = Hit { negated: true, ..hit("塌方", "labour", "severity", (0, 2), 3.0) };
        for (hits, expected) in [
            (vec![hit("拖欠+工资", "labour", "topic", (2, 9), 16.0)], "拖欠工资"),
            (
                vec![
                    hit("欠薪", "labour.pay", "topic", (2, 4), 16.0),
                    hit("打人", "labour", "severity", (13, 15), 2.0),
                ],
                "欠薪、打人",
            ),
            (vec![hit("拖欠.{0,4}工资", "labour", "topic", (2, 9), 16.0)], "拖欠三个月工资"),
            (
                vec![
                    hit("欠薪", "labour", "topic", (2, 6), 9.0),
                    hit("薪", "labour", "severity", (3, 4), 3.0),
                ],
                "欠薪",
            ),
            (vec![hit("停水", "utilities", "topic", (0, 2), 99.0), negated], ""),
        ] {
            let leading = leading_hits(&hits, Category::Labour);
            assert_eq!(terms(&leading, &text).join("、"), expected);
        }
    }

    #[test]
    fn excerpts_are_one_line_short_and_nameless() {
        let far = format!("{}停水三天了{}", "啊".repeat(300), "呀".repeat(300));
        for (text, hit, expected) in [
            ("标题\n\n正文 \u{202e}在此", 0, "标题 正文 在此".to_owned()),
            ("@路边的风 你家停水没？", 8, "@ 你家停水没？".to_owned()),
            (far.as_str(), 300, format!("…{}停水三天了{}…", "啊".repeat(30), "呀".repeat(83))),
        ] {
            let text: Vec<char> = text.chars().collect();
            let excerpt = excerpt(&text, hit);
            assert_eq!(excerpt, expected);
            assert!(excerpt.chars().count() <= EXCERPT);
        }
    }
}
