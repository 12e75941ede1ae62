//! What settings say of an authority that signs certificates.

use std::fmt;

/// Let's Encrypt.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// The same for trying out.
const STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";
/// The longest mail address there is.
const CONTACT_BYTES_MAX: usize = 254;

/// Where an authority says what it can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeDirectory(String);

impl AcmeDirectory {
    /// Reads `letsencrypt`, `staging` or an `https` address.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "letsencrypt" => return Some(Self(LETS_ENCRYPT.to_owned())),
            "staging" => return Some(Self(STAGING.to_owned())),
            _ => {}
        }
        let host = text.strip_prefix("https://")?.split('/').next()?;
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"@#\"<>\\".contains(&byte);
        let fits = !host.is_empty() && !host.starts_with(':') && text.bytes().all(is_plain);
        fits.then(|| Self(text.to_owned()))
    }

    pub fn url(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AcmeDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A mail address an authority writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact(String);

impl Contact {
    pub fn parse(text: &str) -> Option<Self> {
        let (before, after) = text.split_once('@')?;
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b",;<>()[]\"\\?&%#:".contains(&byte);
        let fits = !before.is_empty()
            && after.contains('.')
            && !after.contains('@')
            && text.len() <= CONTACT_BYTES_MAX
            && text.bytes().all(is_plain);
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_a_word_or_an_https_address() {
        let url = |text: &str| AcmeDirectory::parse(text).map(|one| one.url().to_owned());

        assert_eq!(url("letsencrypt").as_deref(), Some(LETS_ENCRYPT));
        assert_eq!(url("staging").as_deref(), Some(STAGING));
        let own = "https://ca.example.com:14000/dir";
        assert_eq!(url(own).as_deref(), Some(own));
        for bad in ["", "production", "http://ca.example.com/dir", "https://", "https://a@b/dir"] {
            assert_eq!(url(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_contact_is_one_mail_address() {
        assert!(Contact::parse("ops@example.com").is_some());
        for bad in ["", "ops", "@example.com", "ops@example", "a@b.c,d@e.f", "a b@c.de", "a@b@c.d"]
        {
            assert!(Contact::parse(bad).is_none(), "{bad}");
        }
    }
}
