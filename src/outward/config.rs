//! The `[outward]` table: exceptions, ports, trust and limits of everything that leaves the program.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::PRODUCT;

/// What may be reached and how: the `[outward]` table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutwardConfig {
    /// Exceptions from the rule that only addresses of the public internet are asked: exact
    /// `address:port` entries such as `"10.1.2.3:8080"`. Default: none.
    pub allow: Vec<SocketAddr>,
    /// Ports besides 80 and 443. Default: none.
    pub ports: Vec<u16>,
    /// Certificates (PEM) of a private authority, trusted besides the public ones. Default: none.
    pub ca_file: Option<PathBuf>,
    /// Where a site's operator finds us, shown in the user agent: a page or a mailbox. Default: none.
    pub contact: Option<String>,
    /// What one request may cost.
    pub limits: Limits,
}

/// What one request may cost: the `[outward.limits]` table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Until name, connection and TLS stand. Default: 10s.
    #[serde(with = "humantime_serde")]
    pub connect: Duration,
    /// From the beginning until the head of the answer is there. Default: 20s.
    #[serde(with = "humantime_serde")]
    pub first_byte: Duration,
    /// From the beginning to the end of the answer. Default: 1m.
    #[serde(with = "humantime_serde")]
    pub whole: Duration,
    /// How long an answer may be slower than `least_rate`. Default: 10s.
    #[serde(with = "humantime_serde")]
    pub grace: Duration,
    /// Least average rate of the body after `grace`, in bytes a second. Default: 1024.
    pub least_rate: u64,
    /// Largest head of an answer, in bytes. Default: 65536.
    pub header: u64,
    /// Largest body, in bytes, counted after inflating. Default: 8388608.
    pub body: u64,
    /// Most bytes that one received byte may become, beyond the first 1 MiB. Default: 100.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(20),
            whole: Duration::from_mins(1),
            grace: Duration::from_secs(10),
            least_rate: 1024,
            header: 64 * 1024,
            body: 8 * 1024 * 1024,
            ratio: 100,
        }
    }
}

impl OutwardConfig {
    /// The name we go by: `minsheng/1.2.3 (+https://desk.example/about)`.
    pub fn user_agent(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        match &self.contact {
            Some(contact) => format!("{PRODUCT}/{version} (+{contact})"),
            None => format!("{PRODUCT}/{version}"),
        }
    }

    /// Whether `address` with this port is an exception named in the configuration.
    pub fn allows(&self, address: SocketAddr) -> bool {
        self.allow.contains(&address)
    }

    /// What is wrong in this table, in words for its author; empty if nothing is.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let limits = &self.limits;
        let times = [
            ("connect", limits.connect),
            ("first_byte", limits.first_byte),
            ("whole", limits.whole),
            ("grace", limits.grace),
        ];
        problems.extend(
            times
                .iter()
                .filter(|(_, time)| time.is_zero())
                .map(|(name, _)| format!("outward.limits.{name} must be longer than 0s")),
        );
        let sizes = [("header", limits.header), ("body", limits.body), ("ratio", limits.ratio)];
        problems.extend(
            sizes
                .iter()
                .filter(|(_, size)| *size == 0)
                .map(|(name, _)| format!("outward.limits.{name} must be greater than 0")),
        );
        if self.ports.contains(&0) || self.allow.iter().any(|entry| entry.port() == 0) {
            problems.push(
                "port 0 cannot be connected to: name the port in outward.ports or outward.allow".into(),
            );
        }
        let sendable = |c: char| c.is_ascii_graphic() && c != '(' && c != ')';
        if self.contact.as_deref().is_some_and(|contact| contact.is_empty() || !contact.chars().all(sendable))
        {
            problems
                .push("outward.contact must be a page or mailbox in ASCII without spaces or brackets".into());
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_of_the_table_is_named() {
        assert_eq!(OutwardConfig::default().problems(), Vec::<String>::new());
        let config = OutwardConfig {
            allow: vec!["10.0.0.1:0".parse().unwrap()],
            contact: Some("线 上".into()),
            limits: Limits { whole: Duration::ZERO, body: 0, ..Limits::default() },
            ..OutwardConfig::default()
        };
        let problems = config.problems().join("\n");
        for word in ["whole", "body", "port 0", "contact"] {
            assert!(problems.contains(word), "{word} in {problems}");
        }
        assert_eq!(config.problems().len(), 4);
    }
}
