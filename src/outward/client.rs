//! The client: every outward request of the program is made here.
//!
//! A request passes three gates: the address as written (scheme, user info, port, literal), the resolved
//! addresses where the connection is made, and the limits while the answer is read. Redirects are
//! answers like any other; following one is a new request.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

use super::body::{Encoding, Wire};
use super::resolve::{CheckedResolver, Resolve, SystemResolver, judge, lookup};
use super::{Awaited, Limits, OutwardConfig, OutwardError, Part, Refusal};

/// Largest answer read to a request of ours that sends something, in bytes.
const ANSWER_TO_POST: usize = 64 * 1024;
/// Connections to one host that are kept for the next request. Sites are asked one thing at a time; a receiver may be told as
/// many at once, and making a connection for each would cost more than the message.
const IDLE: usize = 32;

/// The one way out. Cloning gives another handle of the same client.
#[derive(Clone)]
pub struct Outward {
    config: Arc<OutwardConfig>,
    resolver: Arc<dyn Resolve>,
    /// One client a legal port: the resolver of each knows the port that will be connected to.
    clients: Arc<BTreeMap<u16, Client>>,
}

/// The client could not be built from its configuration.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The file of the private authority cannot be read or holds no certificate.
    #[error("outward.ca_file {file}: {why}")]
    Authority {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The TLS or HTTP library refuses its settings.
    #[error("the HTTP client cannot be built: {0}")]
    Client(String),
}

/// What came back: the head, and the body within the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case; values of a repeated header joined by `, `; what is not text is left out.
    pub headers: BTreeMap<String, String>,
    /// After [`Outward::get`] inflated and whole, but only for a status of 2xx; after
    /// [`Outward::post`] the first 64 KiB as received.
    pub body: Bytes,
    /// From the beginning of the request to the end of the answer.
    pub took: Duration,
}

/// Something to be sent.
#[derive(Clone)]
pub struct Post<'a> {
    /// Where to. May be a secret as a whole; it stands in no error and no log of this module.
    pub url: &'a Url,
    /// Headers, `content-type` among them.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body, sent as it is.
    pub body: Bytes,
    /// From the beginning to the end of the answer.
    pub timeout: Duration,
}

impl Outward {
    /// Builds the client with the system's resolver.
    pub fn new(config: OutwardConfig) -> Result<Self, BuildError> {
        Self::with_resolver(config, Arc::new(SystemResolver))
    }

    /// Builds the client with a resolver of the caller's; what it answers is checked all the same.
    pub fn with_resolver(config: OutwardConfig, resolver: Arc<dyn Resolve>) -> Result<Self, BuildError> {
        let tls = tls(&config)?;
        let config = Arc::new(config);
        let ports = [80, 443].into_iter().chain(config.ports.iter().copied());
        let ports = ports.chain(config.allow.iter().map(SocketAddr::port));
        let mut clients = BTreeMap::new();
        for port in ports {
            let checked =
                CheckedResolver { config: Arc::clone(&config), resolver: Arc::clone(&resolver), port };
            clients.insert(port, client(&config, tls.clone(), checked)?);
        }
        Ok(Self { config, resolver, clients: Arc::new(clients) })
    }

    /// Reads an address somebody wrote and checks it as [`check_url`](Self::check_url) does.
    pub fn check(&self, text: &str) -> Result<Url, Refusal> {
        let url = Url::parse(text.trim()).map_err(|_| Refusal::NotAnAddress)?;
        self.check_url(&url)?;
        Ok(url)
    }

