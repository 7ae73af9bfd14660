//! What is said in which words: Chinese first, English beside it, so that neither can be forgotten.

use axum::http::HeaderValue;

use crate::assess::{FactorName, Grade, Mood, Status};
use crate::extract::post::PostKind;
use crate::incident::{Dismissal, FactStatus, Outcome, State};
use crate::notify::Reason;
use crate::people::Role;

/// The reader's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Lang {
    #[default]
    Zh,
    En,
}

/// Light, dark, or as the system is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Lang {
    pub(super) fn of(word: Option<&str>) -> Self {
        match word {
            Some("en") => Self::En,
            Some(_) | None => Self::Zh,
        }
    }

    /// As an HTML language tag.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The words in the reader's language.
    pub(super) fn t<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// The word on a badge.
    pub(super) fn grade(self, grade: Grade) -> &'static str {
        match grade {
            Grade::Red => self.t("红", "Red"),
            Grade::Orange => self.t("橙", "Orange"),
            Grade::Yellow => self.t("黄", "Yellow"),
            Grade::Blue => self.t("蓝", "Blue"),
        }
    }

    /// The level the grade stands for, as the law names it.
    pub(super) fn level(self, grade: Grade) -> &'static str {
        match grade {
            Grade::Red => self.t("特别重大", "act within minutes"),
            Grade::Orange => self.t("重大", "act within hours"),
            Grade::Yellow => self.t("较大", "act today"),
            Grade::Blue => self.t("一般", "in ordinary time"),
        }
    }

    pub(super) fn fact(self, status: FactStatus) -> &'static str {
        let english = match status {
            FactStatus::Unverified => "Not verified yet",
            FactStatus::True => "True",
            FactStatus::Partly => "Partly true",
            FactStatus::False => "False",
        };
        self.t(status.chinese(), english)
    }

    pub(super) fn state(self, state: State) -> &'static str {
        let english = match state {
            State::New => "New",
            State::Acknowledged => "Acknowledged",
            State::Assigned => "Assigned",
            State::Responded => "Responded",
            State::Closed => "Closed",
            State::Dismissed => "Dismissed",
            State::Merged => "Merged",
        };
        self.t(state.chinese(), english)
    }

    pub(super) fn outcome(self, outcome: Outcome) -> &'static str {
        let english = match outcome {
            Outcome::Adopted => "suggestion: what was adopted was said",
            Outcome::Solved => "hardship: the solution was said",
            Outcome::Published => "problem: the finding was published",
            Outcome::Explained => "unclear: it was explained",
            Outcome::Corrected => "wrong view: it was corrected",
            Outcome::Refuted => "false: answered with facts",
        };
        self.t(outcome.chinese(), english)
    }

    pub(super) fn dismissal(self, dismissal: Dismissal) -> &'static str {
        let english = match dismissal {
            Dismissal::Misread => "the text was misread",
            Dismissal::Elsewhere => "not of here",
            Dismissal::Old => "old, or settled before",
            Dismissal::Unmeant => "advert, drill, joke or story",
            Dismissal::Unfounded => "looked into: there is nothing",
        };
        self.t(dismissal.chinese(), english)
    }

    pub(super) fn reason(self, reason: Reason) -> &'static str {
        match reason {
            Reason::Opened => self.t("新开", "opened"),
            Reason::Raised => self.t("升级", "raised"),
            Reason::Acknowledged => self.t("签收", "acknowledged"),
            Reason::Closed => self.t("办结", "closed"),
            Reason::Test => self.t("测试", "test"),
            Reason::Assigned => self.t("派单", "assigned"),
            Reason::Bounced => self.t("退回", "given back"),
            Reason::Responded => self.t("回应", "responded"),
            Reason::Dismissed => self.t("误报", "dismissed"),
            Reason::Reopened => self.t("重开", "reopened"),
            Reason::Merged => self.t("并入", "merged"),
            Reason::Resumed => self.t("挂起到期", "waiting is over"),
            Reason::ClockWarning => self.t("临期", "time is short"),
            Reason::Breach => self.t("超时", "time is up"),
            Reason::Escalated => self.t("催办", "called"),
            Reason::Silent => self.t("系统无应答", "silent"),
            Reason::Restored => self.t("系统恢复", "restored"),
            Reason::Verified => self.t("答复已核验", "answer seen"),
            Reason::Doubted => self.t("答复未通过核验", "no answer"),
            Reason::Handover => self.t("交接班", "hand-over"),
            Reason::Unaccepted => self.t("交接班无人确认", "hand-over not accepted"),
            Reason::Vanished => self.t("答复已消失", "answer gone"),
            Reason::Outage => self.t("信源读不到", "sources not read"),
            Reason::Recovered => self.t("信源恢复", "sources read again"),
        }
    }

    pub(super) fn factor(self, name: FactorName) -> &'static str {
        let english = match name {
            FactorName::Category => "matter",
            FactorName::Harm => "harm",
            FactorName::Scale => "scale",
            FactorName::Vulnerable => "vulnerable people",
            FactorName::Urgency => "urgency",
            FactorName::Sentiment => "mood",
            FactorName::Status => "how it is put",
            FactorName::Reach => "reach",
            FactorName::Floor => "floor",
            FactorName::Ceiling => "ceiling",
            FactorName::Model => "model",
        };
        self.t(name.chinese(), english)
    }

    pub(super) fn status(self, status: Status) -> &'static str {
        match status {
            Status::Asserted => self.t("陈述", "asserted"),
            Status::Advert => self.t("广告", "advert"),
            Status::Drill => self.t("演练", "drill"),
            Status::Fiction => self.t("虚构", "fiction"),
            Status::Negated => self.t("否定", "denied"),
            Status::Resolved => self.t("已解决", "resolved"),
            Status::Elsewhere => self.t("外地", "elsewhere"),
            Status::OldNews => self.t("旧闻", "old news"),
            Status::Hypothetical => self.t("假设", "hypothetical"),
            Status::Hearsay => self.t("传闻", "hearsay"),
            Status::Question => self.t("询问", "question"),
        }
    }

    pub(super) fn mood(self, mood: Mood) -> &'static str {
        let english = match mood {
            Mood::Negative => "negative",
            Mood::Neutral => "neutral",
            Mood::Positive => "positive",
        };
        self.t(mood.chinese(), english)
    }

    pub(super) fn kind(self, kind: PostKind) -> &'static str {
        match kind {
            PostKind::Post => self.t("帖文", "post"),
            PostKind::Comment => self.t("评论", "comment"),
            PostKind::Article => self.t("文章", "article"),
        }
    }

    pub(super) fn role(self, role: Role) -> &'static str {
        match role {
            Role::Ingest => self.t("推送", "ingest"),
            Role::Viewer => self.t("只读", "viewer"),
            Role::Officer => self.t("值班员", "officer"),
            Role::Editor => self.t("词典管理员", "editor"),
            Role::Admin => self.t("管理员", "admin"),
        }
    }

    /// The cookie that keeps the choice for a year.
    pub(super) fn cookie(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Zh => "lang=zh; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
            Self::En => "lang=en; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
        })
    }
}

impl Theme {
    pub(super) fn of(word: Option<&str>) -> Self {
        match word {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            Some(_) | None => Self::Auto,
        }
    }

    /// The value of `data-theme`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The cookie that keeps the choice for a year.
    pub(super) fn cookie(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Auto => "theme=auto; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
            Self::Light => "theme=light; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
            Self::Dark => "theme=dark; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
        })
    }
}
