//! The platform's own kinds of notices, with their texts.

use super::rules::{NoticeSpec, NoticeText};

/// All of them, in the order in which people choose.
pub const PLATFORM: &[&NoticeSpec] = &[
    &SESSION_REUSED,
    &NEW_DEVICE,
    &PASSWORD_CHANGED,
    &PASSWORD_RESET,
    &FACTOR_CHANGED,
    &HELP_ASKED,
    &SERVICE_ACCOUNT_MADE,
    &ROLE_CHANGED,
    &INVITED,
    &JOINED,
    &WORKSPACE_DELETED,
    &WORKSPACE_DAMAGED,
    &DRILL_DUE,
    &REVIEW_DUE,
    &JOB_FAILED,
    &BOX_TROUBLE,
    &CERTIFICATE_ENDS,
    &UPDATE_WAITS,
    &UPDATE_COMES,
    &UPDATE_DONE,
    &UPDATE_FAILED,
];

const fn text(
    language: &'static str,
    label: &'static str,
    title: &'static str,
    detail: &'static str,
) -> NoticeText {
    NoticeText { language, label, title, detail }
}

/// Somebody used an old copy of a session's secret.
pub const SESSION_REUSED: NoticeSpec = NoticeSpec {
    kind: "security.session-reused",
    is_urgent: true,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "A copied session was ended",
            "One of your sessions was ended",
            "An old copy of its secret was used from {address}. If that was not you, change your \
             password and look at your sessions.",
        ),
        text(
            "de",
            "Eine kopierte Sitzung wurde beendet",
            "Eine Ihrer Sitzungen wurde beendet",
            "Von {address} aus wurde eine alte Kopie ihres Geheimnisses benutzt. Waren Sie das \
             nicht, ändern Sie Ihr Passwort und sehen Sie Ihre Sitzungen durch.",
        ),
    ],
};

/// Somebody signed in with a browser that was never used before.
pub const NEW_DEVICE: NoticeSpec = NoticeSpec {
    kind: "security.new-device",
    is_urgent: true,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "Sign-in with a new browser",
            "You signed in with a new browser",
            "From {address} with {device}. If that was not you, change your password.",
        ),
        text(
            "de",
            "Anmeldung mit einem neuen Browser",
            "Sie haben sich mit einem neuen Browser angemeldet",
            "Von {address} mit {device}. Waren Sie das nicht, ändern Sie Ihr Passwort.",
        ),
    ],
};

/// Somebody changed their password.
pub const PASSWORD_CHANGED: NoticeSpec = NoticeSpec {
    kind: "security.password-changed",
    is_urgent: true,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "Password changed",
            "Your password was changed",
            "All other sessions were ended. If that was not you, ask an operator for a reset link.",
        ),
        text(
            "de",
            "Passwort geändert",
            "Ihr Passwort wurde geändert",
            "Alle anderen Sitzungen wurden beendet. Waren Sie das nicht, bitten Sie um einen Link \
             zum Zurücksetzen.",
        ),
    ],
};

/// Somebody chose a new password by a link.
pub const PASSWORD_RESET: NoticeSpec = NoticeSpec {
    kind: "security.password-reset",
    is_urgent: true,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "Password chosen with a link",
            "A new password was chosen with a link",
            "All sessions were ended. If that was not you, ask an operator for a reset link.",
        ),
        text(
            "de",
            "Passwort mit einem Link gewählt",
            "Mit einem Link wurde ein neues Passwort gewählt",
            "Alle Sitzungen wurden beendet. Waren Sie das nicht, bitten Sie um einen Link zum \
             Zurücksetzen.",
        ),
    ],
};

/// A second factor was added, removed or dropped. `{change}` is a sentence.
pub const FACTOR_CHANGED: NoticeSpec = NoticeSpec {
    kind: "security.factor-changed",
    is_urgent: true,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "Second factor changed",
            "Your second factor was changed",
            "{change} If that was not you, change your password and ask an operator for help.",
        ),
        text(
            "de",
            "Zweiter Faktor geändert",
            "Ihr zweiter Faktor wurde geändert",
            "{change} Waren Sie das nicht, ändern Sie Ihr Passwort und bitten Sie um Hilfe.",
        ),
    ],
};

/// Somebody lost every factor and asks to be let in.
pub const HELP_ASKED: NoticeSpec = NoticeSpec {
    kind: "security.help-asked",
    is_urgent: true,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "Somebody lost their second factor",
            "{person} lost the second factor and asks for help",
            "The password was right, from {address}. Ask {person} in person or by phone before \
             you vouch for them.",
        ),
        text(
            "de",
            "Jemand hat den zweiten Faktor verloren",
            "{person} hat den zweiten Faktor verloren und bittet um Hilfe",
            "Das Passwort war richtig, von {address} aus. Fragen Sie {person} persönlich oder am \
             Telefon, bevor Sie sich verbürgen.",
        ),
    ],
};

