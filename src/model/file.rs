//! The file of a model: eight bytes that name the format, a hash over the rest, the packed content.

use std::io::Read as _;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Model, Vocabulary};

/// Format and its version.
const MAGIC: &[u8; 8] = b"MSMODEL1";
/// Most bytes of the content.
const MOST: u64 = 64 << 20;

/// Why a file is no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Another kind of file, or another version of the format.
    #[error("this is no model of this version of Minsheng")]
    Format,
    /// Something is missing or changed.
    #[error("the model is damaged")]
    Damaged,
}

impl Model {
    /// The bytes of its file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let content = self.content();
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(blake3::hash(&content).as_bytes());
        let mut packed = DeflateEncoder::new(bytes, Compression::best());
        std::io::Write::write_all(&mut packed, &content).expect("memory takes all");
        packed.finish().expect("memory takes all")
    }

    /// A model from the bytes of its file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(ModelError::Format)?;
        let (hash, packed) = rest.split_at_checked(blake3::OUT_LEN).ok_or(ModelError::Damaged)?;
        let mut content = Vec::new();
        DeflateDecoder::new(packed).take(MOST).read_to_end(&mut content).map_err(|_| ModelError::Damaged)?;
        if blake3::hash(&content).as_bytes() != hash {
            return Err(ModelError::Damaged);
        }
        let model: Self = postcard::from_bytes(&content).map_err(|_| ModelError::Damaged)?;
        if model.is_whole() { Ok(model) } else { Err(ModelError::Damaged) }
    }

    /// What tells it from other models.
    pub(super) fn fingerprint(&self) -> String {
        let anonymous = Self { version: String::new(), ..self.clone() };
        blake3::hash(&anonymous.content()).to_hex()[..12].to_owned()
    }

    fn content(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("plain data can be written")
    }

    fn is_whole(&self) -> bool {
        let Vocabulary { hashes, rarity, .. } = &self.vocabulary;
        let fits = |length: usize, labels: usize| length == labels;
        hashes.len() == rarity.len()
            && self.weights.len() == hashes.len() * self.width()
            && self.heads.iter().all(|head| {
                let labels = head.labels.len();
                fits(head.steps.len(), labels)
                    && fits(head.biases.len(), labels)
                    && fits(head.offsets.len(), labels)
            })
    }
}

impl Serialize for Vocabulary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.hashes, &self.rarity).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Vocabulary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (hashes, rarity) = Deserialize::deserialize(deserializer)?;
        Ok(Self::new(hashes, rarity))
    }
}
