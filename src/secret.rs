//! The one type for bytes that must never be printed.

use secrecy::{ExposeSecret, SecretBox};

/// Bytes that came from a source (or a credential for one). Wiped on drop; no `Debug`, `Display` or `Serialize`,
/// so that neither a message nor a log can hold them by accident.
pub struct Secret(SecretBox<Vec<u8>>);

impl Secret {
    /// Takes over `bytes`; nothing is copied.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// The bytes themselves. Each caller is a place to review.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.expose().len()
    }

    /// Whether there are no bytes: an empty value is a value.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl From<&[u8]> for Secret {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes.to_vec())
    }
}
