//! The post: one public text, clean, with a stable identity.
//!
//! `extract` alone makes posts out of fetched or pushed material. What holds of every [`Post`]: its
//! text is plain text of bounded size, its address is canonical, its publication time does not lie
//! after its capture, and it names nobody. The author's name travels beside it in [`AuthorName`],
//! a type that cannot be written anywhere, until intake turns it into a [`Voice`].

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use url::Url;

use crate::source::SourceId;

/// Longest text kept of one post, in bytes (promise P4).
pub const TEXT_LIMIT: usize = 64 * 1024;
/// Longest title kept, in bytes (promise P4).
pub const TITLE_LIMIT: usize = 1024;
/// Longest link or external id kept, in bytes (promise P4).
pub const LINK_LIMIT: usize = 2 * 1024;

/// One public text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Post {
    /// Stable over repeated crawls, redirects and restarts.
    pub id: PostId,
    /// Where it was found.
    pub source: SourceId,
    /// The source's own id, if it has one.
    pub external_id: Option<String>,
    /// What sort of text it is.
    pub kind: PostKind,
    /// What it answers.
    pub parent: Option<PostId>,
    /// The topic or article under which it stands; a thread's opener names itself or nothing.
    pub thread: Option<PostId>,
    /// Canonical address, if it has one.
    pub url: Option<Url>,
    /// Plain text; empty if there is none.
    pub title: String,
    /// Plain text, paragraphs parted by line feeds.
    pub text: String,
    /// Stands for the writer without naming him; set by intake.
    pub voice: Option<Voice>,
    /// Whether an office published it on its own account.
    pub official: bool,
    /// When it was published; the time of capture where the source tells none or one that cannot be.
    pub published_at: Timestamp,
    /// Whether `published_at` is what the source says.
    pub dated: Dated,
    /// When we saw it first.
    pub captured_at: Timestamp,
    /// Place declared by the source or sender, not by the text.
    pub place: Option<String>,
    /// What was counted when it was seen.
    pub counts: Counts,
}

/// A post together with what must not be stored: as it leaves extraction, before intake.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The post, `voice` still unset.
    pub post: Post,
    /// Who wrote it, if the source tells.
    pub author: Option<AuthorName>,
}

/// Identity of a post: 128 bits, written as 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostId([u8; 16]);

/// What sort of text a post is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PostKind {
    /// Opens a thread, or stands alone.
    Post,
    /// Answers something.
    Comment,
    /// An editor's or office's text.
    Article,
}

/// Whether the publication time is the source's word or ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dated {
    /// The source tells it.
    Claimed,
    /// The source tells none that can be read, or one in the future: time of capture.
    Captured,
}

/// What readers did with a post, as shown by the source; 0 where it shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Approvals.
    pub likes: u64,
    /// Copies made by others.
    pub reposts: u64,
    /// Answers.
    pub comments: u64,
    /// Times shown.
    pub views: u64,
}

/// A writer's name or account, held only until it is hashed: cannot be serialised, prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorName(String);

/// Stands for one writer on one source without telling who: HMAC-SHA-256 under the installation's
/// key, shortened to 128 bits (promise V2). Its only use is counting distinct voices.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Voice([u8; 16]);

/// The installation's key for voices. Destroying it breaks the link to the writers for good.
#[derive(Clone)]
pub struct VoiceKey([u8; 32]);

impl PostId {
    /// Identity by the best the source offers: its own id, else the canonical address, else the content.
    pub fn of(
        source: &SourceId,
        external_id: Option<&str>,
        url: Option<&Url>,
        title: &str,
        text: &str,
    ) -> Self {
        match (external_id, url) {
            (Some(id), _) => Self::by_external_id(source, id),
            (None, Some(url)) => Self::by_url(source, url),
            (None, None) => Self::hash(&["text", source.as_str(), title, text]),
        }
    }

    /// Identity of the post that the source calls `id`.
    pub fn by_external_id(source: &SourceId, id: &str) -> Self {
        Self::hash(&["id", source.as_str(), id])
    }

    /// Identity of the post at a canonical address.
    pub fn by_url(source: &SourceId, url: &Url) -> Self {
        Self::hash(&["url", source.as_str(), url.as_str()])
    }

    /// The bytes, for keys of stores.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Back from the bytes of a key.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    fn hash(parts: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            // The length keeps ("ab","c") and ("a","bc") apart.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut id = [0; 16];
        hasher.finalize_xof().fill(&mut id);
        Self(id)
    }
}

impl fmt::Display for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is no post id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a post id is 32 hexadecimal digits")]
pub struct BadPostId;

impl std::str::FromStr for PostId {
    type Err = BadPostId;
    fn from_str(text: &str) -> Result<Self, BadPostId> {
        if text.len() != 32 || !text.is_ascii() {
            return Err(BadPostId);
        }
        let mut id = [0; 16];
        for (byte, digits) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| BadPostId)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| BadPostId)?;
        }
        Ok(Self(id))
    }
}

impl Serialize for PostId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for PostId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
        } else {
            Ok(Self(<[u8; 16]>::deserialize(deserializer)?))
        }
    }
}

impl PostKind {
    /// The word used in records and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Comment => "comment",
            Self::Article => "article",
        }
    }
}

impl AuthorName {
    /// Takes a name; an empty one is nobody.
    pub fn new(name: &str) -> Option<Self> {
        let name = name.trim();
        (!name.is_empty()).then(|| Self(name.to_owned()))
    }

    /// Whether this is one of the accounts an office was registered with.
    pub fn is_one_of(&self, accounts: &[String]) -> bool {
        accounts.iter().any(|account| account == &self.0)
    }

    /// The voice that stands for this writer on one source.
    pub fn voice(&self, source: &SourceId, key: &VoiceKey) -> Voice {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes a key of any length");
        mac.update(source.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(self.0.as_bytes());
        let digest = mac.finalize().into_bytes();
        let mut voice = [0; 16];
        voice.copy_from_slice(&digest[..16]);
        Voice(voice)
    }
}

impl fmt::Debug for AuthorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Voice {
    /// The bytes, for counting.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Voice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("voice")
    }
}

impl VoiceKey {
    /// The key as read from its file or made anew.
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }
}

impl fmt::Debug for VoiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_prefers_the_sources_own_id_then_the_address_then_the_content() {
        let source = SourceId::new("forum").unwrap();
        let other = SourceId::new("news").unwrap();
        let url = Url::parse("https://forum.example/t/1").unwrap();
        let id = PostId::of(&source, Some("7"), Some(&url), "a", "b");
        assert_eq!(id, PostId::of(&source, Some("7"), None, "", "edited"));
        assert_ne!(id, PostId::of(&other, Some("7"), None, "", "edited"));
        assert_eq!(
            PostId::of(&source, None, Some(&url), "", "x"),
            PostId::of(&source, None, Some(&url), "", "y")
        );
        assert_ne!(PostId::of(&source, None, None, "ab", "c"), PostId::of(&source, None, None, "a", "bc"));
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn a_writers_name_is_never_printed() {
        let name = AuthorName::new(" 路边的风 ").unwrap();
        assert_eq!(format!("{name:?}"), "***");
        let source = SourceId::new("forum").unwrap();
        let voice = name.voice(&source, &VoiceKey::new([7; 32]));
        assert_eq!(voice, AuthorName::new("路边的风").unwrap().voice(&source, &VoiceKey::new([7; 32])));
        assert_ne!(voice, name.voice(&source, &VoiceKey::new([8; 32])));
        assert!(AuthorName::new("  ").is_none());
    }
}
