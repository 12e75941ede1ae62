//! Routes of an area, each with what it says of itself in the description of the API.
//!
//! A description that is held in the types that made it takes some ten times the memory of its
//! text, and most boxes are never asked for it. So every route is written down as text at once, and
//! what reads it goes from path to path.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::Route;
use serde::Serialize;
use serde_json::Value;
use tower::{Layer, Service};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::platform::Platform;

/// Routes of one area, each with its OpenAPI entry.
#[derive(Default)]
pub struct Routes {
    router: Router<Arc<Platform>>,
    declared: Declared,
}

/// What routes say of themselves, each as JSON.
#[derive(Default)]
pub struct Declared {
    /// Operations by path.
    pub(super) paths: BTreeMap<String, Box<str>>,
    /// What they name, by name.
    pub(super) schemas: BTreeMap<String, Box<str>>,
}

impl Routes {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what `routes!` made of handlers.
    #[must_use]
    pub fn routes(self, made: UtoipaMethodRouter<Arc<Platform>>) -> Self {
        let (schemas, paths, handlers) = made;
        let Self { mut router, mut declared } = self;
        for (path, operations) in paths.paths {
            let at = if path.is_empty() { "/" } else { &path };
            router = router.route(at, handlers.clone());
            declared.add_path(path, text(&operations));
        }
        for (name, schema) in schemas {
            declared.schemas.entry(name).or_insert_with(|| text(&schema));
        }
        Self { router, declared }
    }

    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let Self { router, mut declared } = self;
        declared.take(other.declared, |path| path);
        Self { router: router.merge(other.router), declared }
    }

    /// Adds others below a path.
    #[must_use]
    pub fn nest(self, below: &str, other: Self) -> Self {
        let Self { router, mut declared } = self;
        declared.take(other.declared, |path| match path.as_str() {
            "" | "/" => below.to_owned(),
            _ => format!("{below}{path}"),
        });
        Self { router: router.nest(below, other.router), declared }
    }

    #[must_use]
    pub fn layer<L>(self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        Self { router: self.router.layer(layer), ..self }
    }

    /// What answers, and what is said of it.
    pub fn split(self) -> (Router<Arc<Platform>>, Declared) {
        (self.router, self.declared)
    }
}

impl Declared {
    fn take(&mut self, other: Self, place: impl Fn(String) -> String) {
        for (path, operations) in other.paths {
            self.add_path(place(path), operations);
        }
        self.schemas.extend(other.schemas);
    }

    /// Verbs of one path may come from several places.
    fn add_path(&mut self, path: String, operations: Box<str>) {
        let operations = match self.paths.remove(&path) {
            None => operations,
            Some(before) => {
                let mut all = read(&before);
                if let (Some(all), Value::Object(more)) = (all.as_object_mut(), read(&operations)) {
                    all.extend(more);
                }
                text(&all)
            }
        };
        self.paths.insert(path, operations);
    }
}

fn text(of: &impl Serialize) -> Box<str> {
    serde_json::to_string(of).expect("a description is plain JSON").into()
}

pub(super) fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("it was written here")
}
