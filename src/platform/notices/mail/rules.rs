//! What a mail server's settings must be, and how a mail reads as text and as HTML.

use std::net::IpAddr;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, FieldError, Result, code};
use crate::platform::identity::users::rules::clean_email;
use crate::platform::secret::Secret;

const HOST_LENGTH_MAX: usize = 253;
const USER_LENGTH_MAX: usize = 254;
const PASSWORD_LENGTH_MAX: usize = 1_000;
const SENDER_LENGTH_MAX: usize = 320;

pub const CODES: &[Code] = &[
    code("mail-host", "This is no name or address of a mail server.", "E.g. smtp.example.com."),
    code("mail-port", "This is no port.", "465 for tls, 587 for starttls, as a rule."),
    code(
        "mail-security",
        "A password goes over an encrypted connection only, unless the server is on this machine.",
        "Choose tls or starttls.",
    ),
    code("mail-user", "Name and password of the mail server do not fit.", "Give both or neither."),
    code(
        "mail-password",
        "The password of the mail server is needed: a kept one is not sent elsewhere.",
        "Type the password again.",
    ),
    code(
        "mail-sender",
        "Nobody can be written to from this.",
        "Write box@example.com or Kitchen box <box@example.com>.",
    ),
    code("mail-off", "No mail server is set.", "Set one first."),
];

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// From the first byte on.
    Tls,
    /// Before anything is said; a server that does not offer it gets no mail.
    StartTls,
    None,
}

impl Security {
    pub const ALL: [Self; 3] = [Self::Tls, Self::StartTls, Self::None];

    pub fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::StartTls => "starttls",
            Self::None => "none",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// The mail server, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub user: Option<String>,
    /// What mails are from.
    pub sender: String,
}

/// How the last attempt on a channel ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    pub at: Moment,
    pub is_ok: bool,
    pub detail: Option<String>,
}

/// Settings as somebody typed them.
#[derive(Debug)]
pub struct Draft {
    pub host: String,
    pub port: i64,
    pub security: Security,
    pub user: Option<String>,
    /// Left out: the one that is kept.
    pub password: Option<Secret>,
    pub sender: String,
}

impl Draft {
    /// Gives the server, or says all that is wrong. `kept` is the server whose password is kept.
    pub fn check(&self, kept: Option<&Server>) -> Result<Server> {
        let mut wrong = Vec::new();
        let mut complain = |field: &str, code: &'static str, detail: &str| {
            wrong.push(FieldError::new(format!("smtp.{field}"), code, detail));
        };
        let host = self.host.trim().to_lowercase();
        if !is_host(&host) {
            complain("host", "mail-host", "This is no name or address of a server.");
        }
        let port = u16::try_from(self.port).unwrap_or(0);
        if port == 0 {
            complain("port", "mail-port", "A port is from 1 to 65535.");
        }
        let user = self.user.as_deref().map(str::trim).filter(|user| !user.is_empty());
        if user.is_some_and(|user| user.len() > USER_LENGTH_MAX || has_controls(user)) {
            complain("user", "mail-user", "This name cannot be used.");
        }
        let sender = self.sender.trim();
        if sender.len() > SENDER_LENGTH_MAX || has_controls(sender) || mailbox(sender).is_none() {
            complain("from", "mail-sender", "Write it like Kitchen box <box@example.com>.");
        }
        let server = Server {
            host,
            port,
            security: self.security,
            user: user.map(str::to_owned),
            sender: sender.to_owned(),
        };
        self.check_password(&server, kept, &mut complain);
        if wrong.is_empty() { Ok(server) } else { Err(Error::Invalid(wrong)) }
    }

    fn check_password(
        &self,
        server: &Server,
        kept: Option<&Server>,
        complain: &mut impl FnMut(&str, &'static str, &str),
    ) {
        match (&server.user, &self.password) {
            (None, Some(password)) if !password.is_empty() => {
                complain("user", "mail-user", "Whose password is it? Give the name, too.");
            }
            (Some(_), Some(password)) => {
                let text = password.reveal();
                if text.is_empty() || text.len() > PASSWORD_LENGTH_MAX || has_controls(text) {
                    complain("password", "mail-password", "This password cannot be used.");
                }
            }
            // Whoever may change the settings must not learn the password by naming another server.
            (Some(_), None) if !kept.is_some_and(|kept| goes_to_the_same(kept, server)) => {
                complain("password", "mail-password", "Type the password for this server.");
            }
            _ => {}
        }
        let is_open = server.security == Security::None && !is_this_machine(&server.host);
        if server.user.is_some() && is_open {
            complain("security", "mail-security", "A password needs tls or starttls.");
        }
    }
}

fn goes_to_the_same(kept: &Server, server: &Server) -> bool {
    (&kept.host, kept.port, kept.security, &kept.user)
        == (&server.host, server.port, server.security, &server.user)
}

