//! The command line's way to a running daemon: its control socket, or an address that the operator names.
//!
//! Whoever may open the socket is the machine's own administrator; an address needs a token. The address
//! rules for pages and receivers do not apply: nothing here is taken from fetched or stored data.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Client, Method};
use url::Url;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running daemon.
pub struct Daemon {
    client: Client,
    base: Url,
    token: Option<String>,
}

/// Why a daemon could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Nobody answers there, or the answer broke off.
    #[error("the daemon at {at} does not answer")]
    Silent {
        /// Where it was looked for.
        at: String,
        /// What the client says.
        source: reqwest::Error,
    },
    /// The path is none of the daemon's.
    #[error("{0} is no path")]
    Path(String),
}

/// What a daemon answered.
pub struct DaemonAnswer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

impl Daemon {
    /// The daemon behind this control socket.
    pub fn at_socket(path: &Path) -> Result<Self, DaemonError> {
        let client = Client::builder().no_proxy().timeout(PATIENCE).unix_socket(path).build();
        let client =
            client.map_err(|source| DaemonError::Silent { at: path.display().to_string(), source })?;
        let base = Url::parse("http://localhost/").expect("a constant address");
        Ok(Self { client, base, token: None })
    }

    /// The daemon at this address, asked with a token.
    pub fn at_url(url: &Url, token: Option<String>) -> Result<Self, DaemonError> {
        let roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let client = Client::builder().no_proxy().timeout(PATIENCE).tls_backend_preconfigured(tls).build();
        let client = client.map_err(|source| DaemonError::Silent { at: url.to_string(), source })?;
        Ok(Self { client, base: url.clone(), token })
    }

    /// Whether somebody answers at all.
    pub async fn is_there(&self) -> bool {
        self.ask(Method::GET, "healthz", None).await.is_ok()
    }

    /// Reads something.
    pub async fn get(&self, path: &str) -> Result<DaemonAnswer, DaemonError> {
        self.ask(Method::GET, path, None).await
    }

    /// Sends something of this content type.
    pub async fn post(
        &self,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<DaemonAnswer, DaemonError> {
        self.ask(Method::POST, path, Some((content_type, body))).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<DaemonAnswer, DaemonError> {
        let url = self.base.join(path).map_err(|_| DaemonError::Path(path.to_owned()))?;
        let silent = |source| DaemonError::Silent { at: self.base.to_string(), source };
        let mut request = self.client.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some((content_type, body)) = body {
            request = request.header("content-type", content_type).body(body);
        }
        let answer = request.send().await.map_err(silent)?;
        let status = answer.status().as_u16();
        Ok(DaemonAnswer { status, body: answer.bytes().await.map_err(silent)? })
    }
}
