//! Why a certificate could not be had, in words.

use instant_acme::Error as AcmeError;

use super::client::Unreached;
use super::rules::{UNREACHED, said};
use crate::platform::error::{Code, code};
use crate::platform::tls::rules::Name;

pub(super) const UNREACHABLE: &str = "acme-unreachable";
pub(super) const REFUSED: &str = "acme-refused";
pub(super) const RATE_LIMITED: &str = "acme-rate-limited";
const UNCLEAR: &str = "acme-unclear";
const ENDED: &str = "acme-ended";

pub(in crate::platform::tls) const CODES: &[Code] = &[
    code(
        UNREACHABLE,
        "The authority that signs certificates cannot be reached.",
        "Nothing has to be done when it lasts less than a few days: the certificate in use \
         stays, and the box tries again. Else check the way to the internet and \
         tls.acme_directory.",
    ),
    code(
        REFUSED,
        "The authority does not sign for the names of the box.",
        "Read what it says about each name on the System screen, mend that, and renew.",
    ),
    code(
        RATE_LIMITED,
        "The authority allows no more certificates or tries for now.",
        "Wait until the time it names. For trying things out set tls.acme_directory to staging.",
    ),
    code(
        UNCLEAR,
        "The authority answered what the box does not understand.",
        "Check that tls.acme_directory is the address of a directory, and try again later.",
    ),
    code(
        ENDED,
        "The box stopped while it asked for a certificate.",
        "Nothing has to be done: it asks again.",
    ),
];

/// Why there is no certificate.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: &'static str,
    pub(super) detail: String,
    /// The authority does not know the account any more.
    pub(super) is_account_gone: bool,
    pub(super) refused: Vec<(Name, String)>,
}

impl Failure {
    pub(super) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), is_account_gone: false, refused: Vec::new() }
    }

    /// The authority is not there.
    pub(super) fn unreached(said: &str) -> Self {
        Self::new(UNREACHABLE, format!("{UNREACHED} {said}"))
    }

    pub(super) fn unclear(said: &str) -> Self {
        Self::new(UNCLEAR, format!("The authority answered what the box cannot use: {said}."))
    }

    pub(super) fn ended() -> Self {
        Self::new(ENDED, "The box stops.")
    }

    /// None of the names was signed for.
    pub(super) fn refused(refused: Vec<(Name, String)>) -> Self {
        let names: Vec<String> =
            refused.iter().map(|(name, said)| format!("{name}: {said}")).collect();
        Self { refused, ..Self::new(REFUSED, names.join(" ")) }
    }

    pub(super) fn of(error: AcmeError) -> Self {
        match error {
            AcmeError::Api(problem) => {
                let kind = problem.r#type.as_deref().unwrap_or_default();
                let last = kind.rsplit(':').next().unwrap_or_default();
                let code = match last {
                    "rateLimited" => RATE_LIMITED,
                    "serverInternal" | "badNonce" => UNREACHABLE,
                    _ => REFUSED,
                };
                let detail = said(kind, problem.detail.as_deref().unwrap_or_default());
                let is_account_gone = last == "accountDoesNotExist";
                Self { is_account_gone, ..Self::new(code, detail) }
            }
            AcmeError::Other(cause) => match cause.downcast::<Unreached>() {
                Ok(unreached) => Self::unreached(&unreached.0),
                Err(cause) => Self::unclear(&cause.to_string()),
            },
            AcmeError::Timeout(_) => Self::unreached("It did not finish in time."),
            AcmeError::Json(_) => Self::unclear("it is no answer of an ACME authority"),
            other => Self::unclear(&other.to_string()),
        }
    }

    /// With names that were refused before.
    pub(super) fn with(mut self, refused: Vec<(Name, String)>) -> Self {
        self.refused.extend(refused);
        self
    }
}
