//! Finding boxes in the network: mDNS service [`SERVICE`], with the box's name, the fingerprint of its key and its
//! protocol in the TXT record. Whoever answers may be anybody, and may say the name and the fingerprint of another box:
//! only the handshake proves who it is, so what two answers say stays two answers.

use super::LinkError;
use super::message::{PROTOCOL, PublicKey, short_name};
use mdns_sd::{ScopedIp, ServiceDaemon, ServiceEvent, ServiceInfo};
use std::collections::BTreeMap;
use std::net::{SocketAddr, SocketAddrV6};
use std::time::{Duration, Instant};

/// What boxes announce.
pub const SERVICE: &str = "_rasika._tcp.local.";
/// More answers than any stage has boxes are not kept.
const MOST: usize = 256;
/// Addresses of one answer.
const ADDRESSES: usize = 16;

/// A box in the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it calls itself.
    pub name: String,
    /// Where it listens, the likeliest to work first.
    pub addresses: Vec<SocketAddr>,
    /// Fingerprint of the key it says it has.
    pub fingerprint: String,
    /// Its protocol.
    pub protocol: u16,
}

/// Tells the network of this box; dropped, it says goodbye.
pub struct Announcement {
    daemon: ServiceDaemon,
    full_name: String,
}

impl Announcement {
    /// Begins. Addresses follow the interfaces as they come and go.
    ///
    /// # Errors
    /// No socket for mDNS.
    pub fn begin(name: &str, key: &PublicKey, port: u16) -> Result<Self, LinkError> {
        let name = short_name(name).chars().take(40).collect::<String>();
        let fingerprint = key.fingerprint().replace(' ', "");
        let protocol = PROTOCOL.to_string();
        let txt = [("name", &*name), ("key", &*fingerprint), ("protocol", &*protocol)];
        let instance = format!("{name} {}", &fingerprint[..4]);
        let host = format!("rasika-{}.local.", &fingerprint[..8]);
        let info = ServiceInfo::new(SERVICE, &instance, &host, "", port, &txt[..]).map_err(failed)?;
        let info = info.enable_addr_auto();
        let full_name = info.get_fullname().to_owned();
        let daemon = ServiceDaemon::new().map_err(failed)?;
        daemon.register(info).map_err(failed)?;
        Ok(Self { daemon, full_name })
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        if let Ok(gone) = self.daemon.unregister(&self.full_name) {
            let _ = gone.recv_timeout(Duration::from_millis(300));
        }
        let _ = self.daemon.shutdown();
    }
}

/// Looks for boxes for a while. Blocks; call it from a thread that may wait. `found` hears of each as it answers, again
/// when more of its addresses are known, and says whether to go on.
///
/// # Errors
/// No socket for mDNS.
pub fn discover(long: Duration, mut found: impl FnMut(&Found) -> bool) -> Result<Vec<Found>, LinkError> {
    let daemon = ServiceDaemon::new().map_err(failed)?;
    let events = daemon.browse(SERVICE).map_err(failed)?;
    let until = Instant::now() + long;
    let mut boxes: BTreeMap<(String, String, String, u16), Found> = BTreeMap::new();
    while let Ok(event) = events.recv_timeout(until.saturating_duration_since(Instant::now())) {
        let ServiceEvent::ServiceResolved(service) = event else { continue };
        let text = |key: &str| short_name(service.get_property_val_str(key).unwrap_or_default());
        let answer = (service.fullname.clone(), service.host.clone(), text("key"), service.port);
        if boxes.len() >= MOST && !boxes.contains_key(&answer) {
            continue;
        }
        let this = boxes.entry(answer).or_insert_with(|| Found {
            name: text("name"),
            addresses: Vec::new(),
            fingerprint: text("key"),
            protocol: text("protocol").parse().unwrap_or(0),
        });
        this.addresses.extend(service.addresses.iter().map(|address| at(address, service.port)));
        // IPv4 first: people read it more easily, and it needs no scope.
        this.addresses.sort_by_key(|address| (address.is_ipv6(), *address));
        this.addresses.dedup();
        this.addresses.truncate(ADDRESSES);
        if !found(this) {
            break;
        }
    }
    let _ = daemon.shutdown();
    Ok(boxes.into_values().collect())
}

/// A link-local address of IPv6 is one only together with the interface it was heard on.
fn at(address: &ScopedIp, port: u16) -> SocketAddr {
    match address {
        ScopedIp::V6(address) if address.addr().is_unicast_link_local() => {
            SocketAddrV6::new(*address.addr(), port, 0, address.scope_id().index).into()
        }
        address => SocketAddr::new(address.to_ip_addr(), port),
    }
}

fn failed(error: mdns_sd::Error) -> LinkError {
    LinkError::Here(format!("mDNS does not work here ({error}); give the box's address instead"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_that_announces_itself_is_found() {
        let key = PublicKey(*blake3::hash(&std::process::id().to_le_bytes()).as_bytes());
        let Ok(announcement) = Announcement::begin("Studio Ä", &key, 4711) else { return };
        let fingerprint = key.fingerprint().replace(' ', "");
        let is_it = |found: &Found| found.fingerprint == fingerprint;
        let found = discover(Duration::from_secs(10), |found| !is_it(found)).unwrap();
        let Some(found) = found.into_iter().find(is_it) else {
            // A machine whose network carries no multicast cannot show more.
            eprintln!("not found: no multicast here?");
            return;
        };
        assert_eq!((&*found.name, found.protocol), ("Studio Ä", PROTOCOL));
        assert!(!found.addresses.is_empty() && found.addresses.iter().all(|address| address.port() == 4711));
        drop(announcement);
    }
}
