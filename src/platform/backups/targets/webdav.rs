//! A folder of a WebDAV server. OpenDAL asks, reads and deletes. It would keep a whole file in
//! memory to write it and would write over what is there, so that is done here: a file is put
//! under an unfinished name as it is read, and moved to its own with `Overwrite: F`.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use http::request::Builder;
use http::{HeaderValue, Request, header};
use opendal::Operator;
use tokio::fs::File;

use super::faults::{Fault, Why};
use super::http::{Body, Http, encoded};
use super::remote::{LISTED_MAX, Listed, local};
use super::rules::{Credential, Place};
use super::s3;

/// What is not finished yet is called by this ending.
const UNFINISHED: &str = "unfinished";

pub(super) struct WebDav {
    http: Arc<Http>,
    operator: Result<Operator, Fault>,
    /// Address of the folder, without a slash at the end.
    base: String,
    authorization: Option<HeaderValue>,
}

impl WebDav {
    pub(super) fn at(place: &Place, credential: Option<&Credential>, http: Arc<Http>) -> Self {
        let (url, user, path) = match place {
            Place::WebDav { url, user, path } => (url.as_str(), user.as_deref(), path.as_str()),
            _ => ("", None, ""),
        };
        let password = credential.map(|it| it.secret().reveal()).unwrap_or_default();
        let mut builder = opendal::services::Webdav::default().endpoint(url).root(path);
        let mut authorization = None;
        if let Some(user) = user {
            builder = builder.username(user).password(password);
            let basic = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
            authorization = HeaderValue::from_str(&basic).ok().map(|mut value| {
                value.set_sensitive(true);
                value
            });
        }
        let base = format!("{url}/{}", encoded(path)).trim_end_matches('/').to_owned();
        Self { operator: s3::operator(builder, &http), http, base, authorization }
    }

    fn operator(&self) -> Result<&Operator, Fault> {
        self.operator.as_ref().map_err(Clone::clone)
    }

    fn url(&self, name: &str) -> String {
        format!("{}/{}", self.base, encoded(name))
    }

    async fn send(&self, request: Builder, body: Body) -> Result<u16, Fault> {
        let request = match &self.authorization {
            Some(value) => request.header(header::AUTHORIZATION, value),
            None => request,
        };
        let odd = |_| Fault::new(Why::Other, "This address cannot be called.");
        let answer = self.http.send(request.body(body).map_err(odd)?).await?;
        let status = answer.status();
        match status.as_u16() {
            200..=299 => {
                self.http.text(answer).await?;
                Ok(status.as_u16())
            }
            404 => Err(self.http.refused(Why::Missing, answer).await),
            412 => Err(self.http.refused(Why::Exists, answer).await),
            _ => Err(self.http.refused(Why::Other, answer).await),
        }
    }

    async fn put(&self, name: &str, body: Body) -> Result<(), Fault> {
        let length = http_body::Body::size_hint(&body).lower();
        let request = Request::put(self.url(name)).header(header::CONTENT_LENGTH, length);
        self.send(request, body).await.map(drop)
    }

    /// Makes the folders of a file, where they are not there.
    async fn make_folders(&self, name: &str) -> Result<(), Fault> {
        let folder = match name.rsplit_once('/') {
            Some((folder, _)) => s3::folder(folder),
            None => "/".to_owned(),
        };
        let made = self.operator()?.create_dir(&folder).await;
        made.map_err(|error| super::http::unwrapped(&error).of("cannot be made", &folder))
    }

    /// Gives an unfinished file its name; `overwrite` is `T` or `F`.
    async fn finish(&self, name: &str, overwrite: &str) -> Result<(), Fault> {
        let unfinished = format!("{name}.{UNFINISHED}");
        let request = Request::builder()
            .method("MOVE")
            .uri(self.url(&unfinished))
            .header("Destination", self.url(name))
            .header("Overwrite", overwrite);
        let moved = self.send(request, Body::empty()).await;
        if moved.is_err() {
            drop(self.delete(&unfinished).await);
        }
        moved.map(drop)
    }

    pub(super) async fn put_new(&self, name: &str, from: &Path, bytes: u64) -> Result<(), Fault> {
        let put = async {
            self.make_folders(name).await?;
            let file = File::open(from).await.map_err(|error| local(from, &error))?;
            self.put(&format!("{name}.{UNFINISHED}"), Body::file(file, bytes)).await?;
            self.finish(name, "F").await
        };
        put.await.map_err(|fault| fault.of("cannot be written", name))
    }

    pub(super) async fn put_over(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let put = async {
            self.make_folders(name).await?;
            self.put(&format!("{name}.{UNFINISHED}"), Body::of(bytes.to_vec())).await?;
            self.finish(name, "T").await
        };
        put.await.map_err(|fault| fault.of("cannot be written", name))
    }

    pub(super) async fn size(&self, name: &str) -> Result<Option<u64>, Fault> {
        s3::size(self.operator()?, name).await
    }

    pub(super) async fn range(
        &self,
        name: &str,
        offset: u64,
        length: u64,
    ) -> Result<Vec<u8>, Fault> {
        s3::range(self.operator()?, name, offset, length).await
    }

    pub(super) async fn fetch(
        &self,
        name: &str,
        into: &Path,
        bytes_max: u64,
    ) -> Result<u64, Fault> {
        s3::fetch(self.operator()?, name, into, bytes_max).await
    }

    /// Folder by folder: many servers refuse to list all below one at once.
    pub(super) async fn list(&self, below: &str) -> Result<Vec<Listed>, Fault> {
        let operator = self.operator()?;
        let mut found = Vec::new();
        let mut open = VecDeque::from([s3::folder(below)]);
        while let Some(folder) = open.pop_front() {
            let mut entries = match operator.lister(&folder).await {
                Ok(entries) => entries,
                Err(error) => return Err(super::http::unwrapped(&error)),
            };
            while let Some(entry) = entries.next().await {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error) => match super::http::unwrapped(&error) {
                        fault if fault.why == Why::Missing => break,
                        fault => return Err(fault.of("The list cannot be read", "")),
                    },
                };
                let path = entry.path();
                if path.ends_with('/') {
                    if path != folder && path != "/" {
                        open.push_back(path.to_owned());
                    }
                } else if found.len() < LISTED_MAX {
                    let size_bytes = entry.metadata().content_length();
                    found.push(Listed { name: path.to_owned(), size_bytes });
                }
            }
        }
        Ok(found)
    }

    pub(super) async fn delete(&self, name: &str) -> Result<(), Fault> {
        s3::delete(self.operator()?, name).await
    }
}
