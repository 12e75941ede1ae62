//! What handlers take. Each extractor fails as a problem document.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::body::BodyLimit;
use crate::platform::ctx::{BoxCtx, Ctx};
use crate::platform::error::{Error, FieldError, Refusal};
use crate::platform::id::Id;
use crate::platform::workspaces::WorkspaceId;

/// The context on the box's file; the guard put it there.
impl<S: Send + Sync> FromRequestParts<S> for BoxCtx {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get::<Self>().cloned().ok_or_else(unguarded)
    }
}

/// The context on the workspace of the path; the guard put it there after checking membership.
impl<S: Send + Sync> FromRequestParts<S> for Ctx {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get::<Self>().cloned().ok_or_else(unguarded)
    }
}

fn unguarded() -> Error {
    Error::internal("a handler was reached without its guard")
}

/// A JSON body. Malformed is 400; unknown, missing or wrong fields are 422 with their paths.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        if !is_json(request.headers()) {
            let detail = "Send the body as application/json.";
            let refusal = Refusal::new("unsupported-media-type", detail);
            return Err(Error::Denied(refusal).into_response());
        }
        let bytes = body_bytes(request).await.map_err(IntoResponse::into_response)?;
        from_json(&bytes).map(Self).map_err(IntoResponse::into_response)
    }
}

/// A body of any type, within the limit of its route.
pub async fn body_bytes(request: Request) -> Result<bytes::Bytes, Error> {
    let limit = request.extensions().get::<BodyLimit>().copied().ok_or_else(unguarded)?;
    limit.read(request.into_body()).await
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}

/// Reads a JSON object and names the field when one is wrong.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    // serde would take a list as the fields in their order, which nobody could rely on.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Error::invalid("body", "wrong-type", "Send an object, not a list."));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        json_error(&path, &error.into_inner())
    })?;
    reader.end().map_err(|error| json_error("", &error))?;
    Ok(value)
}

fn json_error(path: &str, error: &serde_json::Error) -> Error {
    use serde_json::error::Category;
    match error.classify() {
        Category::Data => Error::Invalid(vec![field_error(path, &error.to_string())]),
        Category::Syntax | Category::Eof | Category::Io => {
            let detail = format!("This is not well-formed JSON: {error}.");
            Error::Malformed(Refusal::new("malformed", detail))
        }
    }
}

/// Makes a field error of what serde says. serde's words are kept, without the position.
fn field_error(path: &str, message: &str) -> FieldError {
    let message = message.split(" at line ").next().unwrap_or(message);
    let quoted = message.split('`').nth(1).unwrap_or_default();
    let parent = path.trim_end_matches('.').trim_start_matches('.');
    let inside = |name: &str| {
        let ends_with_it = parent == name || parent.ends_with(&format!(".{name}"));
        match (parent.is_empty() || parent == "?", ends_with_it) {
            (true, _) => name.to_owned(),
            (false, true) => parent.to_owned(),
            (false, false) => format!("{parent}.{name}"),
        }
    };
    if message.starts_with("unknown field") {
        return FieldError::new(inside(quoted), "unknown-field", "There is no such field.");
    }
    if message.starts_with("missing field") {
        return FieldError::new(inside(quoted), "missing", "This field is needed.");
    }
    let field = if parent.is_empty() { "body" } else { parent };
    FieldError::new(field, "wrong-type", format!("This cannot be used: {message}."))
}

/// The host that the request names, port included; empty when it names none.
pub struct Host(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Host {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &S,
    ) -> Result<Self, std::convert::Infallible> {
        let host = super::address::host(&parts.uri, &parts.headers).unwrap_or_default();
        Ok(Self(host.to_owned()))
    }
}

/// Parameters after `?`. Unknown or wrong ones are 422.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(query) => Ok(Self(query.0)),
            Err(rejection) => {
                let message = rejection.body_text();
                let message = message
                    .strip_prefix("Failed to deserialize query string: ")
                    .unwrap_or(&message);
                let (path, message) = match message.split_once(": ") {
                    Some((path, rest)) if !path.contains(' ') => (path, rest),
                    _ => ("", message),
                };
                let mut field = field_error(path, message);
                if field.field == "body" {
                    "query".clone_into(&mut field.field);
                }
                Err(Error::Invalid(vec![field]))
            }
        }
    }
}

/// The parameters of the path. One that cannot be an id names nothing: 404.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: FromPath> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let params = axum::extract::RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::NotFound)?;
        let own = params.iter().filter(|(name, _)| *name != "workspace").map(|(_, value)| value);
        T::from_path(own).map(Self).ok_or(Error::NotFound)
    }
}