/// A program got an account of its own.
pub const SERVICE_ACCOUNT_MADE: NoticeSpec = NoticeSpec {
    kind: "security.service-account",
    is_urgent: true,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "Service account made",
            "A service account was made: {account}",
            "{actor} made it.",
        ),
        text("de", "Dienstkonto angelegt", "Neues Dienstkonto: {account}", "Angelegt von {actor}."),
    ],
};

/// Somebody has another role in a workspace.
pub const ROLE_CHANGED: NoticeSpec = NoticeSpec {
    kind: "people.role-changed",
    is_urgent: false,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "Your role changed",
            "You have another role in {workspace}",
            "You were {before} and are {after} now.",
        ),
        text(
            "de",
            "Ihre Rolle hat sich geändert",
            "Sie haben eine andere Rolle in {workspace}",
            "Sie waren {before} und sind jetzt {after}.",
        ),
    ],
};

/// Somebody with an account was invited to a workspace.
pub const INVITED: NoticeSpec = NoticeSpec {
    kind: "people.invited",
    is_urgent: true,
    // The invitation itself is mailed.
    is_mailed: false,
    texts: &[
        text(
            "en",
            "Invited to a workspace",
            "You are invited to {workspace}",
            "{actor} invites you as {role}. Open the link you get from them to accept.",
        ),
        text(
            "de",
            "In einen Arbeitsbereich eingeladen",
            "Sie sind zu {workspace} eingeladen",
            "{actor} lädt Sie als {role} ein. Nehmen Sie mit dem Link an, den Sie bekommen.",
        ),
    ],
};

/// Whoever somebody invited came in.
pub const JOINED: NoticeSpec = NoticeSpec {
    kind: "people.joined",
    is_urgent: false,
    is_mailed: false,
    texts: &[
        text("en", "An invitation was accepted", "{person} joined {workspace}", "As {role}."),
        text("de", "Einladung angenommen", "{person} ist jetzt bei {workspace}", "Als {role}."),
    ],
};

/// A workspace was deleted and will be gone for good.
pub const WORKSPACE_DELETED: NoticeSpec = NoticeSpec {
    kind: "workspace.deleted",
    is_urgent: false,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "A workspace will be gone for good",
            "{workspace} was deleted",
            "It will be gone for good on {day}. Until then an owner or an operator can restore it.",
        ),
        text(
            "de",
            "Ein Arbeitsbereich wird endgültig entfernt",
            "{workspace} wurde gelöscht",
            "Am {day} ist er endgültig weg. Bis dahin kann ihn wiederherstellen, wem er gehört.",
        ),
    ],
};

/// The file of a workspace is damaged, so it can only be read.
pub const WORKSPACE_DAMAGED: NoticeSpec = NoticeSpec {
    kind: "workspace.damaged",
    is_urgent: true,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "A workspace is damaged",
            "The file of {workspace} is damaged",
            "It can only be read now, and not everywhere. An operator restores it from a backup; \
             the damaged file is kept.",
        ),
        text(
            "de",
            "Ein Arbeitsbereich ist beschädigt",
            "Die Datei von {workspace} ist beschädigt",
            "Er lässt sich nur noch lesen, und nicht überall. Wer die Box betreut, stellt ihn aus \
             einer Sicherung wieder her; die beschädigte Datei bleibt erhalten.",
        ),
    ],
};

/// Nobody has opened a backup with a kit for a month.
pub const DRILL_DUE: NoticeSpec = NoticeSpec {
    kind: "backup.drill-due",
    is_urgent: false,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "A recovery kit should be tried",
            "It is time to try the recovery kit",
            "Nobody has opened a backup with it for a month. A drill takes some minutes and \
             changes nothing.",
        ),
        text(
            "de",
            "Das Wiederherstellungs-Kit sollte erprobt werden",
            "Zeit, das Wiederherstellungs-Kit zu erproben",
            "Seit einem Monat hat niemand damit eine Sicherung geöffnet. Eine Übung dauert einige \
             Minuten und ändert nichts.",
        ),
    ],
};

/// Nobody has gone through the security of the box for a month.
pub const REVIEW_DUE: NoticeSpec = NoticeSpec {
    kind: "box.review-due",
    is_urgent: false,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "The security review is due",
            "It is time for the security review",
            "Nobody has gone through the security of the box for a month. It takes some minutes: \
             read what was found, mend what is bad, and keep the review.",
        ),
        text(
            "de",
            "Die Sicherheitsprüfung steht an",
            "Zeit für die Sicherheitsprüfung",
            "Seit einem Monat ist niemand die Sicherheit der Box durchgegangen. Es dauert einige \
             Minuten: lesen, was gefunden wurde, beheben, was schlecht ist, und die Prüfung \
             aufbewahren.",
        ),
    ],
};

