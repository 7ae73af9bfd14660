//! What a row says about a text ([`Kind`]), how its term is matched ([`Mode`]), and which row wins
//! where two layers say different things ([`Layer`]).

use serde::{Deserialize, Serialize};

/// What a hit of a row says about the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The matter belongs to the row's category; weight = points.
    Topic,
    /// Harm was done; weight = level 1 to 3.
    Severity,
    /// It happens now, or help is needed now.
    Urgency,
    /// Many are concerned.
    Scale,
    /// Old people, children, the ill.
    Vulnerable,
    /// A word that names a sort of place.
    Place,
    /// The writer only heard of it.
    Hearsay,
    /// The writer asks.
    Question,
    /// Something is being sold.
    Advert,
    /// The matter is over.
    Resolved,
    /// A positive word; weight 0 to 1.
    Pos,
    /// A negative word; weight -1 to 0.
    Neg,
    /// Turns what follows into its opposite.
    Negator,
    /// Strengthens or weakens what follows; weight = factor.
    Degree,
    /// It has not happened: if, what if, afraid that.
    Hypothetical,
    /// An exercise.
    Drill,
    /// A film, a game, a joke.
    Fiction,
    /// Somebody denies it.
    Denial,
    /// Thanks and praise.
    Thanks,
    /// It happened long ago.
    OldNews,
    /// It happened in another place.
    Elsewhere,
    /// An authority is asked to act.
    Request,
}

impl Kind {
    /// Every kind with the id used in dictionaries.
    pub const ALL: [(Self, &'static str); 22] = [
        (Self::Topic, "topic"),
        (Self::Severity, "severity"),
        (Self::Urgency, "urgency"),
        (Self::Scale, "scale"),
        (Self::Vulnerable, "vulnerable"),
        (Self::Place, "place"),
        (Self::Hearsay, "hearsay"),
        (Self::Question, "question"),
        (Self::Advert, "advert"),
        (Self::Resolved, "resolved"),
        (Self::Pos, "pos"),
        (Self::Neg, "neg"),
        (Self::Negator, "negator"),
        (Self::Degree, "degree"),
        (Self::Hypothetical, "hypothetical"),
        (Self::Drill, "drill"),
        (Self::Fiction, "fiction"),
        (Self::Denial, "denial"),
        (Self::Thanks, "thanks"),
        (Self::OldNews, "old_news"),
        (Self::Elsewhere, "elsewhere"),
        (Self::Request, "request"),
    ];

    /// The id used in dictionaries.
    pub fn id(self) -> &'static str {
        id_in(&Self::ALL, self)
    }

    /// The kind with this id.
    pub fn of_id(id: &str) -> Option<Self> {
        find_in(&Self::ALL, id)
    }

    /// The words people read.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Topic => "事项",
            Self::Severity => "危害",
            Self::Urgency => "紧迫",
            Self::Scale => "规模",
            Self::Vulnerable => "弱势群体",
            Self::Place => "场所",
            Self::Hearsay => "听说",
            Self::Question => "询问",
            Self::Advert => "广告",
            Self::Resolved => "已解决",
            Self::Pos => "褒义",
            Self::Neg => "贬义",
            Self::Negator => "否定",
            Self::Degree => "程度",
            Self::Hypothetical => "假设",
            Self::Drill => "演练",
            Self::Fiction => "影视或游戏",
            Self::Denial => "辟谣",
            Self::Thanks => "感谢",
            Self::OldNews => "旧闻",
            Self::Elsewhere => "外地",
            Self::Request => "诉求",
        }
    }

    /// Least and greatest weight a row of this kind may state.
    pub(crate) fn weights(self) -> (f64, f64) {
        match self {
            Self::Severity => (1.0, 3.0),
            Self::Pos => (0.0, 1.0),
            Self::Neg => (-1.0, 0.0),
            Self::Degree => (0.1, 2.2),
            Self::Topic
            | Self::Urgency
            | Self::Scale
            | Self::Vulnerable
            | Self::Place
            | Self::Hearsay
            | Self::Question
            | Self::Advert
            | Self::Resolved
            | Self::Negator
            | Self::Hypothetical
            | Self::Drill
            | Self::Fiction
            | Self::Denial
            | Self::Thanks
            | Self::OldNews
            | Self::Elsewhere
            | Self::Request => (0.0, 30.0),
        }
    }
}

/// How a row's term is matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Wherever it stands.
    Sub,
    /// Where it is a whole word, or several.
    Word,
    /// Where all its parts stand close together, in any order.
    All,
    /// A regular expression.
    Re,
}

impl Mode {
    /// Every mode with the id used in dictionaries.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Sub, "sub"), (Self::Word, "word"), (Self::All, "all"), (Self::Re, "re")];

    /// The id used in dictionaries.
    pub fn id(self) -> &'static str {
        id_in(&Self::ALL, self)
    }

    /// The mode with this id.
    pub fn of_id(id: &str) -> Option<Self> {
        find_in(&Self::ALL, id)
    }
}

/// Where a dictionary comes from. A row of a higher layer replaces the same row of a lower one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Comes with the program.
    Builtin,
    /// Made for a province or a city.
    Region,
    /// Made by this desk.
    Site,
    /// For one occasion: every row must end within 30 days.
    Temporary,
}

impl Layer {
    /// Every layer with the id used in headers and as a directory's name, lowest first.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Builtin, "builtin"),
        (Self::Region, "region"),
        (Self::Site, "site"),
        (Self::Temporary, "temporary"),
    ];

    /// The id used in headers and as a directory's name.
    pub fn id(self) -> &'static str {
        id_in(&Self::ALL, self)
    }

    /// The layer with this id.
    pub fn of_id(id: &str) -> Option<Self> {
        find_in(&Self::ALL, id)
    }
}

fn id_in<T: PartialEq + Copy>(all: &[(T, &'static str)], wanted: T) -> &'static str {
    all.iter().find(|(one, _)| *one == wanted).map(|&(_, id)| id).expect("ALL lists every variant")
}

fn find_in<T: Copy>(all: &[(T, &'static str)], id: &str) -> Option<T> {
    all.iter().find(|(_, one)| *one == id).map(|&(found, _)| found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_same_everywhere() {
        for (kind, id) in Kind::ALL {
            assert_eq!((kind.id(), Kind::of_id(id)), (id, Some(kind)));
            assert_eq!(serde_json::to_string(&kind).expect("a string"), format!("\"{id}\""));
        }
        for (mode, id) in Mode::ALL {
            assert_eq!((mode.id(), Mode::of_id(id)), (id, Some(mode)));
        }
        assert!(Layer::ALL.is_sorted());
    }
}