/// The workspace of the path, for routes that look for themselves who may do what there.
pub struct InWorkspace(pub WorkspaceId);

impl<S: Send + Sync> FromRequestParts<S> for InWorkspace {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let params = axum::extract::RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::NotFound)?;
        let (_, id) =
            params.iter().find(|(name, _)| *name == "workspace").ok_or(Error::NotFound)?;
        id.parse().map(Self).map_err(|_| Error::NotFound)
    }
}

/// Something read from the path's parameters, the workspace left out.
pub trait FromPath: Sized {
    fn from_path<'a>(values: impl Iterator<Item = &'a str>) -> Option<Self>;
}

impl<K> FromPath for Id<K> {
    fn from_path<'a>(mut values: impl Iterator<Item = &'a str>) -> Option<Self> {
        values.next()?.parse().ok()
    }
}

impl FromPath for String {
    fn from_path<'a>(mut values: impl Iterator<Item = &'a str>) -> Option<Self> {
        values.next().map(str::to_owned)
    }
}

/// An id and another one below it.
impl<K, L> FromPath for (Id<K>, Id<L>) {
    fn from_path<'a>(mut values: impl Iterator<Item = &'a str>) -> Option<Self> {
        Some((values.next()?.parse().ok()?, values.next()?.parse().ok()?))
    }
}

/// The version the sender says it changes (`If-Match: "3"`). Missing is 428.
pub struct IfMatch(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Err(Error::VersionNeeded);
        };
        let tag = value.to_str().unwrap_or_default().trim();
        let digits = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        digits.and_then(|digits| digits.parse().ok()).map(Self).ok_or_else(|| {
            let detail = "If-Match holds one version as it was given, like \"3\".";
            Error::Malformed(Refusal::new("malformed", detail))
        })
    }
}

/// An amount as it was sent: a decimal string or an integer token, never through floating point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecimalText(pub String);

impl<'de> serde::Deserialize<'de> for DecimalText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = DecimalText;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a decimal as a string, like \"12.5\"")
            }

            fn visit_str<E>(self, text: &str) -> Result<DecimalText, E> {
                Ok(DecimalText(text.to_owned()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<DecimalText, E> {
                Ok(DecimalText(number.to_string()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<DecimalText, E> {
                Ok(DecimalText(number.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl utoipa::PartialSchema for DecimalText {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        let decimal = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^-?[0-9]{1,14}(\\.[0-9]{1,4})?$"))
            .description(Some("A decimal as a string, e.g. \"12.5\"; integers may be numbers."));
        decimal.build().into()
    }
}

impl utoipa::ToSchema for DecimalText {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only read by serde")]
        inner: Inner,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only read by serde")]
        qty: DecimalText,
    }

    fn wrong(json: &str) -> (String, &'static str) {
        match from_json::<Outer>(json.as_bytes()) {
            Err(Error::Invalid(fields)) => (fields[0].field.clone(), fields[0].code),
            Err(Error::Malformed(refusal)) => (String::new(), refusal.code),
            other => panic!("{json} gave {other:?}"),
        }
    }

    #[test]
    fn a_wrong_field_is_named_by_its_path() {
        assert_eq!(wrong(r#"{"inner":{"qty":true}}"#), ("inner.qty".into(), "wrong-type"));
        assert_eq!(wrong(r#"{"inner":{"qty":1.5}}"#), ("inner.qty".into(), "wrong-type"));
        assert_eq!(wrong(r#"{"inner":{"qty":1e3}}"#), ("inner.qty".into(), "wrong-type"));
        assert_eq!(wrong(r#"{"inner":{}}"#), ("inner.qty".into(), "missing"));
        assert_eq!(wrong(r#"{"inner":{"qty":"1","x":1}}"#), ("inner.x".into(), "unknown-field"));
        assert_eq!(wrong(r#"{"inner":{"qty":"1"},"y":1}"#), ("y".into(), "unknown-field"));
    }

    #[test]
    fn a_list_is_no_object_whatever_it_holds() {
        assert_eq!(wrong(r#" [{"qty":"1"}]"#), ("body".into(), "wrong-type"));
    }

    #[test]
    fn json_that_is_no_json_is_malformed() {
        for json in ["", "{", "{\"inner\":{\"qty\":NaN}}", "{\"inner\":{\"qty\":\"1\"}} x"] {
            assert_eq!(wrong(json).1, "malformed", "{json}");
        }
    }
}
