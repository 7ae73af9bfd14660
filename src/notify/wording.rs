//! The words of mails and messages to groups, which an office may write itself: `templates/` beside `receivers.toml`.
//!
//! Templates are Jinja as minijinja reads it. What they are given is data, escaped in HTML; what they give is text: marks
//! of a group's dialect are escaped, and its title, link and bounds stay ours. A template is tried on a sample before it is
//! taken; one that fails on a real message all the same is set aside for that message, and ours is used.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use url::Url;

use crate::alert::Fault;
use crate::assess::{Grade, Status};
use crate::detect::Evidence;
use crate::extract::post::PostId;
use crate::incident::{IncidentId, State};
use crate::source::SourceId;

use super::render::{Digest, View};
use super::{Batch, Brief, Notification, NotificationKey, Reason};

/// What a template may cost: far more than ours do.
const FUEL: u64 = 200_000;
/// Longest text that one may give, in bytes.
const LONGEST: usize = 64 * 1024;

/// One of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The plain text of a mail.
    MailText,
    /// The same as HTML.
    MailHtml,
    /// The lines of a message to a group.
    Chat,
    /// The plain text of a mail that tells of several incidents.
    DigestText,
    /// The same as HTML.
    DigestHtml,
}

impl Part {
    /// All.
    pub const ALL: [Self; 5] =
        [Self::MailText, Self::MailHtml, Self::Chat, Self::DigestText, Self::DigestHtml];

    /// Its file.
    pub fn file(self) -> &'static str {
        match self {
            Self::MailText => "mail.txt",
            Self::MailHtml => "mail.html",
            Self::Chat => "chat.txt",
            Self::DigestText => "digest.txt",
            Self::DigestHtml => "digest.html",
        }
    }

    /// Ours, to begin with.
    pub fn ours(self) -> &'static str {
        match self {
            Self::MailText => include_str!("templates/mail.txt"),
            Self::MailHtml => include_str!("templates/mail.html"),
            Self::Chat => include_str!("templates/chat.txt"),
            Self::DigestText => include_str!("templates/digest.txt"),
            Self::DigestHtml => include_str!("templates/digest.html"),
        }
    }

    /// The text of this file.
    pub fn from_file(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.file() == name)
    }
}

/// The texts in force; clones share them.
#[derive(Clone)]
pub struct Wording {
    /// Those the office wrote.
    own: [Option<String>; Part::ALL.len()],
    engine: Arc<Environment<'static>>,
}

impl PartialEq for Wording {
    fn eq(&self, other: &Self) -> bool {
        self.own == other.own
    }
}

impl fmt::Debug for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = Part::ALL.iter().zip(&self.own).filter(|(_, own)| own.is_some());
        f.debug_list().entries(own.map(|(part, _)| part.file())).finish()
    }
}

impl Default for Wording {
    fn default() -> Self {
        let mut engine = engine();
        for part in Part::ALL {
            // A test renders each of them.
            drop(engine.add_template(part.file(), part.ours()));
        }
        Self { own: Part::ALL.map(|_| None), engine: Arc::new(engine) }
    }
}

fn engine() -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    engine.set_keep_trailing_newline(false);
    engine.set_auto_escape_callback(|name| match Part::from_file(name) {
        Some(Part::MailHtml | Part::DigestHtml) => AutoEscape::Html,
        Some(Part::MailText | Part::Chat | Part::DigestText) | None => AutoEscape::None,
    });
    // The engine's own escaping turns the strokes of addresses too, which no reader of the source could follow.
    engine.set_formatter(|out, state, value| {
        let text = value.as_str().filter(|_| !value.is_safe());
        match (state.auto_escape(), text) {
            (AutoEscape::Html, Some(text)) => escape(out, text),
            _ => minijinja::escape_formatter(out, state, value),
        }
    });
    engine
}

/// The five characters that mean something in HTML.
fn escape(out: &mut minijinja::Output<'_>, text: &str) -> Result<(), minijinja::Error> {
    use std::fmt::Write;
    for c in text.chars() {
        match c {
            '&' => out.write_str("&#38;")?,
            '<' => out.write_str("&#60;")?,
            '>' => out.write_str("&#62;")?,
            '"' => out.write_str("&#34;")?,
            '\'' => out.write_str("&#39;")?,
            c => out.write_char(c)?,
        }
    }
    Ok(())
}

