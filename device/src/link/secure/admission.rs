//! Who is let in, after the handshake: verdicts, and pairing.
//!
//! All of it in encrypted records. The box's verdict is one byte: 0 come in, or a [`NotLetIn`]. A laptop that pairs
//! hears 9 (wait) if it has to, then 8 (go on), or a refusal. It sends its commitment (32 bytes), the box its number (32),
//! the laptop its number (32), and both show their digits. Its owner says yes (one byte, 1) or no (0), and the person at the
//! box decides; the verdict follows when both have. Neither side keeps the other's key before that: the box does when
//! both said yes, the laptop when it hears so.

use super::handshake::{Handshaken, Intent};
use super::known::KeyRing;
use super::pairing::{Candidate, OPEN, PairingWindow};
use super::{Identity, digits, handshake};
use crate::link::LinkError;
use crate::link::error::NotLetIn;
use crate::link::message::PublicKey;
use crate::link::secure::record::RecordWriter;
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

const COME_IN: u8 = 0;
const GO_ON: u8 = 8;
const WAIT: u8 = 9;
const NO: u8 = 0;
const YES: u8 = 1;
/// For each step of a laptop that pairs, and of a box that is asked.
const STEP: Duration = Duration::from_secs(10);
/// The person at the box has 60 s, and so long do laptops wait for their turn.
const DECISION: Duration = Duration::from_secs(75);

/// The box that a laptop expects: this one and no other.
#[derive(Debug, Clone)]
pub struct Expect {
    /// As the laptop calls it.
    pub name: String,
    /// Its key.
    pub key: PublicKey,
}

/// The person at a laptop that is paired. A closure that answers for the digits is one.
pub trait Owner: Send {
    /// The box lets the laptop wait: another asks, or this one asked a moment ago. Digits that the box shows are not its.
    fn waits(&mut self) {}

    /// Whether the box shows the same digits, as the person says. Dropped when the box has said no.
    fn compare(&mut self, digits: [u8; 3]) -> impl Future<Output = bool> + Send;
}

impl<F, A> Owner for F
where
    F: FnMut([u8; 3]) -> A + Send,
    A: Future<Output = bool> + Send,
{
    fn compare(&mut self, digits: [u8; 3]) -> impl Future<Output = bool> + Send {
        self(digits)
    }
}

/// The box lets a laptop in that comes from an address or (`None`) over a cable, or says why not.
pub async fn admit<S>(
    peer: &mut Handshaken<S>,
    from: Option<IpAddr>,
    ring: &KeyRing,
    window: &PairingWindow,
) -> Result<(), LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let decided = match peer.intent {
        Intent::Session if ring.contains(&peer.peer) => Ok(()),
        Intent::Session => Err(LinkError::NotLetIn(NotLetIn::Unknown)),
        Intent::Pair => match window.ask(from, peer.peer) {
            Ok(candidate) => pair(peer, candidate, ring).await,
            Err(why) => Err(why.into()),
        },
    };
    let verdict = match &decided {
        Ok(()) => COME_IN,
        Err(LinkError::NotLetIn(why)) => *why as u8,
        Err(_) => return decided,
    };
    say(peer, &[verdict]).await?;
    decided
}

async fn pair<S>(peer: &mut Handshaken<S>, mut candidate: Candidate, ring: &KeyRing) -> Result<(), LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if !candidate.begins()? {
        say(peer, &[WAIT]).await?;
        tokio::select! {
            turn = candidate.turn() => turn?,
            // A laptop that waits says nothing: whatever comes is its end.
            _ = peer.reader.read() => return Err(LEFT),
        }
    }
    say(peer, &[GO_ON]).await?;
    let commitment = hear::<_, 32>(peer).await?;
    let ours = digits::draw()?;
    say(peer, &ours).await?;
    let theirs = hear::<_, 32>(peer).await?;
    if digits::commitment(&peer.hash, &theirs) != commitment {
        return Err(LinkError::Garbage("a number other than was promised"));
    }
    let shown = digits::digits(&peer.hash, &theirs, &ours);
    both_say_yes(peer, &mut candidate, shown).await?;
    ring.add(&peer.peer_name, peer.peer).map_err(|_| NotLetIn::NotKept)?;
    candidate.let_in();
    Ok(())
}

const LEFT: LinkError = LinkError::Garbage("a laptop that left while it paired");

/// Waits for the person at the box and the owner of the laptop, whoever comes first.
async fn both_say_yes<S>(peer: &mut Handshaken<S>, candidate: &mut Candidate, shown: [u8; 3]) -> Result<(), LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut here = pin!(candidate.decision(shown));
    let yes = |said: Result<Result<Vec<u8>, LinkError>, _>| match said {
        Ok(Ok(said)) if said == [YES] => Ok(()),
        Err(_) => Err(LinkError::NotLetIn(NotLetIn::TimeOut)),
        Ok(_) => Err(LEFT),
    };
    {
        let mut there = pin!(timeout(OPEN, peer.reader.read()));
        tokio::select! {
            decided = &mut here => {
                decided?;
                return yes(there.await);
            }
            said = &mut there => yes(said)?,
        }
    }
    tokio::select! {
        decided = here => Ok(decided?),
        _ = peer.reader.read() => Err(LEFT),
    }
}

