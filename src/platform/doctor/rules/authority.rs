//! Decisions about the certificate of a public authority.

use std::time::Duration;

use super::Verdict;
use super::words::{day, listed, quoted, sentence};
use crate::platform::clock::Moment;
use crate::platform::tls::acme::rules::{Remedy, remedy};

/// A renewal that is late by so much is one that fails; of a short life, a quarter of what is left.
const LATE_MAX: Duration = Duration::from_hours(2 * 24);

/// How it stands with the authority that the settings name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authority {
    /// The address of its directory.
    pub directory: String,
    /// The configuration file.
    pub file: String,
    /// Names of the box that an authority could sign for.
    pub wanted: Vec<String>,
    /// The address of terms that nobody agreed to yet.
    pub terms: Option<String>,
    /// What it signed last, ended or not.
    pub signed: Option<Signed>,
    /// Why there is no newer certificate.
    pub trouble: Option<String>,
    /// Names that it would not sign for, each with the reason.
    pub refused: Vec<(String, String)>,
}

/// A certificate that an authority signed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signed {
    pub names: Vec<String>,
    pub not_after: Moment,
    pub renewal_at: Option<Moment>,
}

/// Whether the authority signs; none where the settings name none.
pub fn standing(authority: Option<&Authority>, now: Moment, is_running: bool) -> Verdict {
    let Some(one) = authority else {
        return Verdict::skipped("The box asks no authority for certificates.");
    };
    if one.wanted.is_empty() {
        return Verdict::warning("None of the box's names can have a public certificate.")
            .fix(format!("editor {}  # [server] names = [\"ops.example.com\"]", quoted(&one.file)))
            .fix(RESTART);
    }
    let signed = one.signed.as_ref().filter(|signed| signed.not_after > now);
    if let Some(terms) = &one.terms {
        let cause = format!("It signs for whoever agrees to its terms: {terms}.");
        return one.agreed(Verdict::warning(cause));
    }
    match (signed, &one.trouble) {
        // A few days without an answer harm nobody; late ones are told as such.
        (Some(_), Some(trouble)) => one.mended(Verdict::hint(sentence(trouble)), trouble, None),
        (None, Some(trouble)) => one.mended(Verdict::failed(sentence(trouble)), trouble, None),
        (Some(signed), None) => {
            let next = signed.renewal_at.map(|at| format!(" Renewal is on {}.", day(at)));
            let next = next.unwrap_or_default();
            Verdict::ok(format!("It signed for {}.{next}", listed(&signed.names)))
        }
        (None, None) => one.waits(is_running),
    }
}

/// The end of a certificate that an authority signed.
pub fn lifetime(one: &Authority, signed: &Signed, now: Moment) -> Verdict {
    let said = one.trouble.as_deref().map(|trouble| format!(" {}", sentence(trouble)));
    let said = said.unwrap_or_default();
    let mended = |verdict| one.mended(verdict, &said, None);
    let ends = day(signed.not_after);
    if signed.not_after <= now {
        let cause = format!("It ended on {ends}, and the box shows the one of its own root.{said}");
        return mended(Verdict::failed(cause));
    }
    let Some(due) = signed.renewal_at.filter(|due| is_late(*due, signed.not_after, now)) else {
        return Verdict::ok(format!("It is good until {ends}."));
    };
    let cause =
        format!("It was due to be renewed on {} and was not; it ends on {ends}.{said}", day(due));
    mended(Verdict::warning(cause))
}

fn is_late(due: Moment, ends: Moment, now: Moment) -> bool {
    now >= due.plus(LATE_MAX.min(ends.since(due) / 4))
}

/// Names of the box that the certificate lacks.
pub fn covered(one: &Authority, signed: &Signed) -> Verdict {
    let missing: Vec<&String> =
        one.wanted.iter().filter(|name| !signed.names.contains(name)).collect();
    let Some(first) = missing.first() else {
        return Verdict::ok("It names every public name of the box.");
    };
    let refused = one.refused.iter().find(|(name, _)| name == *first);
    let why = refused.map(|(name, why)| format!(" {name}: {}", sentence(why)));
    let why = why.unwrap_or_default();
    let cause = format!("It does not name {}.{why}", listed(&missing));
    one.mended(Verdict::warning(cause), &why, Some(first.as_str()))
}

