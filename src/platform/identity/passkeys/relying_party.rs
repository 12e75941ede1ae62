//! What the box says to devices, and what it makes of their answers: all that knows the library.

use serde_json::Value;
use webauthn_rs::prelude::{
    Passkey as Credential, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

use super::rules::{
    CHALLENGE_LIFE, challenge_over, check_sizes, cloned, known, of_another, refused, unknown,
    unreadable,
};
use crate::config::WebOrigin;
use crate::platform::error::{Error, Result};
use crate::platform::identity::{User, UserId};

/// What hosts without a port speak.
const HTTPS_PORT: &str = ":443";

/// The box under the one name that passkeys are made for.
pub(super) struct RelyingParty {
    pub(super) origin: String,
    /// The host, exactly: what passkeys belong to.
    pub(super) id: String,
    url: Url,
}

/// A question that waits for a new passkey.
pub(super) struct Adding(Box<PasskeyRegistration>);

/// A question that waits for a proof.
pub(super) struct Asking(Box<PasskeyAuthentication>);

/// A passkey as a device made it.
pub(super) struct Made {
    pub(super) credential_id: Vec<u8>,
    pub(super) credential: Vec<u8>,
}

/// An answer that is right, as far as it can be known without the count kept.
pub(super) struct Proved {
    pub(super) credential: Vec<u8>,
    pub(super) sign_count: u32,
}

/// What a browser sent as its device's proof.
pub(super) struct Proof(PublicKeyCredential);

/// What a browser says about the page that it asked from.
#[derive(serde::Deserialize)]
struct ClientData {
    #[serde(default, rename = "crossOrigin")]
    is_in_foreign_page: bool,
}

/// What a browser sent of a passkey that its device made.
pub(super) struct Registration(RegisterPublicKeyCredential);

impl RelyingParty {
    /// None where the address people type has no name, or is not HTTPS.
    pub(super) fn of(address: &WebOrigin) -> Option<Self> {
        if !address.is_https() || address.host().address().is_some() {
            return None;
        }
        let url = Url::parse(address.as_str()).ok()?;
        let id = url.domain()?.to_owned();
        Some(Self { origin: address.as_str().to_owned(), id, url })
    }

    /// Whether a request for this host came under the name.
    pub(super) fn is_at(&self, host: &str) -> bool {
        let own = self.origin.strip_prefix("https://").unwrap_or_default();
        let host = host.strip_suffix(HTTPS_PORT).unwrap_or(host);
        host.eq_ignore_ascii_case(own)
    }

    fn library(&self, box_name: &str) -> Result<Webauthn> {
        WebauthnBuilder::new(&self.id, &self.url)
            .map(|builder| builder.rp_name(box_name).timeout(CHALLENGE_LIFE))
            .and_then(WebauthnBuilder::build)
            .map_err(Error::internal)
    }

    /// Asks for a new passkey of a person; devices that keep one of `known` refuse.
    pub(super) fn ask_for_new(
        &self,
        box_name: &str,
        user: &User,
        known: Vec<Vec<u8>>,
    ) -> Result<(Value, Adding)> {
        let id = Uuid::from_bytes(*user.id.as_bytes());
        let (options, state) = self
            .library(box_name)?
            .start_passkey_registration(id, &user.email, &user.name, Some(known))
            .map_err(Error::internal)?;
        let options = serde_json::to_value(options.public_key).map_err(Error::internal)?;
        Ok((options, Adding(Box::new(state))))
    }

    pub(super) fn take_new(&self, adding: &Adding, answer: &Registration) -> Result<Made> {
        let library = self.library(&self.id)?;
        let made = library.finish_passkey_registration(&answer.0, &adding.0);
        let made = made.map_err(|error| refusal(&error))?;
        check_sizes(made.cred_id().len(), 0, 0)?;
        Ok(Made { credential_id: made.cred_id().clone(), credential: write(&made)? })
    }

    /// Asks for a proof by one of these passkeys.
    pub(super) fn ask_for_proof(&self, kept: &[Vec<u8>]) -> Result<(Value, Asking)> {
        let kept: Vec<Credential> = kept.iter().map(|one| parse(one)).collect::<Result<_>>()?;
        let library = self.library(&self.id)?;
        let (options, state) =
            library.start_passkey_authentication(&kept).map_err(Error::internal)?;
        let options = serde_json::to_value(options.public_key).map_err(Error::internal)?;
        Ok((options, Asking(Box::new(state))))
    }

    /// Checks a proof by the passkey that is kept as `kept`.
    pub(super) fn check(&self, asking: &Asking, proof: &Proof, kept: &[u8]) -> Result<Proved> {
        let library = self.library(&self.id)?;
        let result = library.finish_passkey_authentication(&proof.0, &asking.0);
        let result = result.map_err(|error| refusal(&error))?;
        let mut credential = parse(kept)?;
        credential.update_credential(&result).ok_or_else(unknown)?;
        Ok(Proved { credential: write(&credential)?, sign_count: result.counter() })
    }
}

impl Proof {
    pub(super) fn read(answer: Value) -> Result<Self> {
        let answer: PublicKeyCredential =
            serde_json::from_value(answer).map_err(|_| unreadable())?;
        let device_data = answer.response.authenticator_data.len()
            + answer.response.signature.len()
            + answer.response.user_handle.as_ref().map_or(0, Vec::len);
        let client_data = &answer.response.client_data_json;
        check_sizes(answer.raw_id.len(), client_data.len(), device_data)?;
        // The library looks at this only when a passkey is made.
        let client_data: ClientData =
            serde_json::from_slice(client_data).map_err(|_| unreadable())?;
        if client_data.is_in_foreign_page {
            return Err(refusal(&WebauthnError::CredentialCrossOrigin));
        }
        Ok(Self(answer))
    }

    pub(super) fn credential_id(&self) -> &[u8] {
        &self.0.raw_id
    }

    /// Refuses a proof that says itself that it is somebody else's.
    pub(super) fn need_of(&self, user: UserId) -> Result<()> {
        match self.0.get_user_unique_id() {
            Some(handle) if handle != user.as_bytes() => Err(of_another()),
            _ => Ok(()),
        }
    }
}

impl Registration {
    pub(super) fn read(answer: Value) -> Result<Self> {
        let answer: RegisterPublicKeyCredential =
            serde_json::from_value(answer).map_err(|_| unreadable())?;
        let response = &answer.response;
        let device_data = response.attestation_object.len();
        check_sizes(answer.raw_id.len(), response.client_data_json.len(), device_data)?;
        Ok(Self(answer))
    }

    pub(super) fn credential_id(&self) -> &[u8] {
        &self.0.raw_id
    }
}

fn parse(kept: &[u8]) -> Result<Credential> {
    serde_json::from_slice(kept).map_err(Error::internal)
}

fn write(credential: &Credential) -> Result<Vec<u8>> {
    serde_json::to_vec(credential).map_err(Error::internal)
}

/// Says in the product's words why the library refuses an answer.
fn refusal(error: &WebauthnError) -> Error {
    match error {
        WebauthnError::MismatchedChallenge => {
            refused("passkey-replayed", "This answers another question. Try the passkey again.")
        }
        WebauthnError::InvalidRPOrigin | WebauthnError::CredentialCrossOrigin => {
            let detail = "The passkey was used on a page of another site.";
            refused("passkey-wrong-origin", detail)
        }
        WebauthnError::InvalidRPIDHash => {
            refused("passkey-foreign", "The passkey was made for another site.")
        }
        WebauthnError::UserNotPresent | WebauthnError::UserNotVerified => {
            let detail = "The device did not check who you are. Set up a PIN, a fingerprint or a \
                          face on it.";
            refused("passkey-not-verified", detail)
        }
        WebauthnError::ChallengeNotFound => challenge_over(),
        WebauthnError::CredentialPossibleCompromise => cloned(),
        WebauthnError::CredentialNotFound => unknown(),
        WebauthnError::CredentialExcludedFromRequest | WebauthnError::CredentialAlreadyExists => {
            known()
        }
        _ => refused("passkey-wrong", "The device's answer is not right. Try it again."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(address: &str) -> Option<RelyingParty> {
        RelyingParty::of(&WebOrigin::parse(address).expect("an address"))
    }

    #[test]
    fn passkeys_need_a_name_and_https() {
        for address in ["http://box.internal", "https://192.168.1.5:8443", "https://[::1]"] {
            assert!(party(address).is_none(), "{address}");
        }
        assert_eq!(party("https://Box.internal:8443").expect("a name").id, "box.internal");
        assert_eq!(party("https://holdfast").expect("a name").id, "holdfast");
    }

    #[test]
    fn only_the_exact_host_is_the_place() {
        let (plain, with_port) =
            (party("https://box.internal").unwrap(), party("https://box.internal:8443").unwrap());

        for host in ["box.internal", "BOX.internal", "box.internal:443"] {
            assert!(plain.is_at(host), "{host}");
        }
        for host in ["box.internal:8443", "a.box.internal", "internal", "192.168.1.5", ""] {
            assert!(!plain.is_at(host), "{host}");
        }
        assert!(with_port.is_at("box.internal:8443"));
        assert!(!with_port.is_at("box.internal"));
    }
}
