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
                let next: Option<SocketAddr> = first.pop().or_else(|| others.pop().filter(|_| now_others));
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
