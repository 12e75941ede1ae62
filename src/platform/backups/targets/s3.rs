//! A bucket of a store that speaks as S3 does, through OpenDAL.
//!
//! Large files go in pieces of 8 MiB, and only the last call makes a file of them. It says, as a
//! single put does, that nothing of the name may be there (`If-None-Match: *`). Some stores refuse
//! that header and some ignore it; so what is there was asked before, and a store that refuses it
//! is asked without.

use std::ops::RangeBounds;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use opendal::options::{ListOptions, WriteOptions};
use opendal::{OperationContext, Operator};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::faults::{Fault, Why};
use super::http::{Http, Transport, unwrapped};
use super::remote::{LISTED_MAX, Listed, local};
use super::rules::{Credential, Place};
use super::taking::{into_file, into_memory};

/// Bytes of a file that are in memory at once.
const PIECE_BYTES: usize = 8 * 1024 * 1024;

pub(super) struct S3(Result<Operator, Fault>);

impl S3 {
    pub(super) fn at(place: &Place, credential: Option<&Credential>, http: &Arc<Http>) -> Self {
        let Place::S3 { endpoint, bucket, region, access_key, prefix } = place else {
            return Self(Err(Fault::new(Why::Other, "This is no place of S3.")));
        };
        // Static keys, and nothing looked up: not in files, not in the environment, not at the
        // address where clouds hand out keys.
        let secret = credential.map(|it| it.secret().reveal()).unwrap_or_default();
        let builder = opendal::services::S3::default()
            .root(prefix)
            .bucket(bucket)
            .endpoint(endpoint)
            .region(region)
            .access_key_id(access_key)
            .secret_access_key(secret)
            .disable_config_load()
            .disable_ec2_metadata();
        Self(operator(builder, http))
    }

    fn operator(&self) -> Result<&Operator, Fault> {
        self.0.as_ref().map_err(Clone::clone)
    }

    pub(super) async fn put_new(&self, name: &str, from: &Path, bytes: u64) -> Result<(), Fault> {
        let condition = WriteOptions { if_not_exists: true, ..WriteOptions::default() };
        match self.write(name, from, bytes, condition).await {
            // The store knows no such condition.
            Err(fault) if fault.status == Some(501) => {
                self.write(name, from, bytes, WriteOptions::default()).await
            }
            outcome => outcome,
        }
    }

    async fn write(
        &self,
        name: &str,
        from: &Path,
        bytes: u64,
        options: WriteOptions,
    ) -> Result<(), Fault> {
        let operator = self.operator()?;
        let said = |error: &opendal::Error| unwrapped(error).of("cannot be written", name);
        let mut file = File::open(from).await.map_err(|error| local(from, &error))?;
        if bytes <= PIECE_BYTES as u64 {
            let mut all = Vec::new();
            file.read_to_end(&mut all).await.map_err(|error| local(from, &error))?;
            let put = operator.write_options(name, all, options).await;
            return put.map(drop).map_err(|error| said(&error));
        }
        let options = WriteOptions { chunk: Some(PIECE_BYTES), concurrent: 1, ..options };
        let opened = operator.writer_options(name, options).await;
        let mut writer = opened.map_err(|error| said(&error))?;
        let sent = async {
            loop {
                let mut piece = Vec::with_capacity(PIECE_BYTES);
                let reading = (&mut file).take(PIECE_BYTES as u64);
                let read = { reading }.read_to_end(&mut piece).await;
                if read.map_err(|error| local(from, &error))? == 0 {
                    break;
                }
                writer.write(piece).await.map_err(|error| said(&error))?;
            }
            writer.close().await.map(drop).map_err(|error| said(&error))
        };
        let outcome = sent.await;
        if outcome.is_err() {
            // Pieces of nothing cost money in some places; a store forgets them by itself, too.
            drop(writer.abort().await);
        }
        outcome
    }

    pub(super) async fn put_over(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let put = self.operator()?.write(name, bytes.to_vec()).await;
        put.map(drop).map_err(|error| unwrapped(&error).of("cannot be written", name))
    }

