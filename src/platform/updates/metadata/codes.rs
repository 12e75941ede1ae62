//! Why metadata, a release or a bundle is refused. Each reason has a code of its own.

use std::fmt;
use std::io;

use crate::platform::error::{Code, Error, Refusal, code};

/// Why something about an update is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// One of [`CODES`].
    pub code: &'static str,
    /// One or two sentences for the person who runs the box.
    pub detail: String,
}

impl Reason {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// The same reason, with what it is about said in front.
    #[must_use]
    pub fn about(self, what: &str) -> Self {
        Self { detail: format!("{what}: {}", self.detail), ..self }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Reason {}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        Self::Conflict(Refusal::new(reason.code, reason.detail))
    }
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull {
            return Self::new("update-disk-full", "The disk is full. Nothing was changed.");
        }
        Self::new("update-disk-failed", format!("A file could not be read or written: {error}."))
    }
}

impl From<Error> for Reason {
    fn from(error: Error) -> Self {
        match error {
            Error::StorageFull => io::Error::from(io::ErrorKind::StorageFull).into(),
            other => Self::new("update-disk-failed", format!("It could not be done: {other}.")),
        }
    }
}

/// What a publisher has to do about most of what follows.
const PUBLISHER: &str = "Nothing was changed. Tell the publisher, and get the feed from the place \
                         the publisher names.";
const OTHER_COPY: &str = "Nothing was changed. Try again later or with another copy of the feed.";
const CHOOSE_OTHER: &str = "Take a release that the plan offers.";