const RESTART: &str = "systemctl restart holdfast.service";
/// What the box said of it by itself.
const LOOK: &str = "journalctl -u holdfast --grep='[Cc]ertificate' -n 20";

impl Authority {
    fn agreed(&self, verdict: Verdict) -> Verdict {
        self.set(verdict, "acme_terms_agreed = true")
    }

    fn set(&self, verdict: Verdict, line: &str) -> Verdict {
        verdict.fix(format!("editor {}  # [tls] {line}", quoted(&self.file))).fix(RESTART)
    }

    /// It was not asked yet, or has not answered yet.
    fn waits(&self, is_running: bool) -> Verdict {
        let names = listed(&self.wanted);
        if is_running {
            let cause = format!(
                "It is being asked to sign for {names}; until then the box shows its own \
                 certificate."
            );
            return Verdict::hint(cause).fix(LOOK);
        }
        Verdict::hint(format!("It is asked to sign for {names} once the box runs."))
            .fix("systemctl start holdfast.service")
    }

    /// Adds what mends a failure, by what was said of it; about this name, else about the first
    /// one that it is about.
    fn mended(&self, verdict: Verdict, said: &str, name: Option<&str>) -> Verdict {
        let refused = self.refused.first().map(|(name, _)| name);
        let name = name.or(refused.or(self.wanted.first()).map(String::as_str));
        let name = name.unwrap_or_default();
        let proof = format!("curl -sSI http://{name}/.well-known/acme-challenge/x");
        match remedy(said) {
            Some(Remedy::Reach) => {
                verdict.fix(format!("curl -sSI {}", quoted(&self.directory))).fix(LOOK)
            }
            Some(Remedy::Ports) => {
                verdict.fix("ss -ltn '( sport = :80 or sport = :443 )'").fix(proof)
            }
            Some(Remedy::Records) => verdict.fix(format!("getent ahosts {name}")).fix(proof),
            Some(Remedy::Permission) => verdict.fix(format!("dig +short CAA {name}")),
            Some(Remedy::Name) => verdict
                .fix(format!("editor {}  # [server] names, without {name}", quoted(&self.file)))
                .fix(RESTART),
            Some(Remedy::Terms) => self.agreed(verdict),
            Some(Remedy::Binding) => {
                self.set(verdict, "acme_binding_id = \"…\", acme_binding_key = \"…\"")
            }
            Some(Remedy::Contact) => self.set(verdict, "acme_contact = \"ops@example.com\""),
            Some(Remedy::Wait) | None => verdict.fix(LOOK),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;
    use crate::platform::tls::acme::rules::said;

    const NOW: Moment = Moment(1_795_240_800_000);
    const DAY: Duration = Duration::from_hours(24);

    fn authority() -> Authority {
        Authority {
            directory: "https://ca.example.com/dir".to_owned(),
            file: "/etc/holdfast/holdfast.toml".to_owned(),
            wanted: vec!["a.example.com".to_owned(), "b.example.com".to_owned()],
            ..Authority::default()
        }
    }

    fn signed(names: &[&str]) -> Signed {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Signed { names, not_after: NOW.plus(30 * DAY), renewal_at: Some(NOW) }
    }

    fn refusal(kind: &str) -> String {
        said(&format!("urn:ietf:params:acme:error:{kind}"), "so it is")
    }

    #[test]
    fn a_box_that_waits_for_its_first_certificate_is_told_apart_from_one_that_is_refused() {
        let waits = authority();
        assert_eq!(standing(Some(&waits), NOW, true).status, Status::Hint);
        assert_eq!(standing(Some(&waits), NOW, true).fix, [LOOK]);
        let at_rest = standing(Some(&waits), NOW, false);
        assert_eq!(at_rest.fix, ["systemctl start holdfast.service"]);
        assert_eq!(standing(None, NOW, true).status, Status::Skipped);
        let none = Authority { wanted: Vec::new(), ..authority() };
        assert_eq!(standing(Some(&none), NOW, true).status, Status::Warning);

        let terms = Some("https://ca.example.com/terms".to_owned());
        let unagreed = standing(Some(&Authority { terms, ..authority() }), NOW, true);
        assert_eq!(unagreed.status, Status::Warning);
        assert!(unagreed.fix[0].ends_with("# [tls] acme_terms_agreed = true"), "{unagreed:?}");

        let refused = Authority { trouble: Some(refusal("dns")), ..authority() };
        let verdict = standing(Some(&refused), NOW, true);
        assert_eq!(verdict.status, Status::Failed);
        assert!(verdict.cause.ends_with("It says: so it is."), "{}", verdict.cause);
        assert_eq!(verdict.fix[0], "getent ahosts a.example.com");
        let with_one = Authority { signed: Some(signed(&["a.example.com"])), ..refused };
        assert_eq!(standing(Some(&with_one), NOW, true).status, Status::Hint);
        let content = Authority { trouble: None, ..with_one };
        assert_eq!(standing(Some(&content), NOW, true).status, Status::Ok);
    }

    #[test]
    fn each_refusal_has_the_command_that_mends_it() {
        for (kind, fix) in [
            ("connection", "ss -ltn '( sport = :80 or sport = :443 )'"),
            ("unauthorized", "getent ahosts a.example.com"),
            ("caa", "dig +short CAA a.example.com"),
            (
                "rejectedIdentifier",
                "editor /etc/holdfast/holdfast.toml  # [server] names, without a.example.com",
            ),
            (
                "userActionRequired",
                "editor /etc/holdfast/holdfast.toml  # [tls] acme_terms_agreed = true",
            ),
            (
                "invalidContact",
                "editor /etc/holdfast/holdfast.toml  # [tls] acme_contact = \"ops@example.com\"",
            ),
            ("rateLimited", LOOK),
            ("whatever", LOOK),
        ] {
            let one = Authority { trouble: Some(refusal(kind)), ..authority() };
            assert_eq!(standing(Some(&one), NOW, true).fix[0], fix, "{kind}");
        }
        let trouble = Some("The authority cannot be reached. No connection.".to_owned());
        let away = Authority { trouble, ..authority() };
        let fix = standing(Some(&away), NOW, true).fix;
        assert_eq!(fix[0], "curl -sSI https://ca.example.com/dir");
    }

    #[test]
    fn a_renewal_is_late_after_two_days_or_a_quarter_of_what_is_left() {
        let one = Authority { trouble: Some(refusal("serverInternal")), ..authority() };
        let of = |left: Duration, since: Duration| {
            let now = NOW.plus(since);
            let signed = Signed { not_after: NOW.plus(left), ..signed(&["a.example.com"]) };
            lifetime(&one, &signed, now).status
        };
        assert_eq!([of(30 * DAY, DAY), of(30 * DAY, 2 * DAY)], [Status::Ok, Status::Warning]);
        assert_eq!([of(2 * DAY, DAY / 3), of(2 * DAY, DAY / 2)], [Status::Ok, Status::Warning]);
        assert_eq!(of(DAY, DAY), Status::Failed);
        let late = lifetime(&one, &signed(&[]), NOW.plus(3 * DAY));
        assert!(late.cause.contains("was due to be renewed"), "{}", late.cause);
        assert!(late.cause.contains("trouble of its own"), "{}", late.cause);
    }

    #[test]
    fn a_name_that_the_certificate_lacks_is_told_with_the_reason() {
        let refused = vec![("b.example.com".to_owned(), refusal("caa"))];
        let one = Authority { refused, ..authority() };
        let verdict = covered(&one, &signed(&["a.example.com"]));
        assert_eq!(verdict.status, Status::Warning);
        assert!(verdict.cause.starts_with("It does not name b.example.com."), "{verdict:?}");
        assert_eq!(verdict.fix, ["dig +short CAA b.example.com"]);
        assert_eq!(covered(&one, &signed(&["a.example.com", "b.example.com"])).status, Status::Ok);
    }
}
