//! Which requests count against a smaller limit, because they cost much.

use http::Uri;
use serde_json::Value;
use url::form_urlencoded;

/// A smaller limit for what costs much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    Heavy,
    Import,
}

/// The member of an operation that marks it as an export, a report or a restore.
const HEAVY: &str = "x-heavy";

/// The member of an operation that is as heavy where one parameter is given and another one is
/// not: `{"given": "at", "without": "item_id"}`.
const HEAVY_WHERE: &str = "x-heavy-where";

/// The member of an operation that marks it as a step of an import.
const IMPORT: &str = "x-import";

/// What the requests of a route count against beside the usual limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AlsoLimited {
    Never,
    Always(Limit),
    Where { given: String, without: String },
}

impl AlsoLimited {
    /// Reads what an operation of the description says of itself.
    pub(super) fn read(operation: &Value) -> Result<Self, String> {
        let limited = [(HEAVY, Limit::Heavy), (IMPORT, Limit::Import)];
        if let Some((_, limit)) = limited.iter().find(|(mark, _)| operation[mark] == true) {
            return Ok(Self::Always(*limit));
        }
        let condition = &operation[HEAVY_WHERE];
        if condition.is_null() {
            return Ok(Self::Never);
        }
        let named = |part: &str| condition[part].as_str().map(str::to_owned);
        match (named("given"), named("without")) {
            (Some(given), Some(without)) => Ok(Self::Where { given, without }),
            _ => Err(format!("{HEAVY_WHERE} cannot be {condition}")),
        }
    }

    /// What a request counts against.
    pub(super) fn of(&self, uri: &Uri) -> Option<Limit> {
        match self {
            Self::Never => None,
            Self::Always(limit) => Some(*limit),
            Self::Where { given, without } => {
                (is_given(uri, given) && !is_given(uri, without)).then_some(Limit::Heavy)
            }
        }
    }
}

/// Whether a parameter says anything. Routes take an empty one as one that is missing.
fn is_given(uri: &Uri, wanted: &str) -> bool {
    let query = uri.query().unwrap_or_default().as_bytes();
    form_urlencoded::parse(query).any(|(name, value)| name == wanted && !value.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_is_heavy_where_its_route_says_so() {
        let route = json!({ "x-heavy-where": { "given": "at", "without": "item_id" } });
        let costs = AlsoLimited::read(&route).unwrap();
        let limit = |query: &str| costs.of(&format!("/stock?{query}").parse().unwrap());

        for heavy in ["at=1", "%61t=1", "limit=2&at=1", "at=1&item_id=", "at=1&location_id=2"] {
            assert_eq!(limit(heavy), Some(Limit::Heavy), "{heavy}");
        }
        for light in ["", "at=", "item_id=1", "at=1&item_id=2", "cat=1"] {
            assert_eq!(limit(light), None, "{light}");
        }
    }

    #[test]
    fn a_condition_that_says_nothing_stops_the_start() {
        assert_eq!(AlsoLimited::read(&json!({})), Ok(AlsoLimited::Never));
        AlsoLimited::read(&json!({ "x-heavy-where": true })).unwrap_err();
        let always = AlsoLimited::read(&json!({ "x-import": true }));
        assert_eq!(always, Ok(AlsoLimited::Always(Limit::Import)));
    }
}