    pub(super) async fn size(&self, name: &str) -> Result<Option<u64>, Fault> {
        size(self.operator()?, name).await
    }

    pub(super) async fn range(
        &self,
        name: &str,
        offset: u64,
        length: u64,
    ) -> Result<Vec<u8>, Fault> {
        range(self.operator()?, name, offset, length).await
    }

    pub(super) async fn fetch(
        &self,
        name: &str,
        into: &Path,
        bytes_max: u64,
    ) -> Result<u64, Fault> {
        fetch(self.operator()?, name, into, bytes_max).await
    }

    pub(super) async fn list(&self, below: &str) -> Result<Vec<Listed>, Fault> {
        let options = ListOptions { recursive: true, ..ListOptions::default() };
        let said = |error: &opendal::Error| unwrapped(error).of("The list cannot be read", "");
        let mut lister = match self.operator()?.lister_options(&folder(below), options).await {
            Ok(lister) => lister,
            Err(error) => return Err(said(&error)),
        };
        let mut found = Vec::new();
        while let Some(entry) = lister.next().await {
            match entry {
                Ok(entry) if entry.path().ends_with('/') => {}
                Ok(entry) if found.len() < LISTED_MAX => {
                    let size_bytes = entry.metadata().content_length();
                    found.push(Listed { name: entry.path().to_owned(), size_bytes });
                }
                Ok(_) => break,
                Err(error) => match said(&error) {
                    fault if fault.why == Why::Missing => break,
                    fault => return Err(fault),
                },
            }
        }
        Ok(found)
    }

    pub(super) async fn delete(&self, name: &str) -> Result<(), Fault> {
        delete(self.operator()?, name).await
    }
}

/// An operator that speaks through our own client.
pub(super) fn operator(
    builder: impl opendal::Builder,
    http: &Arc<Http>,
) -> Result<Operator, Fault> {
    let made = Operator::new(builder).map_err(|error| unwrapped(&error))?;
    let transport = opendal::HttpTransporter::new(Transport(Arc::clone(http)));
    Ok(made.with_context(OperationContext::new().with_http_transport(transport)))
}

/// A folder, as OpenDAL writes it.
pub(super) fn folder(name: &str) -> String {
    match name.trim_matches('/') {
        "" => String::new(),
        name => format!("{name}/"),
    }
}

pub(super) async fn size(operator: &Operator, name: &str) -> Result<Option<u64>, Fault> {
    match operator.stat(name).await {
        Ok(about) => Ok(about.is_file().then(|| about.content_length())),
        Err(error) => match unwrapped(&error) {
            fault if fault.why == Why::Missing => Ok(None),
            fault => Err(fault.of("cannot be looked at", name)),
        },
    }
}

pub(super) async fn range(
    operator: &Operator,
    name: &str,
    offset: u64,
    length: u64,
) -> Result<Vec<u8>, Fault> {
    let pieces = pieces(operator, name, offset..offset + length).await?;
    into_memory(pieces, length).await
}

pub(super) async fn fetch(
    operator: &Operator,
    name: &str,
    into: &Path,
    bytes_max: u64,
) -> Result<u64, Fault> {
    into_file(pieces(operator, name, ..).await?, into, bytes_max).await
}

/// What a file holds, piece by piece.
async fn pieces(
    operator: &Operator,
    name: &str,
    range: impl RangeBounds<u64>,
) -> Result<impl Stream<Item = Result<Bytes, Fault>>, Fault> {
    let said = move |error: opendal::Error| unwrapped(&error).of("cannot be read", name);
    let reader = operator.reader(name).await.map_err(said)?;
    let stream = reader.into_stream(range).await.map_err(said)?;
    Ok(stream.map_ok(|buffer| buffer.to_bytes()).map_err(said))
}

pub(super) async fn delete(operator: &Operator, name: &str) -> Result<(), Fault> {
    match operator.delete(name).await.map_err(|error| unwrapped(&error)) {
        Err(fault) if fault.why != Why::Missing => Err(fault.of("cannot be deleted", name)),
        Ok(()) | Err(_) => Ok(()),
    }
}