/// The laptop asks for a session with a box that it knows. Any other hears neither its name nor its key.
pub async fn enter<S>(stream: S, me: &Identity, name: &str, expect: &Expect) -> Result<Handshaken<S>, LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let is_it = |shown: PublicKey| match expect {
        Expect { key, .. } if *key == shown => Ok(()),
        Expect { name, key } => {
            let (known, shown) = (key.fingerprint(), shown.fingerprint());
            Err(LinkError::KeyChanged { name: name.clone(), known, shown })
        }
    };
    let asked = timeout(STEP, handshake::ask(stream, me, name, Intent::Session, is_it)).await;
    let mut peer = asked.map_err(|_| LinkError::TooSlow)??;
    match hear::<_, 1>(&mut peer).await? {
        [COME_IN] => Ok(peer),
        [verdict] => Err(refusal(verdict)),
    }
}

/// The laptop asks a box that it does not know to be paired. Nothing but its owner's answer tells it from any other.
pub async fn enrol<S>(stream: S, me: &Identity, name: &str, mut owner: impl Owner) -> Result<Handshaken<S>, LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let asked = timeout(STEP, handshake::ask(stream, me, name, Intent::Pair, |_| Ok(()))).await;
    let mut peer = asked.map_err(|_| LinkError::TooSlow)??;
    let mut patience = STEP;
    loop {
        match timeout(patience, hear_one(&mut peer)).await.map_err(|_| LinkError::TooSlow)?? {
            GO_ON => break,
            WAIT if patience == STEP => {
                owner.waits();
                patience = DECISION;
            }
            verdict => return Err(refusal(verdict)),
        }
    }
    let ours = digits::draw()?;
    let commitment = digits::commitment(&peer.hash, &ours);
    say(&mut peer, &commitment).await?;
    let theirs = hear::<_, 32>(&mut peer).await?;
    say(&mut peer, &ours).await?;
    let shown = digits::digits(&peer.hash, &ours, &theirs);
    agree(&mut peer, shown, owner).await?;
    Ok(peer)
}

/// Asks the owner, tells the box, and waits until the person there has decided.
async fn agree<S>(peer: &mut Handshaken<S>, shown: [u8; 3], mut owner: impl Owner) -> Result<(), LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Handshaken { reader, writer, .. } = peer;
    let mut verdict = pin!(timeout(DECISION, reader.read()));
    let yes = tokio::select! {
        biased;
        said = &mut verdict => return Err(early(said)),
        yes = owner.compare(shown) => yes,
    };
    put(writer, &[if yes { YES } else { NO }]).await?;
    if !yes {
        return Err(LinkError::NotAgreed);
    }
    match verdict.await.map_err(|_| LinkError::TooSlow)??[..] {
        [COME_IN] => Ok(()),
        [verdict] => Err(refusal(verdict)),
        _ => Err(LinkError::Violation("a verdict that is none")),
    }
}

/// What a box said before the laptop's owner did: it may say no, never yes.
fn early(said: Result<Result<Vec<u8>, LinkError>, tokio::time::error::Elapsed>) -> LinkError {
    match said {
        Ok(Ok(said)) => match said[..] {
            [verdict] => refusal(verdict),
            _ => LinkError::Violation("a verdict that is none"),
        },
        Ok(Err(error)) => error,
        Err(_) => LinkError::NotLetIn(NotLetIn::TimeOut),
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
    put(&mut peer.writer, bytes).await
}

async fn put<W: AsyncWrite + Unpin>(writer: &mut RecordWriter<W>, bytes: &[u8]) -> Result<(), LinkError> {
    let said = async {
        writer.write(bytes).await?;
        writer.flush().await
    };
    timeout(STEP, said).await.map_err(|_| LinkError::TooSlow)?
}

async fn hear_one<S: AsyncRead + AsyncWrite + Unpin>(peer: &mut Handshaken<S>) -> Result<u8, LinkError> {
    match peer.reader.read().await?[..] {
        [said] => Ok(said),
        _ => Err(LinkError::Violation("a verdict that is none")),
    }
}

async fn hear<S, const N: usize>(peer: &mut Handshaken<S>) -> Result<[u8; N], LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let heard = timeout(STEP, peer.reader.read()).await.map_err(|_| LinkError::TooSlow)??;
    heard.try_into().map_err(|_| LinkError::Violation("a step of pairing of another length"))
}
