//! Looking for a box that is not where it was: every address of every answer is tried until one proves to be it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use rasika_device::link::discovery::{self, Found};
use rasika_device::link::{Client, Expect};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::address::Address;
use super::reach::Line;

/// How long answers are waited for.
const SEARCH: Duration = Duration::from_secs(3);
/// Answers that say another key are tried after so long: a box's own announcement may be overlaid by another's.
const OTHERS: Duration = Duration::from_secs(2);
/// All of it.
const LONGEST: Duration = Duration::from_secs(15);
/// Addresses that are tried at a time; whoever lets us wait at one holds up nobody.
const AT_A_TIME: usize = 64;

/// The box that is expected, wherever it is now.
pub(super) async fn find(line: &Line, was: &Address, expect: &Expect) -> Option<(Address, Client)> {
    let (tell, answers) = mpsc::unbounded_channel();
    // No thread of the runtime, which would wait for it at its end.
    std::thread::spawn(move || discovery::discover(SEARCH, |found| tell.send(found.clone()).is_ok()));
    among(line, was, expect, answers).await
}

/// The first address of any answer where the expected box proves to be.
async fn among(
    line: &Line,
    was: &Address,
    expect: &Expect,
    mut answers: mpsc::UnboundedReceiver<Found>,
) -> Option<(Address, Client)> {
    let compact = |fingerprint: &str| fingerprint.replace(' ', "");
    let wanted = compact(&expect.key.fingerprint());
    let begun = Instant::now();
    let (mut known, mut first, mut others) = (BTreeSet::new(), Vec::new(), Vec::new());
    let mut trying: JoinSet<Option<(Address, Client)>> = JoinSet::new();
    let mut searching = true;
    let search = async {
        loop {
            let now_others = !searching || begun.elapsed() >= OTHERS;
            while trying.len() < AT_A_TIME {
                let next: Option<SocketAddr> = first.pop().or_else(|| if now_others { others.pop() } else { None });
                let Some(address) = next else { break };
                let (line, expect) = (line.clone(), expect.clone());
                let address = Address::Network(address.to_string());
                trying.spawn(async move { line.begin(&address, &expect).await.ok().map(|client| (address, client)) });
            }
            if !searching && trying.is_empty() {
                return None;
            }
            tokio::select! {
                found = answers.recv(), if searching => match found {
                    Some(found) => {
                        let is_it = compact(&found.fingerprint) == wanted;
                        let new = found.addresses.into_iter().filter(|address| {
                            Address::Network(address.to_string()) != *was && known.insert((*address, is_it))
                        });
                        if is_it { first.extend(new) } else { others.extend(new) }
                    }
                    None => searching = false,
                },
                Some(tried) = trying.join_next() => if let Ok(Some(reached)) = tried {
                    return Some(reached);
                },
                () = sleep_until(begun + OTHERS), if !now_others => {}
            }
        }
    };
    timeout_at(begun + LONGEST, search).await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasika_device::link::memory::MemoryBox;
    use rasika_device::link::{Identity, KeyRing, Limits, PairingWindow, Server};
    use std::sync::Arc;
    use tempfile::TempDir;
    use tokio::net::TcpListener;

    /// A box that lets one laptop in.
    async fn serve(folder: &TempDir, laptop: &Identity) -> (SocketAddr, Expect) {
        let key = Identity::open(&folder.path().join("key")).unwrap();
        let ring = KeyRing::open(&folder.path().join("laptops.toml")).unwrap();
        ring.add("laptop", laptop.public()).unwrap();
        let served = Arc::new(MemoryBox::new("stage", folder.path()));
        let expect = Expect { name: "stage".to_owned(), key: key.public() };
        let server = Server::new(served, key, ring, PairingWindow::new(|_| {}), Limits::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { server.serve_tcp(listener).await });
        (address, expect)
    }

    /// Takes whoever comes and says nothing.
    async fn silent() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                held.push(stream);
            }
        });
        address
    }

    /// Nobody listens there.
    async fn nobody() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
    }

    #[tokio::test]
    async fn a_box_that_moved_is_found_among_those_who_say_they_are_it() {
        let [folder, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let me = Identity::draw().unwrap();
        let (real, expect) = serve(&folder, &me).await;
        let (namesake, _) = serve(&other, &me).await;
        let line = Line::of(me, "laptop");
        let was = "127.0.0.1:9".parse().unwrap();
        for round in 0..25_usize {
            let says = |addresses: Vec<SocketAddr>| Found {
                name: "stage".to_owned(),
                addresses,
                fingerprint: expect.key.fingerprint(),
                protocol: 0,
            };
            let mut answers = vec![
                says(vec![namesake, nobody().await]),
                says(vec![silent().await, silent().await, silent().await]),
                says(vec![nobody().await, nobody().await, real]),
            ];
            answers.rotate_left(round % 3);
            let (tell, told) = mpsc::unbounded_channel();
            // Addresses become known one by one.
            for mut answer in answers {
                let all = std::mem::take(&mut answer.addresses);
                for count in 1..=all.len() {
                    tell.send(Found { addresses: all[..count].to_vec(), ..answer.clone() }).unwrap();
                }
            }
            let (address, client) = among(&line, &was, &expect, told).await.expect("it is found");
            assert_eq!((address, client.key()), (Address::Network(real.to_string()), expect.key), "round {round}");
        }
    }

    #[tokio::test]
    async fn an_announcement_that_another_overlays_does_not_hide_a_box() {
        let folder = tempfile::tempdir().unwrap();
        let me = Identity::draw().unwrap();
        let (real, expect) = serve(&folder, &me).await;
        let (tell, told) = mpsc::unbounded_channel();
        let fingerprint = "0000000000000000".to_owned();
        tell.send(Found { name: "x".to_owned(), addresses: vec![real], fingerprint, protocol: 0 }).unwrap();
        drop(tell);
        let was = "127.0.0.1:9".parse().unwrap();
        let line = Line::of(me, "laptop");
        assert!(among(&line, &was, &expect, told).await.is_some());
        // And nobody is found where nobody is.
        let (tell, told) = mpsc::unbounded_channel::<Found>();
        drop(tell);
        assert!(among(&line, &was, &expect, told).await.is_none());
    }
}
