//! Which network addresses belong to the public internet (promise S3).
//!
//! Only the parsed address is judged, so octal, hexadecimal, short and full-width spellings need no
//! rules of their own. An IPv6 address that carries an IPv4 address is judged by what it carries. For
//! IPv6 the list is one of what is allowed (2000::/3 without its special blocks), since most of that
//! space is not of the public internet.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not of the public internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// This machine.
    Loopback,
    /// An inner network (RFC 1918, unique-local, site-local).
    Private,
    /// One cable's neighbours, among them most clouds' metadata services.
    LinkLocal,
    /// Behind a provider's translation (RFC 6598).
    CarrierNat,
    /// A cloud's metadata or host service on an otherwise public address.
    Metadata,
    /// Kept for measuring, documentation or protocols.
    Reserved,
    /// Many receivers at once.
    Multicast,
    /// No address at all.
    Unspecified,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::CarrierNat => "a carrier-grade NAT address",
            Self::Metadata => "a cloud metadata address",
            Self::Reserved => "a reserved address",
            Self::Multicast => "a multicast address",
            Self::Unspecified => "an unspecified address",
        })
    }
}

/// What keeps `address` from being asked; `None` for an address of the public internet.
pub fn refused(address: IpAddr) -> Option<Class> {
    match address {
        IpAddr::V4(v4) => refused_v4(v4),
        IpAddr::V6(v6) => refused_v6(v6),
    }
}

/// Whether `address` lies on this machine or in an inner network: where mail may go without TLS.
pub fn is_private(address: IpAddr) -> bool {
    matches!(refused(address), Some(Class::Loopback | Class::Private))
}

fn refused_v4(address: Ipv4Addr) -> Option<Class> {
    let [a, b, c, d] = address.octets();
    match (a, b, c, d) {
        (0, 0, 0, 0) => Some(Class::Unspecified),
        (127, ..) => Some(Class::Loopback),
        (10, ..) | (192, 168, ..) | (172, 16..=31, ..) => Some(Class::Private),
        (169, 254, ..) => Some(Class::LinkLocal),
        // Alibaba's metadata (100.100.100.200) lies within.
        (100, 64..=127, ..) => Some(Class::CarrierNat),
        // Azure's host service. Oracle's (192.0.0.192) lies in the protocol block below.
        (168, 63, 129, 16) => Some(Class::Metadata),
        (224..=239, ..) => Some(Class::Multicast),
        // This network; protocols; documentation 1-3; 6to4 relays; benchmarks; future use and broadcast.
        (0 | 240..=255, ..)
        | (192, 0, 0 | 2, _)
        | (198, 51, 100, _)
        | (203, 0, 113, _)
        | (192, 88, 99, _)
        | (198, 18 | 19, ..) => Some(Class::Reserved),
        _ => None,
    }
}

fn refused_v6(address: Ipv6Addr) -> Option<Class> {
    let part = address.segments();
    match part {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some(Class::Unspecified),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Class::Loopback),
        // Mapped, compatible, NAT64.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            refused_v4(v4(high, low))
        }
        // 6to4.
        [0x2002, high, low, ..] => refused_v4(v4(high, low)),
        // Teredo: the server, and the client with its bits turned over.
        [0x2001, 0, server_high, server_low, _, _, high, low] => {
            refused_v4(v4(server_high, server_low)).or(refused_v4(v4(!high, !low)))
        }
        // Unique-local (AWS metadata lies within), site-local, NAT64 for local use.
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] | [0x64, 0xff9b, 1, ..] => Some(Class::Private),
        [0xfe80..=0xfebf, ..] => Some(Class::LinkLocal),
        [0xff00..=0xffff, ..] => Some(Class::Multicast),
        // Protocols, benchmarks, ORCHID (2001::/23); documentation 1 and 2.
        [0x2001, 0..=0x1ff | 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Some(Class::Reserved),
        [0x2000..=0x3fff, ..] => None,
        _ => Some(Class::Reserved),
    }
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn special_addresses_are_refused_and_their_public_neighbours_are_not() {
        for (address, class) in [
            ("127.0.0.1", Some(Class::Loopback)),
            ("126.255.255.255", None),
            ("128.0.0.1", None),
            ("9.255.255.255", None),
            ("10.0.0.0", Some(Class::Private)),
            ("11.0.0.0", None),
            ("172.15.255.255", None),
            ("172.31.255.255", Some(Class::Private)),
            ("172.32.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.0", Some(Class::CarrierNat)),
            ("100.128.0.0", None),
            ("168.63.129.15", None),
            ("168.63.129.16", Some(Class::Metadata)),
            ("169.254.169.254", Some(Class::LinkLocal)),
            ("198.17.255.255", None),
            ("198.20.0.0", None),
            ("192.0.1.1", None),
            ("223.255.255.255", None),
            ("224.0.0.1", Some(Class::Multicast)),
            ("::", Some(Class::Unspecified)),
            ("::1", Some(Class::Loopback)),
            ("::ffff:8.8.8.8", None),
            ("::ffff:10.0.0.1", Some(Class::Private)),
            ("64:ff9b::8.8.8.8", None),
            ("64:ff9b::a9fe:a9fe", Some(Class::LinkLocal)),
            ("2002:808:808::1", None),
            ("2002:7f00:1::", Some(Class::Loopback)),
            ("2001:0:808:808:0:0:f7f7:f7f7", None),
            ("2001:0:808:808:0:0:80ff:fffe", Some(Class::Loopback)),
            ("2001:db8::1", Some(Class::Reserved)),
            ("3fff:fff::1", Some(Class::Reserved)),
            ("3fff:1000::1", None),
            ("2606:4700::1111", None),
            ("fd00:ec2::254", Some(Class::Private)),
            ("fe80::1", Some(Class::LinkLocal)),
            ("fec0::1", Some(Class::Private)),
            ("ff02::1", Some(Class::Multicast)),
            ("100::1", Some(Class::Reserved)),
            ("4000::1", Some(Class::Reserved)),
        ] {
            assert_eq!(refused(address.parse().unwrap()), class, "{address}");
        }
    }

    proptest! {
        #[test]
        fn an_address_is_judged_alike_in_every_ipv6_dress(bits: u32) {
            let plain = Ipv4Addr::from(bits);
            let (high, low) = ((bits >> 16) as u16, bits as u16);
            let verdict = refused_v4(plain).is_some();
            for dressed in [
                plain.to_ipv6_mapped(),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, 0x808, 0x808, 0, 0, !high, !low),
                Ipv6Addr::new(0x2001, 0, high, low, 0, 0, !0x808, !0x808),
            ] {
                prop_assert_eq!(refused(dressed.into()).is_some(), verdict, "{}", dressed);
            }
        }
    }
}
