//! How a value may be encoded in its source.

/// How a value is encoded in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decode {
    /// RFC 4648, section 4, with padding.
    Base64,
    /// RFC 4648, section 5, with or without padding.
    Base64Url,
    /// RFC 4648, section 8, in either case.
    Hex,
}

impl Decode {
    /// The name in the profile.
    pub const NAMES: [(&'static str, Self); 3] =
        [("base64", Self::Base64), ("base64url", Self::Base64Url), ("hex", Self::Hex)];

    /// The bytes; `None` where they are not encoded so.
    pub fn apply(self, bytes: &[u8]) -> Option<Vec<u8>> {
        use data_encoding::{BASE64, BASE64URL, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
        let padded = bytes.ends_with(b"=");
        match self {
            Self::Base64 => BASE64.decode(bytes),
            Self::Base64Url if padded => BASE64URL.decode(bytes),
            Self::Base64Url => BASE64URL_NOPAD.decode(bytes),
            Self::Hex => HEXLOWER_PERMISSIVE.decode(bytes),
        }
        .ok()
    }

    /// The text that [`Decode::apply`] makes these bytes of.
    pub fn encode(self, bytes: &[u8]) -> String {
        use data_encoding::{BASE64, BASE64URL, HEXLOWER};
        match self {
            Self::Base64 => BASE64.encode(bytes),
            Self::Base64Url => BASE64URL.encode(bytes),
            Self::Hex => HEXLOWER.encode(bytes),
        }
    }

    /// The name in the profile.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, decode)| *decode == self).map_or("", |(name, _)| name)
    }
}
