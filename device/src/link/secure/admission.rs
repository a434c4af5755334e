//! Who is let in, after the handshake: verdicts, and pairing.
//!
//! All of it in encrypted records. The box's verdict is one byte: 0 come in, or a [`NotLetIn`]. A laptop that pairs
//! first hears 8 (go on) or a refusal; then it sends its commitment (32 bytes), the box its number (32), the laptop its
//! number (32), both show their digits, and the verdict follows when the person has decided.

use super::handshake::{Handshaken, Intent};
use super::known::KeyRing;
use super::pairing::PairingWindow;
use super::{Identity, digits, handshake};
use crate::link::LinkError;
use crate::link::error::NotLetIn;
use crate::link::message::PublicKey;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

const COME_IN: u8 = 0;
const GO_ON: u8 = 8;
/// For each step of a laptop that pairs, and of a box that is asked.
const STEP: Duration = Duration::from_secs(10);
/// The person has 60 s.
const DECISION: Duration = Duration::from_secs(75);

/// Whom a laptop expects.
#[derive(Debug, Clone)]
pub enum Expect {
    /// This box and no other.
    Box {
        /// As the laptop calls it.
        name: String,
        /// Its key.
        key: PublicKey,
    },
    /// Any: only to pair.
    Any,
}

/// The box lets a laptop in, or says why not.
pub async fn admit<S>(peer: &mut Handshaken<S>, ring: &KeyRing, window: &PairingWindow) -> Result<(), LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let decided = match peer.intent {
        Intent::Session if ring.contains(&peer.peer) => Ok(()),
        Intent::Session => Err(LinkError::NotLetIn(NotLetIn::Unknown)),
        Intent::Pair => pair(peer, ring, window).await,
    };
    let verdict = match &decided {
        Ok(()) => COME_IN,
        Err(LinkError::NotLetIn(why)) => *why as u8,
        Err(_) => return decided,
    };
    say(peer, &[verdict]).await?;
    decided
}

async fn pair<S>(peer: &mut Handshaken<S>, ring: &KeyRing, window: &PairingWindow) -> Result<(), LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut candidate = window.candidate()?;
    say(peer, &[GO_ON]).await?;
    let commitment = hear::<_, 32>(peer).await?;
    let ours = digits::draw()?;
    say(peer, &ours).await?;
    let theirs = hear::<_, 32>(peer).await?;
    if digits::commitment(&peer.hash, &theirs) != commitment {
        return Err(LinkError::Garbage("a number other than was promised"));
    }
    let shown = digits::digits(&peer.hash, &theirs, &ours);
    tokio::select! {
        answer = candidate.ask(shown) => answer?,
        // A laptop that waits says nothing: whatever comes is its end.
        _ = peer.reader.read() => return Err(LinkError::Garbage("a laptop that left while it paired")),
    }
    ring.add(&peer.peer_name, peer.peer).map_err(|_| NotLetIn::NotKept)?;
    candidate.let_in();
    Ok(())
}

/// The laptop asks to be let in; `show` gets the digits when it pairs.
pub async fn enter<S>(
    stream: S,
    me: &Identity,
    name: &str,
    expect: &Expect,
    show: impl FnOnce([u8; 3]),
) -> Result<Handshaken<S>, LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let intent = if matches!(expect, Expect::Any) { Intent::Pair } else { Intent::Session };
    let asked = timeout(STEP, handshake::ask(stream, me, name, intent)).await;
    let mut peer = asked.map_err(|_| LinkError::TooSlow)??;
    if let Expect::Box { name, key } = expect
        && *key != peer.peer
    {
        let (known, shown) = (key.fingerprint(), peer.peer.fingerprint());
        return Err(LinkError::KeyChanged { name: name.clone(), known, shown });
    }
    let mut patience = STEP;
    if intent == Intent::Pair {
        match hear::<_, 1>(&mut peer).await? {
            [GO_ON] => {}
            [verdict] => return Err(refusal(verdict)),
        }
        let ours = digits::draw()?;
        let commitment = digits::commitment(&peer.hash, &ours);
        say(&mut peer, &commitment).await?;
        let theirs = hear::<_, 32>(&mut peer).await?;
        say(&mut peer, &ours).await?;
        show(digits::digits(&peer.hash, &ours, &theirs));
        patience = DECISION;
    }
    match timeout(patience, peer.reader.read()).await.map_err(|_| LinkError::TooSlow)??[..] {
        [COME_IN] => Ok(peer),
        [verdict] => Err(refusal(verdict)),
        _ => Err(LinkError::Violation("a verdict that is none")),
    }
}

fn refusal(verdict: u8) -> LinkError {
    let why = NotLetIn::ALL.into_iter().find(|why| *why as u8 == verdict);
    why.map_or(LinkError::Violation("an unknown verdict"), LinkError::NotLetIn)
}

/// Says something before the session begins.
pub async fn say<S>(peer: &mut Handshaken<S>, bytes: &[u8]) -> Result<(), LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let said = async {
        peer.writer.write(bytes).await?;
        peer.writer.flush().await
    };
    timeout(STEP, said).await.map_err(|_| LinkError::TooSlow)?
}

async fn hear<S, const N: usize>(peer: &mut Handshaken<S>) -> Result<[u8; N], LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let heard = timeout(STEP, peer.reader.read()).await.map_err(|_| LinkError::TooSlow)??;
    heard.try_into().map_err(|_| LinkError::Violation("a step of pairing of another length"))
}