impl Wording {
    /// With the texts that an office wrote, in the order of [`Part::ALL`]; what is wrong with each, by line.
    pub fn new(own: [Option<String>; Part::ALL.len()]) -> Result<Self, Vec<(Part, Fault)>> {
        let mut faults = Vec::new();
        let mut engine = engine();
        for (part, own) in Part::ALL.into_iter().zip(&own) {
            let text = own.as_deref().unwrap_or(part.ours()).to_owned();
            if let Err(error) = engine.add_template_owned(part.file(), text) {
                faults.push((part, fault(&error)));
            }
        }
        let made = Self { own, engine: Arc::new(engine) };
        if faults.is_empty() {
            for part in Part::ALL {
                if let Err(fault) = made.preview(part) {
                    faults.push((part, fault));
                }
            }
        }
        if faults.is_empty() { Ok(made) } else { Err(faults) }
    }

    /// Whether the office wrote this text itself.
    pub fn is_own(&self, part: Part) -> bool {
        Part::ALL.iter().zip(&self.own).any(|(one, own)| *one == part && own.is_some())
    }

    /// The text as it comes out for a sample, or what is wrong with it.
    pub fn preview(&self, part: Part) -> Result<String, Fault> {
        let console = Url::parse("https://minsheng.example/").expect("a constant address");
        let mut sample = sample();
        let shown = match part {
            Part::MailText | Part::MailHtml | Part::Chat => message(&View::of(&sample, &console)),
            Part::DigestText | Part::DigestHtml => {
                // As what is bundled is.
                sample.brief.grade = Grade::Yellow;
                let both = Batch::of(vec![sample.clone(), sample]).expect("two");
                digest(&Digest::of(&both, &console))
            }
        };
        self.rendered(part, &shown).map_err(|error| fault(&error))
    }

    /// The text for what a message shows.
    pub(super) fn of(&self, part: Part, view: &View) -> String {
        self.rendered_or_ours(part, &message(view))
    }

    /// The text for what a mail shows that tells of several incidents.
    pub(super) fn of_digest(&self, part: Part, shown: &Digest) -> String {
        self.rendered_or_ours(part, &digest(shown))
    }

    fn rendered_or_ours(&self, part: Part, shown: &Value) -> String {
        self.rendered(part, shown).unwrap_or_else(|error| {
            tracing::error!(template = part.file(), %error, "a template failed on a message; ours is used");
            let ours = Self::default().rendered(part, shown);
            ours.expect("our own templates take whatever a message shows")
        })
    }

    fn rendered(&self, part: Part, shown: &Value) -> Result<String, minijinja::Error> {
        let text = self.engine.get_template(part.file())?.render(shown)?;
        if text.len() > LONGEST {
            let what = format!("the text is longer than {LONGEST} bytes");
            return Err(minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, what));
        }
        Ok(text)
    }
}

/// What the templates of a message may show.
fn message(view: &View) -> Value {
    let rows: Vec<_> = view.rows.iter().map(|(name, value)| context! { name, value }).collect();
    let posts = view.posts.iter().map(|post| {
        let super::render::Shown { excerpt, source, at, grade, url } = post;
        context! { excerpt, source, at, grade, url }
    });
    let posts: Vec<_> = posts.collect();
    let View { headline, outside, grade, colour, why, heard, unknown, link, receiver, versions, .. } = view;
    context! { headline, outside, grade, colour, rows, why, heard, posts, unknown, link, receiver, versions }
}

/// What the templates of a digest may show: of each incident, its title beside what a message on it shows.
fn digest(shown: &Digest) -> Value {
    let Digest { title, colour, lines, link, receiver } = shown;
    let lines: Vec<_> = lines.iter().map(|(title, view)| context! { title, ..message(view) }).collect();
    context! { title, colour, lines, link, receiver }
}

fn fault(error: &minijinja::Error) -> Fault {
    Fault { line: error.line(), what: error.to_string(), mend: None }
}