/// The reasons.
pub const CODES: &[Code] = &[
    // Signatures.
    code("update-unsigned", "The metadata of the feed is not signed.", PUBLISHER),
    code(
        "update-signatures-too-few",
        "Fewer keys than needed have signed the metadata of the feed.",
        PUBLISHER,
    ),
    code("update-signature-twice", "One key stands twice among the signatures.", PUBLISHER),
    code(
        "update-key-twice",
        "The keys of the feed hold one key twice, so that one signature would count as two.",
        PUBLISHER,
    ),
    code("update-key-unknown", "A key has signed that the trusted root does not name.", PUBLISHER),
    code(
        "update-key-of-other-role",
        "A key has signed that the trusted root names for something else.",
        PUBLISHER,
    ),
    code("update-key-weak", "A key is one with which anybody could sign.", PUBLISHER),
    code("update-keys-unusable", "The keys of the feed cannot be used as they are.", PUBLISHER),
    code("update-signature-wrong", "A signature does not fit what is signed.", PUBLISHER),
    code(
        "update-signature-malformed",
        "A signature is written in a way that could be changed without the key.",
        PUBLISHER,
    ),
    code(
        "update-metadata-malformed",
        "The metadata of the feed is not written as this product writes it.",
        PUBLISHER,
    ),
    code("update-metadata-key-twice", "A name stands twice in the metadata.", PUBLISHER),
    code("update-metadata-too-large", "A file of metadata is larger than any may be.", OTHER_COPY),
    code(
        "update-metadata-refused",
        "The metadata breaks a rule of The Update Framework.",
        PUBLISHER,
    ),
    code("update-delegation", "The feed passes its trust on, which is not allowed.", PUBLISHER),
    code(
        "update-root-not-by-old-keys",
        "The new root of trust is not signed by enough of the keys that are trusted.",
        PUBLISHER,
    ),
    code(
        "update-root-not-by-new-keys",
        "The new root of trust is not signed by enough of its own keys.",
        PUBLISHER,
    ),
    code("update-root-gap", "The new root of trust leaves a version out.", OTHER_COPY),
    code(
        "update-root-chain-too-long",
        "There are more new roots of trust than are followed at once.",
        "Install the newest package.",
    ),
    code(
        "update-root-expired",
        "The root of trust has run out and the feed has no newer one.",
        "Check the clock of the box. If it is right, ask the publisher for a new root.",
    ),
    // Freshness.
    code("update-older-timestamp", "The feed is older than what this box has seen.", OTHER_COPY),
    code(
        "update-older-snapshot",
        "The feed's list of metadata is older than what this box has seen.",
        OTHER_COPY,
    ),
    code(
        "update-older-targets",
        "The feed's list of releases is older than what this box has seen.",
        OTHER_COPY,
    ),
    code(
        "update-metadata-expired",
        "The metadata of the feed has run out: it may be held back from this box.",
        "Check the clock of the box. If it is right, use a fresh feed or a fresh bundle.",
    ),
    code(
        "update-clock-behind",
        "The clock of the box shows a time at which this was not yet published.",
        "Set the clock of the box and try again.",
    ),
    code(
        "update-below-floor",
        "The feed was published before what this box has seen, so it is not taken even where \
         stale metadata is accepted.",
        OTHER_COPY,
    ),
    code(
        "update-seq-below-floor",
        "The newest release of the feed is older than one this box has seen.",
        OTHER_COPY,
    ),
    code(
        "update-seq-other-hash",
        "A release has the number of one that this box has seen, and other content.",
        PUBLISHER,
    ),
    // Content.
    code("update-cut-short", "A file of the feed ended too early.", "Try again."),
    code(
        "update-too-slow",
        "The feed sent too slowly, or took too long altogether.",
        "Try again later, or use another copy of the feed.",
    ),
    code(
        "update-redirected",
        "The feed leads to another address, which is not followed.",
        "Name the right address in the configuration.",
    ),
    code(
        "update-feed-address",
        "The feed cannot be asked at this address.",
        "Name an address that begins with https. Plain http is only for this machine itself.",
    ),
    code(
        "update-feed-unreachable",
        "The feed does not answer.",
        "Look whether the box reaches its address, and try again.",
    ),
    code(
        "update-feed-missing",
        "The feed lacks a file.",
        "Try again later, or tell the publisher.",
    ),
    // What is for this box.
    code("update-mixed-metadata", "The files of metadata do not belong together.", OTHER_COPY),
    code("update-other-product", "The release is of another product.", CHOOSE_OTHER),
    code("update-other-machine", "The release is for another kind of machine.", CHOOSE_OTHER),
    code(
        "update-other-channel",
        "The release is not in the channel of this box.",
        "Wait until it is, or choose its channel in the configuration.",
    ),
    code(
        "update-step-first",
        "Another release has to be taken in between.",
        "Take the release that the plan offers first.",
    ),
    code("update-withdrawn", "The publisher has withdrawn the release.", CHOOSE_OTHER),
    code(
        "update-revoked",
        "The publisher has revoked the release: it must not be started again.",
        CHOOSE_OTHER,
    ),
    code(
        "update-package-first",
        "The release needs a newer package of this product.",
        "Install the newest package.",
    ),
    code(
        "update-not-yet-rolled-out",
        "The release is not yet for all boxes, and not yet for this one.",
        "Wait until it is for this box as well.",
    ),
    code(
        "update-quarantined",
        "The release has failed on this box.",
        "Wait for a newer one: what has failed here is not tried again.",
    ),
    code("update-not-newer", "The release is not newer than the one that runs.", CHOOSE_OTHER),
    code(
        "update-release-unreadable",
        "What the feed says of a release is not understood by this one.",
        "Install the newest package, or wait for a newer release.",
    ),
    code("update-unknown-release", "The feed has no such release.", CHOOSE_OTHER),
    // The box itself.
    code(
        "update-trust-damaged",
        "The trusted metadata of this box is damaged.",
        "Restore it from the package: stop the service, move the folder away, and start again.",
    ),
    code(
        "update-trust-root-lost",
        "The trusted metadata of this box has lost its root, and the package's root does not fit \
         the rest. What the box has seen is not forgotten for that.",
        "Put the newest root of your publisher, N.root.json of the feed, into the folder as \
         root.json, once you have compared it with what the publisher says, and start again.",
    ),
    code("update-disk-full", "There was no room for it on the disk.", "Make room and try again."),
    code(
        "update-disk-failed",
        "A file could not be read or written.",
        "Look into the log of the box, and at its disk.",
    ),
];
