//! From host names to addresses that were checked, with the port that will be connected to.
//!
//! The connector is given only what passes here, so a name is resolved once and no address is judged
//! that is not the one connected to. One refused address in an answer refuses the whole answer.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;

use super::{OutwardConfig, OutwardError, Refusal, address};

/// The future of one look-up.
pub type Resolving = BoxFuture<'static, io::Result<Vec<IpAddr>>>;

/// Turns a host name into addresses. The daemon uses [`SystemResolver`]; tests answer as they please.
pub trait Resolve: Send + Sync {
    /// All addresses of `host`.
    fn resolve(&self, host: &str) -> Resolving;
}

/// The operating system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: &str) -> Resolving {
        let host = host.to_owned();
        Box::pin(
            async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|found| found.ip()).collect()) },
        )
    }
}

/// Judges one address with its port.
pub(super) fn judge(config: &OutwardConfig, ip: IpAddr, port: u16) -> Result<SocketAddr, Refusal> {
    let socket = SocketAddr::new(ip, port);
    match address::refused(ip) {
        Some(class) if !config.allows(socket) => Err(Refusal::Address { address: ip, class }),
        _ => Ok(socket),
    }
}

/// Resolves and judges all addresses of a name.
pub(super) async fn lookup(
    config: &OutwardConfig,
    resolver: &dyn Resolve,
    host: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, OutwardError> {
    let unresolved = |why: String| OutwardError::Unresolved { host: host.to_owned(), why };
    let found = resolver.resolve(host).await.map_err(|error| unresolved(error.to_string()))?;
    if found.is_empty() {
        return Err(unresolved("no address".into()));
    }
    found.into_iter().map(|ip| judge(config, ip, port).map_err(OutwardError::from)).collect()
}

/// The look-up as the HTTP client wants it. The client does not tell its resolver the port, so there is
/// one client, and one of these, for each legal port.
pub(super) struct CheckedResolver {
    pub(super) config: Arc<OutwardConfig>,
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) port: u16,
}

impl reqwest::dns::Resolve for CheckedResolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let (config, resolver, port) = (Arc::clone(&self.config), Arc::clone(&self.resolver), self.port);
        Box::pin(async move {
            let checked = lookup(&config, &*resolver, name.as_str(), port).await?;
            Ok(Box::new(checked.into_iter()) as reqwest::dns::Addrs)
        })
    }
}