/// A message that has everything.
fn sample() -> Notification {
    let source = SourceId::new("town-forum").expect("a constant name");
    let at = Timestamp::from_second(1_772_324_100).expect("a constant time");
    let url = Url::parse("https://forum.example/thread/7").ok();
    let evidence = Evidence {
        post: PostId::by_external_id(&source, "7"),
        sequence: 7,
        url,
        source,
        source_name: "江城论坛".to_owned(),
        excerpt: "望江花园停水两天了，<老人>没法做饭".to_owned(),
        terms: vec!["停水".to_owned()],
        sensitivity: 61.0,
        grade: Some(Grade::Orange),
        status: Status::Asserted,
        why: "橙：水电气热类；持续两天；老人".to_owned(),
        published_at: at,
    };
    let incident: IncidentId = "INC-20260301-07".parse().expect("a constant name");
    Notification {
        key: NotificationKey::of(&incident, 0, "duty"),
        transition: 0,
        receiver: "duty".to_owned(),
        to: None,
        thread: None,
        reason: Reason::Opened,
        created_at: at,
        brief: Brief {
            incident,
            grade: Grade::Orange,
            was: None,
            state: State::New,
            title: "望江花园 · 水电气热 · 停水".to_owned(),
            matter: "停水".to_owned(),
            follows: None,
            category: "utilities".to_owned(),
            category_name: "水电气热".to_owned(),
            place: Some("望江花园".to_owned()),
            department: Some("water".to_owned()),
            department_name: Some("水务局".to_owned()),
            rule: "grave-post".to_owned(),
            why: vec!["重大单帖：一条帖文评为橙级（61 分）".to_owned()],
            action: Some("权威信息发布 5 小时，03-01 13:15 前".to_owned()),
            voices: 3,
            evidence: vec![evidence],
            posts: 4,
            opened_at: at,
            closed_at: None,
            dictionary: "d1c710a9e001".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::fixture;

    #[test]
    fn ours_take_whatever_a_message_shows() {
        let console = Url::parse("https://minsheng.example/").unwrap();
        for notification in fixture::notifications().iter().chain([&sample()]) {
            let shown = message(&View::of(notification, &console));
            for part in [Part::MailText, Part::MailHtml, Part::Chat] {
                assert!(!Wording::default().rendered(part, &shown).unwrap().is_empty());
            }
        }
    }

    #[test]
    fn an_office_writes_its_own_and_html_stays_escaped() {
        let own = [
            None,
            Some("<p>{{ posts[0].excerpt }}</p>".to_owned()),
            Some("{{ grade }} {{ headline }}".to_owned()),
            Some("{{ title }}{% for line in lines %} {{ line.title }}{% endfor %}".to_owned()),
            None,
        ];
        let wording = Wording::new(own).unwrap();
        assert_eq!(
            wording.preview(Part::MailHtml).unwrap(),
            "<p>望江花园停水两天了，&#60;老人&#62;没法做饭</p>"
        );
        assert_eq!(wording.preview(Part::Chat).unwrap(), "橙级 发现新情况，等待签收。");
        let line = "望江花园 · 水电气热 · 停水";
        let digest = format!("【汇总】1 件处置单有新情况，最高黄级 {line} {line}");
        assert_eq!(wording.preview(Part::DigestText).unwrap(), digest);
        assert_eq!(wording.preview(Part::MailText), Wording::default().preview(Part::MailText));
        assert!(wording.is_own(Part::Chat) && !wording.is_own(Part::MailText));
    }

    #[test]
    fn faults_name_file_and_line_and_a_runaway_ends() {
        let loops = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        for (text, line, word) in [
            ("一\n{{ headlin }}", 2, "undefined"),
            ("{% for x in rows %}", 1, "unexpected end"),
            (loops, 1, "fuel"),
            ("一\n{{ include('/etc/passwd') }}", 2, "unknown function"),
        ] {
            let faults = Wording::new([Some(text.to_owned()), None, None, None, None]).unwrap_err();
            let (part, fault) = &faults[0];
            assert_eq!((*part, fault.line), (Part::MailText, Some(line)), "{text}: {fault}");
            assert!(fault.what.contains(word), "{text}: {}", fault.what);
        }
    }

    #[test]
    fn what_fails_on_a_real_message_is_told_in_our_words() {
        let own = [Some("{{ posts[0].excerpt }}".to_owned()), None, None, None, None];
        let wording = Wording::new(own).unwrap();
        let console = Url::parse("https://minsheng.example/").unwrap();
        let mut bare = sample();
        bare.brief.evidence.clear();
        let told = wording.of(Part::MailText, &View::of(&bare, &console));
        assert!(told.starts_with("发现新情况"), "{told}");
    }
}
