//! Where the console listens and for whom: the `[web]` table.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};
use url::Url;

/// Where the console listens and for whom: the `[web]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebConfig {
    /// Address and port. Another address than loopback needs `proxies` and an https `external_url`, for
    /// the daemon speaks plain HTTP. Default: 127.0.0.1:8686.
    pub listen: SocketAddr,
    /// The console's address as people open it, for links in messages and for cookies. Default: none, that
    /// is `http://` and `listen`.
    pub external_url: Option<Url>,
    /// Further names under which the console may be opened, beside loopback and that of `external_url`.
    /// Default: none.
    pub hosts: Vec<String>,
    /// Addresses of reverse proxies; only their `X-Forwarded-For` counts. Default: none.
    pub proxies: Vec<IpAddr>,
    /// Connections at once; more wait. Default: 512.
    pub connections: usize,
    /// Largest body of `POST /api/v1/posts`, in bytes, counted after inflating. Default: 16777216 (16 MiB).
    pub ingest_bytes: usize,
}

/// Why a `[web]` table is not to be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebFault {
    /// Strangers could listen in.
    #[error(
        "listen = \"{0}\" is no loopback address: name the reverse proxy in `proxies` and an https `external_url`"
    )]
    Exposed(SocketAddr),
    /// Not an address that people can open.
    #[error("external_url must begin with http:// or https:// and name a host")]
    ExternalUrl,
    /// Nobody could connect.
    #[error("{0} must not be 0")]
    Zero(&'static str),
}

impl Default for WebConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8686)),
            external_url: None,
            hosts: Vec::new(),
            proxies: Vec::new(),
            connections: 512,
            ingest_bytes: 16 << 20,
        }
    }
}

impl WebConfig {
    /// What is wrong with it; empty if nothing is.
    pub fn faults(&self) -> Vec<WebFault> {
        let mut faults = Vec::new();
        if !self.listen.ip().is_loopback() && (self.proxies.is_empty() || !self.is_https()) {
            faults.push(WebFault::Exposed(self.listen));
        }
        let bad_url = |url: &Url| !matches!(url.scheme(), "http" | "https") || url.host().is_none();
        if self.external_url.as_ref().is_some_and(bad_url) {
            faults.push(WebFault::ExternalUrl);
        }
        for (name, value) in [("connections", self.connections), ("ingest_bytes", self.ingest_bytes)] {
            if value == 0 {
                faults.push(WebFault::Zero(name));
            }
        }
        faults
    }

    /// The console's address as people open it.
    pub fn console_url(&self) -> Url {
        self.external_url.clone().unwrap_or_else(|| {
            Url::parse(&format!("http://{}/", self.listen)).expect("an address and a port make a URL")
        })
    }

    pub(super) fn is_https(&self) -> bool {
        self.external_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// Whether the console may be asked for under this `Host` (stops DNS rebinding).
    pub(super) fn serves_host(&self, host: &str) -> bool {
        let Ok(url) = Url::parse(&format!("http://{host}/")) else { return false };
        if url.path() != "/" || !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        match url.host() {
            // A name can be made to point here; the address itself cannot.
            Some(url::Host::Ipv4(ip)) => ip.is_loopback() || self.names(&ip.to_string()),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback() || self.names(&format!("[{ip}]")),
            Some(url::Host::Domain(name)) => name == "localhost" || self.names(name),
            None => false,
        }
    }

    fn names(&self, name: &str) -> bool {
        let external = self.external_url.as_ref().and_then(Url::host_str);
        external.is_some_and(|host| host.eq_ignore_ascii_case(name))
            || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_names_are_served() {
        let config = WebConfig {
            external_url: Some(Url::parse("https://desk.example.gov/").unwrap()),
            hosts: vec!["desk.lan".into()],
            ..WebConfig::default()
        };
        for (host, served) in [
            ("127.0.0.1:8686", true),
            ("localhost:8686", true),
            ("[::1]:8686", true),
            ("desk.example.gov", true),
            ("DESK.lan:99", true),
            ("evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example:8686", false),
            ("10.0.0.1", false),
            ("user@localhost", false),
            ("localhost/x", false),
            ("", false),
        ] {
            assert_eq!(config.serves_host(host), served, "{host}");
        }
    }

    #[test]
    fn an_open_address_needs_a_proxy_and_https() {
        let open = WebConfig { listen: "0.0.0.0:8686".parse().unwrap(), ..WebConfig::default() };
        assert_eq!(open.faults().len(), 1);
        let behind = WebConfig {
            proxies: vec!["10.0.0.2".parse().unwrap()],
            external_url: Some(Url::parse("https://desk.example.gov/").unwrap()),
            ..open
        };
        assert_eq!(behind.faults(), []);
        assert_eq!(WebConfig::default().faults(), []);
    }
}
