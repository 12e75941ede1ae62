//! What mails say around notices, and mails that are no notices, in every language spoken here.
//! Gaps are filled as in notices.

use crate::platform::notices::rules::{Params, fill};

use super::rules::Mail;

/// A mail's texts in one language.
#[derive(Debug, Clone, Copy)]
pub struct MailText {
    pub subject: &'static str,
    pub body: &'static str,
    pub action: &'static str,
}

/// All texts of a language.
#[derive(Debug, Clone, Copy)]
pub struct Texts {
    language: &'static str,
    /// What a notice's link is called.
    pub open: &'static str,
    pub footer: &'static str,
    pub invitation: MailText,
    pub reset: MailText,
    pub first_password: MailText,
    pub registration: MailText,
    pub registration_known: MailText,
    pub digest: MailText,
    pub test: MailText,
}

const ENGLISH: Texts = Texts {
    language: "en",
    open: "Open",
    footer: "You get this mail from {box}. Choose under Account what is mailed to you: {settings}",
    invitation: MailText {
        subject: "You are invited to {workspace}",
        body: "{actor} invites you to {workspace} on {box}. The link works once and for three \
               days.",
        action: "Accept the invitation",
    },
    reset: MailText {
        subject: "Choose a new password for {box}",
        body: "An operator of {box} made this link for you. It works once and for 30 minutes. If \
               you did not ask for it, do nothing: your password stays as it is.",
        action: "Choose a new password",
    },
    first_password: MailText {
        subject: "Your account on {box}",
        body: "An operator of {box} made an account for you. The link works once and for three \
               days.",
        action: "Choose a password",
    },
    registration: MailText {
        subject: "Confirm your address for {box}",
        body: "Somebody, probably you, registered on {box} with this address. The link works once \
               and for a day. If that was not you, do nothing.",
        action: "Confirm and choose a password",
    },
    registration_known: MailText {
        subject: "You have an account on {box} already",
        body: "Somebody, probably you, tried to register on {box} with this address. You have an \
               account already: sign in, or ask an operator for a new password.",
        action: "Sign in",
    },
    digest: MailText {
        subject: "{count} notices from {box}",
        body: "What you were told since the last summary:",
        action: "Open",
    },
    test: MailText {
        subject: "A test mail from {box}",
        body: "If you read this, {box} can send mail.",
        action: "Open",
    },
};

const GERMAN: Texts = Texts {
    language: "de",
    open: "Öffnen",
    footer: "Diese Mail kommt von {box}. Was Sie bekommen, wählen Sie unter Konto: {settings}",
    invitation: MailText {
        subject: "Sie sind zu {workspace} eingeladen",
        body: "{actor} lädt Sie zu {workspace} auf {box} ein. Der Link gilt einmal und drei Tage \
               lang.",
        action: "Einladung annehmen",
    },
    reset: MailText {
        subject: "Neues Passwort für {box} wählen",
        body: "Jemand, der {box} betreut, hat diesen Link für Sie gemacht. Er gilt einmal und 30 \
               Minuten lang. Haben Sie nicht darum gebeten, tun Sie nichts: Ihr Passwort bleibt.",
        action: "Neues Passwort wählen",
    },
    first_password: MailText {
        subject: "Ihr Konto auf {box}",
        body: "Auf {box} wurde ein Konto für Sie angelegt. Der Link gilt einmal und drei Tage \
               lang.",
        action: "Passwort wählen",
    },
    registration: MailText {
        subject: "Bestätigen Sie Ihre Adresse für {box}",
        body: "Jemand, wohl Sie, hat sich auf {box} mit dieser Adresse angemeldet. Der Link gilt \
               einmal und einen Tag lang. Waren Sie das nicht, tun Sie nichts.",
        action: "Bestätigen und Passwort wählen",
    },
    registration_known: MailText {
        subject: "Sie haben schon ein Konto auf {box}",
        body: "Jemand, wohl Sie, wollte sich auf {box} mit dieser Adresse anmelden. Sie haben \
               schon ein Konto: Melden Sie sich an, oder bitten Sie um ein neues Passwort.",
        action: "Anmelden",
    },
    digest: MailText {
        subject: "{count} Mitteilungen von {box}",
        body: "Was Ihnen seit der letzten Zusammenfassung mitgeteilt wurde:",
        action: "Öffnen",
    },
    test: MailText {
        subject: "Testmail von {box}",
        body: "Wenn Sie das lesen, kann {box} Mails verschicken.",
        action: "Öffnen",
    },
};

/// The texts for a language such as `de-AT`; English where it is not spoken here.
pub fn texts(language: &str) -> &'static Texts {
    let spoken = language.split(['-', '_']).next().unwrap_or_default();
    if spoken == GERMAN.language { &GERMAN } else { &ENGLISH }
}

impl MailText {
    /// The mail, with its gaps filled and its link.
    pub fn mail(&self, params: &Params, url: Option<String>) -> Mail {
        Mail {
            subject: fill(self.subject, params),
            paragraphs: vec![fill(self.body, params)],
            action: url.map(|url| (self.action.to_owned(), url)),
            footer: None,
        }
    }
}

/// Values for the gaps.
pub fn params<const N: usize>(values: [(&str, &str); N]) -> Params {
    values.into_iter().map(|(gap, value)| (gap.to_owned(), value.to_owned())).collect()
}
