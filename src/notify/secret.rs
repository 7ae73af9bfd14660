//! Secrets: read from the environment or a file, printed as `***` (promise K1).

use std::fmt;
use std::path::PathBuf;

/// Something that must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// An environment variable.
    Environment(String),
    /// A file; a line end at its end does not count.
    File(PathBuf),
}

/// Why a secret could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set, or not text.
    #[error("environment variable {0} is not set")]
    Unset(String),
    /// The file cannot be read as text.
    #[error("file {file} cannot be read: {why}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        why: String,
    },
    /// Others than owner and group may read the file, or others than the owner may write it (promise F3).
    #[error("file {0} is open to others; chmod 0640 or less")]
    Open(String),
    /// There is nothing in it.
    #[error("{0} is empty")]
    Empty(String),
}

impl Secret {
    /// Takes a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for those who must send it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl SecretPlace {
    /// Reads the secret from where it is kept. Blocks for as long as reading a small file takes.
    pub fn read(&self) -> Result<Secret, SecretError> {
        let text = match self {
            Self::Environment(name) => std::env::var(name).map_err(|_| SecretError::Unset(name.clone()))?,
            Self::File(path) => {
                let file = path.display().to_string();
                refuse_open(path)?;
                std::fs::read_to_string(path)
                    .map_err(|error| SecretError::Unreadable { file, why: error.to_string() })?
            }
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() { Err(SecretError::Empty(self.to_string())) } else { Ok(Secret::new(text)) }
    }
}

#[cfg(unix)]
fn refuse_open(path: &std::path::Path) -> Result<(), SecretError> {
    use std::os::unix::fs::PermissionsExt;
    let file = path.display().to_string();
    let mode = match std::fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode(),
        Err(error) => return Err(SecretError::Unreadable { file, why: error.to_string() }),
    };
    if mode & 0o027 == 0 { Ok(()) } else { Err(SecretError::Open(file)) }
}

#[cfg(not(unix))]
fn refuse_open(_: &std::path::Path) -> Result<(), SecretError> {
    Ok(())
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_is_read_from_a_file_that_is_closed_to_others_and_never_printed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        std::fs::write(&path, "geheim\n").unwrap();
        let place = SecretPlace::File(path.clone());
        for (mode, open) in [(0o600, false), (0o640, false), (0o644, true), (0o660, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let read = place.read();
            assert_eq!(matches!(read, Err(SecretError::Open(_))), open, "{mode:o}");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let secret = place.read().unwrap();
        assert_eq!((secret.reveal(), format!("{secret:?}").as_str()), ("geheim", "***"));
        std::fs::write(&path, "\n").unwrap();
        assert!(matches!(place.read(), Err(SecretError::Empty(_))));
        assert!(matches!(
            SecretPlace::File("/nowhere/at/all".into()).read(),
            Err(SecretError::Unreadable { .. })
        ));
        let unset = SecretPlace::Environment("MINSHENG_SURELY_NOT_SET".to_owned());
        assert_eq!(unset.read(), Err(SecretError::Unset("MINSHENG_SURELY_NOT_SET".to_owned())));
    }
}
