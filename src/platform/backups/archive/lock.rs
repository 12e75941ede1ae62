//! Who can open an age file, and opening one that a stranger may have made.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use age::secrecy::SecretString;

use super::kit::{Identity, Recipient, wiped};
use crate::platform::error::{Error, Result};
use crate::platform::secret::Secret;

/// Work of a passphrase, as a power of two: 128 MiB of memory and some tenths of a second.
const WORK_FACTOR: u8 = 17;
/// What is done for a file from elsewhere at most: what Debian's `age -p` asks for.
const WORK_FACTOR_MAX: u8 = 18;
/// The head of an age file is read as a whole.
const HEAD_SIZE_BYTES_MAX: u64 = 64 * 1024;

/// Who can open what is written.
pub enum Lock {
    Recipients(Vec<Recipient>),
    Passphrase(Secret),
}

impl Lock {
    pub(super) fn encryptor(&self) -> Result<age::Encryptor> {
        match self {
            Self::Recipients(recipients) => {
                let recipients = recipients.iter().map(|one| one.age() as &dyn age::Recipient);
                age::Encryptor::with_recipients(recipients).map_err(Error::internal)
            }
            Self::Passphrase(passphrase) => {
                let text = SecretString::from(passphrase.reveal().to_owned());
                let mut recipient = age::scrypt::Recipient::new(text);
                recipient.set_work_factor(WORK_FACTOR);
                let recipients = std::iter::once(&recipient as &dyn age::Recipient);
                age::Encryptor::with_recipients(recipients).map_err(Error::internal)
            }
        }
    }
}

/// What opens an age file.
#[derive(Clone)]
pub enum Key {
    Identity(Identity),
    Passphrase(Secret),
}

/// Why an age file does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locked {
    NotAge,
    WrongKey,
    /// The passphrase asks for more memory than is given for it.
    TooMuchWork,
}

/// Opens an age file; what is read then is what was encrypted.
pub fn unlock<'a>(
    from: impl BufRead + 'a,
    key: &Key,
) -> std::result::Result<impl Read + 'a, Locked> {
    let left = Rc::new(Cell::new(Some(HEAD_SIZE_BYTES_MAX)));
    let bounded = Bounded { from, left: Rc::clone(&left) };
    let decryptor = age::Decryptor::new_buffered(bounded).map_err(|_| Locked::NotAge)?;
    let opened = wiped(|| match key {
        Key::Identity(identity) => {
            decryptor.decrypt(std::iter::once(identity.age() as &dyn age::Identity))
        }
        Key::Passphrase(passphrase) => {
            let text = SecretString::from(passphrase.reveal().to_owned());
            let mut identity = age::scrypt::Identity::new(text);
            identity.set_max_work_factor(WORK_FACTOR_MAX);
            decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity))
        }
    });
    let opened = opened.map_err(|error| match error {
        age::DecryptError::NoMatchingKeys
        | age::DecryptError::DecryptionFailed
        | age::DecryptError::KeyDecryptionFailed => Locked::WrongKey,
        age::DecryptError::ExcessiveWork { .. } => Locked::TooMuchWork,
        _ => Locked::NotAge,
    })?;
    left.set(None);
    Ok(opened)
}

/// Lets so many bytes through; none: all.
struct Bounded<R> {
    from: R,
    left: Rc<Cell<Option<u64>>>,
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let read = available.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.left.get();
        let available = self.from.fill_buf()?;
        let Some(left) = left else { return Ok(available) };
        if left == 0 && !available.is_empty() {
            return Err(io::Error::other("the head is too long"));
        }
        let shown = usize::try_from(left).unwrap_or(usize::MAX).min(available.len());
        Ok(&available[..shown])
    }

    fn consume(&mut self, read: usize) {
        self.left.set(self.left.get().map(|left| left.saturating_sub(read as u64)));
        self.from.consume(read);
    }
}
