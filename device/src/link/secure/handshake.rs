//! The Noise XX handshake, on both sides.
//!
//! Each of its three messages goes behind its length (u16, big-endian), at most [`MAX_MESSAGE`] bytes. The prologue is
//! [`PROLOGUE`].
//!
//! | | Noise | payload |
//! |---|---|---|
//! | laptop → box | e | [`GENERATION`], then 0 for a session or 1 to pair |
//! | box → laptop | e, ee, s, es | the box's name, UTF-8, at most 64 bytes |
//! | laptop → box | s, se | the laptop's name, likewise |
//!
//! A box that knows another generation answers with one byte, its own, and hangs up.

use super::key::{Identity, NOISE};
use super::record::{RecordReader, RecordWriter};
use crate::link::LinkError;
use crate::link::message::{PublicKey, short_name};
use snow::{Builder, HandshakeState};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf, split};

/// Both sides mix this in, so that no other protocol's messages fit.
pub const PROLOGUE: &[u8] = b"rasika link";
/// Of handshake, pairing and records. What is said inside has a version of its own.
pub const GENERATION: u8 = 2;
/// No handshake message is longer.
pub const MAX_MESSAGE: usize = 256;

/// What the laptop wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// A session as a known laptop.
    Session,
    /// To become one.
    Pair,
}

/// Two sides that have proved their keys, and can say things nobody else reads.
pub struct Handshaken<S> {
    /// What comes.
    pub reader: RecordReader<ReadHalf<S>>,
    /// What goes.
    pub writer: RecordWriter<WriteHalf<S>>,
    /// Who is there.
    pub peer: PublicKey,
    /// What they call themselves.
    pub peer_name: String,
    /// What the laptop wants.
    pub intent: Intent,
    /// The handshake's hash: the same on both sides, and only there.
    pub hash: Vec<u8>,
}

/// The laptop's side. Who answers hears the laptop's name and proves its key only after `is_it` has looked at theirs.
pub async fn ask<S>(
    mut stream: S,
    me: &Identity,
    name: &str,
    intent: Intent,
    is_it: impl FnOnce(PublicKey) -> Result<(), LinkError>,
) -> Result<Handshaken<S>, LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut noise = builder(me)?.build_initiator().map_err(|_| LinkError::NoRandomness)?;
    send(&mut stream, &mut noise, &[GENERATION, u8::from(intent == Intent::Pair)]).await?;
    let answer = receive(&mut stream).await?;
    if let [generation] = answer[..] {
        let (ours, theirs) = (GENERATION, format!("with link generation {generation}"));
        return Err(if generation > ours {
            LinkError::UpdateLaptop { theirs, ours: format!("generation {ours}") }
        } else {
            LinkError::UpdateBox { theirs, ours: format!("generation {ours}") }
        });
    }
    let payload = open(&mut noise, &answer)?;
    is_it(peer_of(&noise)?)?;
    send(&mut stream, &mut noise, short_name(name).as_bytes()).await?;
    finish(stream, noise, &payload, intent)
}

/// The box's side.
pub async fn answer<S>(mut stream: S, me: &Identity, name: &str) -> Result<Handshaken<S>, LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut noise = builder(me)?.build_responder().map_err(|_| LinkError::NoRandomness)?;
    let asked = receive(&mut stream).await?;
    let payload = open(&mut noise, &asked)?;
    let intent = match payload[..] {
        [GENERATION, 0] => Intent::Session,
        [GENERATION, 1] => Intent::Pair,
        [generation, ..] if generation != GENERATION => {
            stream.write_all(&[0, 1, GENERATION]).await?;
            stream.flush().await?;
            return Err(LinkError::Garbage("another generation of the link"));
        }
        _ => return Err(LinkError::Garbage("a wish nobody has")),
    };
    send(&mut stream, &mut noise, short_name(name).as_bytes()).await?;
    let last = receive(&mut stream).await?;
    let payload = open(&mut noise, &last)?;
    finish(stream, noise, &payload, intent)
}

fn builder(me: &Identity) -> Result<Builder<'_>, LinkError> {
    let params = NOISE.parse().map_err(|_| LinkError::NoRandomness)?;
    let builder = Builder::new(params).prologue(PROLOGUE).and_then(|builder| builder.local_private_key(me.private()));
    builder.map_err(|_| LinkError::NoRandomness)
}

async fn send<S: AsyncWrite + Unpin>(
    stream: &mut S,
    noise: &mut HandshakeState,
    payload: &[u8],
) -> Result<(), LinkError> {
    let mut message = [0; 2 + MAX_MESSAGE];
    let length = noise.write_message(payload, &mut message[2..]);
    let length = length.map_err(|_| LinkError::Violation("a handshake message too long to send"))?;
    message[..2].copy_from_slice(&(length as u16).to_be_bytes());
    stream.write_all(&message[..2 + length]).await?;
    Ok(stream.flush().await?)
}

async fn receive<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Vec<u8>, LinkError> {
    let length = usize::from(stream.read_u16().await?);
    if !(1..=MAX_MESSAGE).contains(&length) {
        return Err(LinkError::Garbage("a handshake of an impossible length"));
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

fn open(noise: &mut HandshakeState, message: &[u8]) -> Result<Vec<u8>, LinkError> {
    let mut payload = vec![0; MAX_MESSAGE];
    let length = noise.read_message(message, &mut payload);
    payload.truncate(length.map_err(|_| LinkError::Garbage("a handshake that is none"))?);
    Ok(payload)
}

fn peer_of(noise: &HandshakeState) -> Result<PublicKey, LinkError> {
    let key = noise.get_remote_static().and_then(|key| key.try_into().ok()).map(PublicKey);
    key.ok_or(LinkError::Garbage("a handshake without a key"))
}

fn finish<S>(stream: S, noise: HandshakeState, name: &[u8], intent: Intent) -> Result<Handshaken<S>, LinkError>
where
    S: AsyncRead + AsyncWrite,
{
    let peer = peer_of(&noise)?;
    let hash = noise.get_handshake_hash().to_vec();
    let cipher = noise.into_transport_mode().map_err(|_| LinkError::Garbage("a handshake cut short"))?;
    let cipher = Arc::new(Mutex::new(cipher));
    let (reader, writer) = split(stream);
    Ok(Handshaken {
        reader: RecordReader::new(reader, Arc::clone(&cipher)),
        writer: RecordWriter::new(writer, cipher),
        peer,
        peer_name: short_name(&String::from_utf8_lossy(name)),
        intent,
        hash,
    })
}

#[cfg(test)]
mod tests {
    use super::super::record::REKEY_EVERY;
    use super::*;

    #[tokio::test]
    async fn records_go_on_through_new_keys() {
        let (near, far) = tokio::io::duplex(1 << 16);
        let (laptop, box_key) = (Identity::draw().unwrap(), Identity::draw().unwrap());
        let (laptop, served) =
            tokio::join!(ask(near, &laptop, "laptop", Intent::Session, |_| Ok(())), answer(far, &box_key, "box"));
        let (mut laptop, mut served) = (laptop.unwrap(), served.unwrap());
        assert_eq!((laptop.peer, &laptop.hash), (box_key.public(), &served.hash));
        assert_eq!((&*laptop.peer_name, &*served.peer_name), ("box", "laptop"));
        for number in 0..REKEY_EVERY * 2 + 3 {
            laptop.writer.write(&number.to_le_bytes()).await.unwrap();
            assert_eq!(served.reader.read().await.unwrap(), number.to_le_bytes());
        }
        served.writer.write(b"and back").await.unwrap();
        assert_eq!(laptop.reader.read().await.unwrap(), b"and back");
    }
}
