//! The recovery kit: a text file with the one private key that opens a box's backups. `age -d -i`
//! takes it as it is, since what is not the key are comments.

use std::fmt::Write;
use std::str::FromStr;
use std::sync::Arc;

use age::secrecy::ExposeSecret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroize;

use crate::platform::clock::Moment;
use crate::platform::secret::Secret;

/// Whom a backup is encrypted to: an age X25519 recipient (`age1…`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient(age::x25519::Recipient);

impl Recipient {
    pub(super) fn age(&self) -> &age::x25519::Recipient {
        &self.0
    }
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Recipient {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A private key (`AGE-SECRET-KEY-1…`). Never written by the box; cleared from memory when dropped.
/// It lies in one place, however often it is handed on, and no copy of it stays on a stack.
#[derive(Clone)]
pub struct Identity(Arc<age::x25519::Identity>);

impl Identity {
    pub fn generate() -> Self {
        wiped(|| Self(Arc::new(age::x25519::Identity::generate())))
    }

    /// A key for one backup. A test that looks for it in memory says which it is; release builds
    /// have no such switch.
    pub fn one_time() -> Self {
        #[cfg(debug_assertions)]
        if let Ok(line) = std::env::var("HOLDFAST_TEST_ONE_TIME_KEY")
            && let Some(known) = Self::read(Secret::new(line).reveal())
        {
            return known;
        }
        Self::generate()
    }

    /// Finds the line of the key in a whole kit, or reads that line alone.
    pub fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim);
        let line = lines.find(|line| line.starts_with("AGE-SECRET-KEY-1"))?;
        wiped(|| line.parse().ok().map(|key| Self(Arc::new(key))))
    }

    /// The line of the key.
    pub fn line(&self) -> Secret {
        wiped(|| Secret::new(self.0.to_string().expose_secret()))
    }

    pub fn recipient(&self) -> Recipient {
        wiped(|| Recipient(self.0.to_public()))
    }

    pub(super) fn age(&self) -> &age::x25519::Identity {
        &self.0
    }
}

/// Deeper than anything that reckons with a key goes.
const STACK_BYTES: usize = 64 * 1024;

/// Does something with a key and wipes the stack that it was done on: what reckons with a key
/// leaves copies of it there.
pub(super) fn wiped<T>(work: impl FnOnce() -> T) -> T {
    let done = below(work);
    wipe();
    done
}

#[inline(never)]
fn below<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
#[expect(clippy::large_stack_arrays, reason = "it is the stack that is wiped")]
fn wipe() {
    let mut stack = [0_u8; STACK_BYTES];
    stack.zeroize();
    std::hint::black_box(&stack);
}

/// What a kit holds.
#[derive(Clone)]
pub struct Kit {
    pub identity: Identity,
    pub box_id: String,
    pub box_name: String,
    /// Ed25519: whose backups these are.
    pub signing_key: [u8; 32],
    pub created_at: Moment,
}

/// Why a file is no kit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoKit {
    NoKey,
    NoBox,
    NoSigningKey,
}

impl std::fmt::Display for NoKit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoKey => "it has no line that begins with AGE-SECRET-KEY-1",
            Self::NoBox => "it does not say of which box it is",
            Self::NoSigningKey => "the line signing-key is missing or damaged",
        })
    }
}

impl Kit {
    /// The file, with the private key in it.
    pub fn text(&self) -> Secret {
        let mut text = String::from(HEAD);
        let name: String = self.box_name.chars().filter(|one| !one.is_control()).collect();
        let key = STANDARD.encode(self.signing_key);
        let recipient = self.identity.recipient();
        for (what, value) in [
            ("name", name.as_str()),
            ("box", &self.box_id),
            ("signing-key", &key),
            ("created", &self.created_at.to_string()),
            ("public key", &recipient.to_string()),
        ] {
            writeln!(text, "# {what}: {value}").expect("a String takes all");
        }
        text.push_str(self.identity.0.to_string().expose_secret());
        text.push('\n');
        Secret::new(text)
    }

    /// Whose signature a file asks for: none where it is a key and no kit. A kit that is damaged is
    /// no bare key: whoever has it relies on the signature being looked at.
    pub fn signer_in(text: &str) -> Result<Option<[u8; 32]>, NoKit> {
        let is_of_kit = |line: &str| {
            let said = line.trim().strip_prefix('#').map(str::trim);
            said.is_some_and(|said| OF_KITS_ALONE.iter().any(|one| said.starts_with(one)))
        };
        if !text.lines().any(is_of_kit) {
            return Ok(None);
        }
        Self::read(text).map(|kit| Some(kit.signing_key))
    }

    /// Reads a file, also one that was typed in: blank lines and spaces at the ends do not matter.
    pub fn read(text: &str) -> Result<Self, NoKit> {
        let comment = |what: &str| {
            let mut lines = text.lines().filter_map(|line| line.trim().strip_prefix('#'));
            lines.find_map(|line| line.trim().strip_prefix(what)?.strip_prefix(':').map(str::trim))
        };
        let identity = Identity::read(text).ok_or(NoKit::NoKey)?;
        let signing_key = comment("signing-key").and_then(|text| STANDARD.decode(text).ok());
        Ok(Self {
            identity,
            box_id: comment("box").ok_or(NoKit::NoBox)?.to_owned(),
            box_name: comment("name").unwrap_or_default().to_owned(),
            signing_key: signing_key
                .and_then(|key| key.try_into().ok())
                .ok_or(NoKit::NoSigningKey)?,
            created_at: comment("created").and_then(|text| text.parse().ok()).unwrap_or_default(),
        })
    }
}

/// How comments begin that other files with a key do not have.
const OF_KITS_ALONE: [&str; 3] = ["Holdfast recovery kit", "box:", "signing-key:"];

const HEAD: &str = "\
# Holdfast recovery kit. Who has this file can read every backup of the box.\n\
# Keep it on paper or on a stick, away from the box. Without it no backup can be opened.\n\
# To bring the box back: holdfast recover --from BACKUPS --kit THIS_FILE --data FOLDER\n\
# Without Holdfast: sh restore.sh BASE_FOLDER THIS_FILE NEW_FOLDER (beside the backups)\n";
