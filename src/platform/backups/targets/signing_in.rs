//! Signing in to OneDrive from another window: Microsoft gives a code, somebody types it there, and
//! the box asks until that was done.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Method, Request, header};
use serde_json::Value;

use super::faults::{Fault, Why};
use super::http::{Body, Http};
use super::onedrive::{Endpoints, SCOPE};
use super::rules::TargetId;
use crate::platform::secret::Secret;

/// A form's answer, and whether it was a good one.
pub(super) async fn ask(
    http: &Http,
    url: &str,
    form: &[(&str, &str)],
) -> Result<(bool, Value), Fault> {
    let body: Vec<String> =
        form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let request = Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::of(body.join("&")))
        .map_err(|_| Fault::new(Why::Other, "This address cannot be called."))?;
    let answer = http.exchange(request).await?;
    let status = answer.status();
    // Microsoft says with 400 what the answer means.
    if !status.is_success() && status != http::StatusCode::BAD_REQUEST {
        let why = match status.as_u16() {
            401 | 403 => Why::Denied,
            _ => Why::Unreachable,
        };
        return Err(http.refused(why, answer).await);
    }
    let text = http.text(answer).await?;
    let odd = |_| Fault::unreachable("Microsoft answered with something else than JSON.");
    Ok((status.is_success(), serde_json::from_str(&text).map_err(odd)?))
}

fn encoded(value: &str) -> String {
    super::http::encoded(value).replace('/', "%2F")
}

/// What somebody has to do to let the box in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    pub typed: String,
    pub verification_uri: String,
    pub expires_in: Duration,
    /// How often Microsoft wants to be asked.
    pub(super) every: Duration,
    pub(super) device: Secretly,
}

/// A secret in something that is compared and printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secretly(String);

impl std::fmt::Debug for Secretly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Asks for a code.
pub(super) async fn begin(
    http: &Http,
    endpoints: &Endpoints,
    client_id: &str,
) -> Result<Code, Fault> {
    let url = format!("{}/devicecode", endpoints.login);
    let (is_good, said) = ask(http, &url, &[("client_id", client_id), ("scope", SCOPE)]).await?;
    let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
    if !is_good {
        let detail =
            format!("Microsoft refuses: {}", super::faults::said(&text("error_description")));
        return Err(Fault::new(Why::Denied, detail));
    }
    let seconds = |name: &str, usual| Duration::from_secs(said[name].as_u64().unwrap_or(usual));
    Ok(Code {
        typed: text("user_code"),
        verification_uri: text("verification_uri"),
        expires_in: seconds("expires_in", 900),
        every: seconds("interval", 5),
        device: Secretly(text("device_code")),
    })
}

/// What Microsoft says when it is asked again.
pub(super) enum Answered {
    /// What opens the drive from here on.
    Done(Secret),
    Waiting,
    /// It wants to be asked less often.
    TooOften,
    Refused(String),
}

/// Asks whether it was done.
pub(super) async fn again(
    http: &Http,
    endpoints: &Endpoints,
    client_id: &str,
    code: &Code,
) -> Result<Answered, Fault> {
    let url = format!("{}/token", endpoints.login);
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", client_id),
        ("device_code", code.device.0.as_str()),
    ];
    let (is_good, said) = ask(http, &url, &form).await?;
    if is_good {
        return Ok(match said["refresh_token"].as_str() {
            Some(token) => Answered::Done(Secret::new(token)),
            None => Answered::Refused("Microsoft gave nothing that lasts.".to_owned()),
        });
    }
    Ok(match said["error"].as_str().unwrap_or_default() {
        "authorization_pending" => Answered::Waiting,
        "slow_down" => Answered::TooOften,
        "authorization_declined" => Answered::Refused("It was declined.".to_owned()),
        "expired_token" => Answered::Refused("Nobody typed the code in time.".to_owned()),
        _ => {
            let why = said["error_description"].as_str().unwrap_or("no reason given");
            Answered::Refused(format!("Microsoft refuses: {}", super::faults::said(why)))
        }
    })
}

/// How a sign-in stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    None,
    Waiting,
    Done,
    Failed(String),
}

/// Sign-ins of this process, the newest of each target with its number.
#[derive(Default)]
pub struct SignIns(Mutex<HashMap<TargetId, (u64, SignIn)>>);

impl SignIns {
    /// Begins one in the place of another that may still wait. Gives its number.
    pub(super) fn begin(&self, id: TargetId) -> u64 {
        let mut all = self.lock();
        let number = all.get(&id).map_or(1, |(before, _)| before + 1);
        all.insert(id, (number, SignIn::Waiting));
        number
    }

    /// Whether no other one was begun since.
    pub(super) fn is_newest(&self, id: TargetId, number: u64) -> bool {
        self.lock().get(&id).is_some_and(|(newest, _)| *newest == number)
    }

    /// Notes how one ended, unless another one was begun since.
    pub(super) fn end(&self, id: TargetId, number: u64, how: SignIn) {
        if let Some((newest, state)) = self.lock().get_mut(&id)
            && *newest == number
        {
            *state = how;
        }
    }

    pub(super) fn get(&self, id: TargetId) -> SignIn {
        self.lock().get(&id).map_or(SignIn::None, |(_, state)| state.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TargetId, (u64, SignIn)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::id::Id;

    #[test]
    fn a_code_that_was_replaced_says_nothing_any_more() {
        let (all, id) = (SignIns::default(), Id::from_bytes([1; 16]));
        let first = all.begin(id);
        let second = all.begin(id);
        assert!(!all.is_newest(id, first) && all.is_newest(id, second));

        all.end(id, second, SignIn::Done);
        all.end(id, first, SignIn::Failed("Nobody typed the code in time.".to_owned()));

        assert_eq!(all.get(id), SignIn::Done);
        assert_eq!(all.get(Id::from_bytes([2; 16])), SignIn::None);
    }
}