    /// Checks all that can be known without asking a resolver: scheme, user info, port, literals and
    /// names of this machine. A name that passes is still judged by its addresses when connecting.
    pub fn check_url(&self, url: &Url) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::UserInfo);
        }
        let port = url.port_or_known_default().ok_or(Refusal::NotAnAddress)?;
        let ip = match url.host().ok_or(Refusal::NotAnAddress)? {
            Host::Domain(name) => return self.check_name(name, port),
            Host::Ipv4(ip) => IpAddr::V4(ip),
            Host::Ipv6(ip) => IpAddr::V6(ip),
        };
        let socket = judge(&self.config, ip, port)?;
        if self.is_open(port) || self.config.allows(socket) { Ok(()) } else { Err(Refusal::Port(port)) }
    }

    /// Asks for a document. `headers` are added to our own; limits of the configuration hold.
    pub async fn get(&self, url: &Url, headers: &[(&str, &str)]) -> Result<Answer, OutwardError> {
        self.get_within(url, headers, &self.config.limits).await
    }

    /// Asks for a document under other limits than the configuration's (robots.txt: 500 KiB).
    pub async fn get_within(
        &self,
        url: &Url,
        headers: &[(&str, &str)],
        limits: &Limits,
    ) -> Result<Answer, OutwardError> {
        let began = Instant::now();
        let head_until = began + limits.first_byte.min(limits.whole);
        let mut headers = header_map(headers)?;
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, br, deflate"));
        let response = self.head(Method::GET, url, headers, Bytes::new(), head_until).await?;
        let (status, head) = taken_apart(&response, limits)?;
        let body = if response.status().is_success() {
            let encoding = Encoding::of(head.get(CONTENT_ENCODING.as_str()).map_or("", String::as_str))?;
            let wire = Wire::new(response, host_of(url), limits, Instant::now(), began + limits.whole);
            wire.whole(encoding, limits).await?
        } else {
            Bytes::new()
        };
        Ok(Answer { status, headers: head, body, took: began.elapsed() })
    }

    /// Sends something; the answer of any status is given back with the beginning of its body.
    pub async fn post(&self, post: Post<'_>) -> Result<Answer, OutwardError> {
        let began = Instant::now();
        let end = began + post.timeout;
        let mut headers = header_map(post.headers)?;
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let response = self.head(Method::POST, post.url, headers, post.body, end).await?;
        let limits = &self.config.limits;
        let (status, head) = taken_apart(&response, limits)?;
        let wire = Wire::new(response, host_of(post.url), limits, Instant::now(), end);
        let body = wire.beginning(ANSWER_TO_POST).await?;
        Ok(Answer { status, headers: head, body, took: began.elapsed() })
    }

    /// Resolves a host that is not spoken to over HTTP (a mail relay) and checks every address of it.
    /// Connect to one of these addresses, not to the name: a second look-up may answer otherwise.
    pub async fn check_host(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, OutwardError> {
        match literal(host) {
            Some(ip) => Ok(vec![judge(&self.config, ip, port)?]),
            None => lookup(&self.config, &*self.resolver, host, port).await,
        }
    }

    /// The limits of one request, as configured.
    pub fn limits(&self) -> &Limits {
        &self.config.limits
    }

    fn is_open(&self, port: u16) -> bool {
        matches!(port, 80 | 443) || self.config.ports.contains(&port)
    }

    fn check_name(&self, name: &str, port: u16) -> Result<(), Refusal> {
        let excepted = self.config.allow.iter().any(|entry| entry.port() == port);
        let bare = name.trim_end_matches('.');
        let here = bare == "localhost" || bare.ends_with(".localhost");
        if here && !self.config.allow.iter().any(|entry| entry.port() == port && entry.ip().is_loopback()) {
            return Err(Refusal::ThisMachine(name.to_owned()));
        }
        if self.is_open(port) || excepted { Ok(()) } else { Err(Refusal::Port(port)) }
    }

    /// Sends a request and waits for the head of the answer.
    async fn head(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        until: Instant,
    ) -> Result<reqwest::Response, OutwardError> {
        self.check_url(url)?;
        let port = url.port_or_known_default().ok_or(Refusal::NotAnAddress)?;
        let client = self.clients.get(&port).ok_or(Refusal::Port(port))?;
        let mut request = client.request(method, url.clone()).headers(headers);
        if !body.is_empty() {
            request = request.body(body);
        }
        match timeout_at(until, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(explained(error, host_of(url))),
            Err(_) => Err(OutwardError::Timeout { awaited: Awaited::FirstByte }),
        }
    }
}

/// Host and port for messages; never the path, which may be a secret.
fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
}

fn literal(host: &str) -> Option<IpAddr> {
    match Host::parse(host.trim_matches(['[', ']'])).ok() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        Some(Host::Domain(_)) | None => host.trim_matches(['[', ']']).parse().ok(),
    }
}

fn header_map(headers: &[(&str, &str)]) -> Result<HeaderMap, Refusal> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let refused = || Refusal::Header((*name).to_owned());
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        map.append(key, HeaderValue::from_str(value).map_err(|_| refused())?);
    }
    Ok(map)
}

fn taken_apart(
    response: &reqwest::Response,
    limits: &Limits,
) -> Result<(u16, BTreeMap<String, String>), OutwardError> {
    // As on the wire: name, colon, blank, value, line end.
    let size: usize =
        response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if size as u64 > limits.header {
        return Err(OutwardError::TooLarge { part: Part::Header, limit: limits.header });
    }
    let mut headers = BTreeMap::<String, String>::new();
    for (name, value) in response.headers() {
        let Ok(value) = std::str::from_utf8(value.as_bytes()) else { continue };
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|known| *known = format!("{known}, {value}"))
            .or_insert_with(|| value.to_owned());
    }
    Ok((response.status().as_u16(), headers))
}

/// Finds our own refusal in what the client reports, else says what kind of failure it was.
fn explained(error: reqwest::Error, host: String) -> OutwardError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        match inner.downcast_ref::<OutwardError>() {
            Some(OutwardError::Refused(refusal)) => return OutwardError::Refused(refusal.clone()),
            Some(OutwardError::Unresolved { host, why }) => {
                return OutwardError::Unresolved { host: host.clone(), why: why.clone() };
            }
            Some(_) | None => cause = inner.source(),
        }
    }
    if error.is_timeout() {
        return OutwardError::Timeout { awaited: Awaited::Connection };
    }
    let unsent = error.is_connect();
    OutwardError::Network { host, unsent, source: Box::new(error.without_url()) }
}

fn client(
    config: &OutwardConfig,
    tls: rustls::ClientConfig,
    resolver: CheckedResolver,
) -> Result<Client, BuildError> {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(resolver))
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(config.limits.connect)
        .http2_max_header_list_size(u32::try_from(config.limits.header).unwrap_or(u32::MAX))
        .http1_ignore_invalid_headers_in_responses(true)
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(IDLE)
        .user_agent(config.user_agent())
        .build()
        .map_err(|error| BuildError::Client(error.to_string()))
}

fn tls(config: &OutwardConfig) -> Result<rustls::ClientConfig, BuildError> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = &config.ca_file {
        let broken = |why: String| BuildError::Authority { file: file.display().to_string(), why };
        let certificates = CertificateDer::pem_file_iter(file).map_err(|error| broken(error.to_string()))?;
        let mut taken = 0;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| broken(error.to_string()))?;
            roots.add(certificate).map_err(|error| broken(error.to_string()))?;
            taken += 1;
        }
        if taken == 0 {
            return Err(broken("holds no certificate".into()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| BuildError::Client(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}