fn has_controls(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn is_host(text: &str) -> bool {
    let is_name_part = |part: &str| {
        let is_plain = |one: char| one.is_ascii_alphanumeric() || one == '-' || one == '_';
        !part.is_empty() && part.len() <= 63 && part.chars().all(is_plain)
    };
    let is_name = text.split('.').all(is_name_part);
    text.len() <= HOST_LENGTH_MAX && (is_name || text.parse::<IpAddr>().is_ok())
}

/// Whether a server's name means this machine itself.
pub fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Name and address of `Kitchen box <box@example.com>` or of a plain address.
pub fn mailbox(text: &str) -> Option<(Option<&str>, String)> {
    let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => (Some(name.trim().trim_matches('"')), address),
        None => (None, text),
    };
    let address = clean_email("from", address).ok()?;
    let is_plain = |one: char| !matches!(one, '<' | '>' | ',' | ';' | '"' | '\\');
    let is_fine =
        address.chars().all(is_plain) && name.is_none_or(|name| name.chars().all(is_plain));
    is_fine.then_some((name.filter(|name| !name.is_empty()), address))
}

/// What a mail says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mail {
    pub subject: String,
    pub paragraphs: Vec<String>,
    /// What the link is called, and where it leads.
    pub action: Option<(String, String)>,
    /// Small print.
    pub footer: Option<String>,
}

/// The mail as plain text.
pub fn text(mail: &Mail) -> String {
    let mut parts: Vec<String> =
        mail.paragraphs.iter().filter(|it| !it.is_empty()).cloned().collect();
    if let Some((label, url)) = &mail.action {
        parts.push(format!("{label}:\n{url}"));
    }
    if let Some(footer) = &mail.footer {
        parts.push(format!("-- \n{footer}"));
    }
    let mut text = parts.join("\n\n");
    text.push('\n');
    text
}

/// The mail as HTML that needs nothing from anywhere.
pub fn html(mail: &Mail) -> String {
    const STYLE: &str = "font-family:system-ui,sans-serif;font-size:16px;line-height:1.5;\
                         max-width:36em;margin:1em auto;color:#1a1a1a";
    let mut html = String::from("<!doctype html><html><body style=\"");
    html.push_str(STYLE);
    html.push_str("\">");
    for paragraph in mail.paragraphs.iter().filter(|it| !it.is_empty()) {
        let paragraph = escaped(paragraph).replace('\n', "<br>");
        html.extend(["<p>", &paragraph, "</p>"]);
    }
    if let Some((label, url)) = &mail.action {
        let (label, url) = (escaped(label), escaped(url));
        html.extend(["<p><a href=\"", &url, "\">", &label, "</a></p><p>", &url, "</p>"]);
    }
    if let Some(footer) = &mail.footer {
        html.extend(["<hr><p><small>", &escaped(footer), "</small></p>"]);
    }
    html.push_str("</body></html>");
    html
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            host: "SMTP.example.com ".to_owned(),
            port: 465,
            security: Security::Tls,
            user: Some("box".to_owned()),
            password: Some(Secret::new("geheim")),
            sender: "Kitchen box <box@example.com>".to_owned(),
        }
    }

    fn codes(draft: &Draft, kept: Option<&Server>) -> Vec<&'static str> {
        match draft.check(kept) {
            Ok(_) => Vec::new(),
            Err(Error::Invalid(fields)) => fields.iter().map(|field| field.code).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let bad =
            Draft { host: "a b".to_owned(), port: 65_536, sender: "nobody".to_owned(), ..draft() };

        assert_eq!(codes(&bad, None), ["mail-host", "mail-port", "mail-sender"]);
        assert_eq!(codes(&draft(), None), [] as [&str; 0]);
    }

    #[test]
    fn a_kept_password_goes_to_the_server_it_was_given_for_and_to_no_other() {
        let kept = draft().check(None).unwrap();
        let same = Draft { password: None, ..draft() };
        let other = Draft { host: "evil.example.com".to_owned(), password: None, ..draft() };

        assert_eq!(codes(&same, Some(&kept)), [] as [&str; 0]);
        assert_eq!(codes(&other, Some(&kept)), ["mail-password"]);
        assert_eq!(codes(&same, None), ["mail-password"]);
    }

    #[test]
    fn a_password_is_never_sent_in_the_open() {
        let open = Draft { security: Security::None, ..draft() };
        let here = Draft { host: "127.0.0.1".to_owned(), security: Security::None, ..draft() };

        assert_eq!(codes(&open, None), ["mail-security"]);
        assert_eq!(codes(&here, None), [] as [&str; 0]);
    }

    #[test]
    fn a_sender_has_one_address_and_no_second_header() {
        assert_eq!(mailbox("box@example.com"), Some((None, "box@example.com".to_owned())));
        let named = mailbox("Küche <box@example.com>");
        assert_eq!(named, Some((Some("Küche"), "box@example.com".to_owned())));
        for bad in ["a@b.c, d@e.f", "x <a@b.c> <d@e.f>", "<>", "a@b.c>\nBcc: d@e.f", ""] {
            assert_eq!(mailbox(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_people_wrote_is_no_markup() {
        let mail = Mail {
            paragraphs: vec!["<b>&\"x\"".to_owned()],
            action: Some(("Open".to_owned(), "https://x/?a&b".to_owned())),
            ..Mail::default()
        };

        let html = html(&mail);

        assert!(html.contains("&lt;b&gt;&amp;&quot;x&quot;"), "{html}");
        assert!(html.contains("href=\"https://x/?a&amp;b\""), "{html}");
        assert_eq!(text(&mail), "<b>&\"x\"\n\nOpen:\nhttps://x/?a&b\n");
    }
}
