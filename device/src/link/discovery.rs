//! Finding boxes in the network: mDNS service [`SERVICE`], with the box's name, the fingerprint of its key and its
//! protocol in the TXT record. Whoever answers may be anybody: only the handshake proves who it is.

use super::LinkError;
use super::message::{PROTOCOL, PublicKey, short_name};
use mdns_sd::{ServiceDaemon, ServiceEvent, ServiceInfo};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// What boxes announce.
pub const SERVICE: &str = "_rasika._tcp.local.";
/// More answers than any stage has boxes are not kept.
const MOST: usize = 256;

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

/// Looks for boxes for a while. Blocks; call it from a thread that may wait. `found` hears of each as it answers and
/// says whether to go on.
///
/// # Errors
/// No socket for mDNS.
pub fn discover(long: Duration, mut found: impl FnMut(&Found) -> bool) -> Result<Vec<Found>, LinkError> {
    let daemon = ServiceDaemon::new().map_err(failed)?;
    let events = daemon.browse(SERVICE).map_err(failed)?;
    let until = Instant::now() + long;
    let mut boxes = BTreeMap::new();
    while let Ok(event) = events.recv_timeout(until.saturating_duration_since(Instant::now())) {
        if let ServiceEvent::ServiceResolved(service) = event
            && boxes.len() < MOST
        {
            let text = |key: &str| short_name(service.get_property_val_str(key).unwrap_or_default());
            let mut addresses: Vec<IpAddr> = service.addresses.iter().map(mdns_sd::ScopedIp::to_ip_addr).collect();
            // IPv4 first: IPv6 link-local addresses need a scope that a socket address from here has not.
            addresses.sort_by_key(|address| (address.is_ipv6(), *address));
            let this = Found {
                name: text("name"),
                addresses: addresses.into_iter().map(|address| SocketAddr::new(address, service.port)).collect(),
                fingerprint: text("key"),
                protocol: text("protocol").parse().unwrap_or(0),
            };
            let go_on = found(&this);
            boxes.insert(service.fullname.clone(), this);
            if !go_on {
                break;
            }
        }
    }
    let _ = daemon.shutdown();
    Ok(boxes.into_values().collect())
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