/// A job failed for good.
pub const JOB_FAILED: NoticeSpec = NoticeSpec {
    kind: "jobs.failed",
    is_urgent: false,
    is_mailed: true,
    texts: &[
        text("en", "A job failed", "“{job}” failed", "{reason}"),
        text("de", "Ein Auftrag ist gescheitert", "„{job}“ ist gescheitert", "{reason}"),
    ],
};

/// The box needs somebody: its disk, its certificate.
pub const BOX_TROUBLE: NoticeSpec = NoticeSpec {
    kind: "box.trouble",
    is_urgent: true,
    is_mailed: true,
    texts: &[
        text("en", "The box needs attention", "The box needs attention: {part}", "{detail}"),
        text("de", "Die Box braucht jemanden", "Die Box braucht jemanden: {part}", "{detail}"),
    ],
};

/// The box's certificate ends soon and nobody renewed it.
pub const CERTIFICATE_ENDS: NoticeSpec = NoticeSpec {
    kind: "box.certificate-ends",
    is_urgent: true,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "The certificate ends soon",
            "The box's certificate ends on {day}",
            "After that browsers refuse to open the box. It is for {names}. {detail}",
        ),
        text(
            "de",
            "Das Zertifikat läuft bald ab",
            "Das Zertifikat der Box läuft am {day} ab",
            "Danach weigern sich Browser, die Box zu öffnen. Es gilt für {names}. {detail}",
        ),
    ],
};

/// A rehearsed update waits for somebody to confirm it.
pub const UPDATE_WAITS: NoticeSpec = NoticeSpec {
    kind: "updates.waits",
    is_urgent: false,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "An update waits to be confirmed",
            "The update to {to} is rehearsed",
            "It came through on a copy of this box. Requests wait about {pause} while it is \
             switched. Read the plan and confirm it within a day.",
        ),
        text(
            "de",
            "Eine Aktualisierung wartet auf Bestätigung",
            "Die Aktualisierung auf {to} ist erprobt",
            "Sie lief auf einer Kopie dieser Box. Beim Umschalten warten Anfragen etwa {pause}. \
             Lesen Sie den Plan und bestätigen Sie ihn binnen eines Tages.",
        ),
    ],
};

/// An update begins by itself.
pub const UPDATE_COMES: NoticeSpec = NoticeSpec {
    kind: "updates.comes",
    is_urgent: true,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "An update begins by itself",
            "The update to {to} begins at {at}",
            "Requests wait about {pause} while it is switched. If anything is off, the box goes \
             back by itself.",
        ),
        text(
            "de",
            "Eine Aktualisierung beginnt von selbst",
            "Die Aktualisierung auf {to} beginnt um {at}",
            "Beim Umschalten warten Anfragen etwa {pause}. Stimmt etwas nicht, kehrt die Box von \
             selbst zurück.",
        ),
    ],
};

/// A release was switched to and is kept.
pub const UPDATE_DONE: NoticeSpec = NoticeSpec {
    kind: "updates.done",
    is_urgent: false,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "The box runs another release",
            "The box runs {to} now",
            "Before it ran {from}. What is new stands in the history of updates.",
        ),
        text(
            "de",
            "Die Box läuft mit einer anderen Version",
            "Die Box läuft jetzt mit {to}",
            "Davor lief sie mit {from}. Was neu ist, steht im Verlauf der Aktualisierungen.",
        ),
    ],
};

/// An update did not come through.
pub const UPDATE_FAILED: NoticeSpec = NoticeSpec {
    kind: "updates.failed",
    is_urgent: true,
    is_mailed: true,
    texts: &[
        text(
            "en",
            "An update failed",
            "The update to {to} failed",
            "The box runs {from}. {reason}",
        ),
        text(
            "de",
            "Eine Aktualisierung ist gescheitert",
            "Die Aktualisierung auf {to} ist gescheitert",
            "Die Box läuft mit {from}. {reason}",
        ),
    ],
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn gaps(text: &NoticeText) -> BTreeSet<&'static str> {
        let sentences = [text.title, text.detail];
        let gaps = sentences.into_iter().flat_map(|one| one.split('{').skip(1));
        gaps.map(|rest| rest.split('}').next().unwrap()).collect()
    }

    #[test]
    fn every_kind_says_the_same_in_every_language() {
        for spec in PLATFORM {
            let languages: Vec<_> = spec.texts.iter().map(|text| text.language).collect();
            assert_eq!(languages, ["en", "de"], "{}", spec.kind);
            assert_eq!(gaps(&spec.texts[0]), gaps(&spec.texts[1]), "{}", spec.kind);
        }
    }
}
