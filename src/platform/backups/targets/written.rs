//! Settings of a target as they are written, over HTTP and by the command line.

use serde::Deserialize;
use utoipa::ToSchema;

use super::settings::Settings;
use crate::platform::secret::Secret;

/// Where a target is, and what opens it. Only the settings of its kind may be there. What is
/// secret is never given out again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetSettingsRequest {
    /// `folder`: the whole path, on the machine of the box, e.g. `/mnt/stick/backups`. `sftp`: the
    /// folder on the server. `webdav`: a folder below the address, or none.
    pub path: Option<String>,
    /// `s3`: the address with its scheme, e.g. `s3.eu-central-1.amazonaws.com` over https.
    pub endpoint: Option<String>,
    pub bucket: Option<String>,
    pub region: Option<String>,
    pub access_key: Option<String>,
    /// `s3`, secret.
    #[schema(value_type = Option<String>)]
    pub secret_key: Option<Secret>,
    /// `s3`: a folder in the bucket, or none.
    pub prefix: Option<String>,
    /// `sftp`: name or address of the server.
    pub host: Option<String>,
    /// `sftp`: 22 when it is left out.
    pub port: Option<i64>,
    pub user: Option<String>,
    /// `sftp` without a key, `webdav`; secret.
    #[schema(value_type = Option<String>)]
    pub password: Option<Secret>,
    /// `sftp`, secret: as `ssh-keygen` writes it, without a passphrase.
    #[schema(value_type = Option<String>)]
    pub private_key: Option<Secret>,
    /// `sftp`: the key of the server like `ssh-ed25519 AAAA…`, or its `SHA256:…`. Nothing is sent
    /// to a server without it; a test says which key the server shows.
    pub host_key: Option<String>,
    /// `webdav`: with its scheme, e.g. `cloud.example.com/remote.php/dav/files/box` over https.
    pub url: Option<String>,
    /// `onedrive`: id of the operator's own app registration.
    pub client_id: Option<String>,
    /// `onedrive`: a folder of the drive.
    pub folder: Option<String>,
}

impl From<TargetSettingsRequest> for Settings {
    fn from(it: TargetSettingsRequest) -> Self {
        Self {
            path: it.path,
            endpoint: it.endpoint,
            bucket: it.bucket,
            region: it.region,
            access_key: it.access_key,
            secret_key: it.secret_key,
            prefix: it.prefix,
            host: it.host,
            port: it.port,
            user: it.user,
            password: it.password,
            private_key: it.private_key,
            host_key: it.host_key,
            url: it.url,
            client_id: it.client_id,
            folder: it.folder,
        }
    }
}
