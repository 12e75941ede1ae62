//! The places that backups lie at, spoken to in one way. Names are relative to the target, with `/`
//! between folders. A file is there whole or not at all, and lasting when it is there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::Folder;
use super::rules::Place;
use crate::platform::tasks;

/// A file at a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    pub size_bytes: u64,
}

/// Why a target did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub why: Why,
    /// One sentence for a person.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There is no such file.
    Missing,
    /// There is a file of that name already.
    Exists,
    /// The target does not let the box do it.
    Denied,
    /// It has no room left.
    Full,
    /// It cannot be reached, is busy, or broke off: trying again may help.
    Unreachable,
    Other,
}

impl Fault {
    pub fn new(why: Why, detail: impl Into<String>) -> Self {
        Self { why, detail: detail.into() }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

/// What was written in a test of a target.
const TEST_TEXT: &[u8] = b"A test by Holdfast. It may be deleted.\n";

/// A target that is being used.
#[derive(Clone)]
pub struct Remote(Arc<Folder>);

impl Remote {
    /// Nothing is asked of the target yet.
    pub fn to(place: &Place) -> Self {
        let Place::Folder { path } = place;
        Self(Arc::new(Folder::at(path)))
    }

    /// Writes a file. One of that name that is there already is not touched.
    pub async fn put_new(&self, name: &str, from: &Path) -> Result<(), Fault> {
        let (name, from) = (name.to_owned(), from.to_owned());
        self.blocking(move |folder| folder.put_new(&name, &from)).await
    }

    /// Writes a small file in the place of one that may be there.
    pub async fn put_over(&self, name: &str, bytes: Vec<u8>) -> Result<(), Fault> {
        let name = name.to_owned();
        self.blocking(move |folder| folder.put_over(&name, &bytes)).await
    }

    /// Reads a small file; none where it is not there. A larger one is cut off.
    pub async fn read(&self, name: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, Fault> {
        let name = name.to_owned();
        self.blocking(move |folder| folder.read(&name, bytes_max)).await
    }

    /// Copies a file into a new one of this machine and gives its bytes.
    pub async fn fetch(&self, name: &str, into: PathBuf) -> Result<u64, Fault> {
        let name = name.to_owned();
        self.blocking(move |folder| folder.fetch(&name, &into)).await
    }

    /// Every file below a folder, in the order of names; none where there is no such folder.
    pub async fn list(&self, below: &str) -> Result<Vec<Listed>, Fault> {
        let below = below.to_owned();
        self.blocking(move |folder| folder.list(&below)).await
    }

    /// Deletes a file. One that is not there is no fault.
    pub async fn delete(&self, name: &str) -> Result<(), Fault> {
        let name = name.to_owned();
        self.blocking(move |folder| folder.delete(&name)).await
    }

    /// Writes, reads, lists and deletes a small file.
    pub async fn test(&self, name: &str) -> Result<(), Fault> {
        self.put_over(name, TEST_TEXT.to_vec()).await?;
        let read = self.read(name, TEST_TEXT.len() as u64).await?;
        let listed = self.list("").await?;
        self.delete(name).await?;
        if read.as_deref() != Some(TEST_TEXT) {
            return Err(Fault::new(Why::Other, "What is read is not what was written."));
        }
        if !listed.iter().any(|one| one.name == name) {
            return Err(Fault::new(Why::Other, "What was written is not in the list."));
        }
        Ok(())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let folder = Arc::clone(&self.0);
        let outcome = tasks::blocking(move || Ok(work(&folder))).await;
        outcome.unwrap_or_else(|error| Err(Fault::new(Why::Other, error.to_string())))
    }
}
