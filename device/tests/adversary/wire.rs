//! Keys, handshakes and records by hand.

use std::io;
use std::path::Path;

use rasika_device::link::message::PublicKey;
use rasika_device::link::secure::handshake::PROLOGUE;
use rasika_device::link::secure::{NOISE, unhex};
use snow::{Builder, HandshakeState, TransportState};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A key pair that a test may see.
#[derive(Clone)]
pub struct Key {
    pub private: [u8; 32],
    pub public: PublicKey,
}

impl Key {
    pub fn draw() -> Self {
        let pair = Builder::new(NOISE.parse().unwrap()).generate_keypair().unwrap();
        Self { private: pair.private.try_into().unwrap(), public: PublicKey(pair.public.try_into().unwrap()) }
    }

    /// The key of a box or laptop, from its file.
    pub fn stolen(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap();
        let mut lines = text.lines().skip(1);
        let private = lines.next().and_then(unhex).unwrap();
        Self { private, public: PublicKey::parse(lines.next().unwrap()).unwrap() }
    }

    fn builder(&self) -> Builder<'_> {
        let builder = Builder::new(NOISE.parse().unwrap());
        builder.prologue(PROLOGUE).unwrap().local_private_key(&self.private).unwrap()
    }
}

/// A connection after its handshake.
pub struct Wire {
    pub stream: TcpStream,
    pub cipher: TransportState,
    /// The handshake's hash.
    pub hash: Vec<u8>,
    /// Whose key the other side has proved.
    pub peer: PublicKey,
    /// Payloads of the other side's handshake messages.
    pub said: Vec<Vec<u8>>,
}

impl Wire {
    /// As a laptop: `first` goes with the first message, `name` with the last.
    pub async fn initiate(mut stream: TcpStream, key: &Key, first: &[u8], name: &[u8]) -> io::Result<Self> {
        let mut noise = key.builder().build_initiator().unwrap();
        send(&mut stream, &mut noise, first).await?;
        let said = vec![receive(&mut stream, &mut noise).await?];
        send(&mut stream, &mut noise, name).await?;
        Ok(Self::begin(stream, noise, said))
    }

    /// As a box that calls itself `name`.
    pub async fn respond(mut stream: TcpStream, key: &Key, name: &[u8]) -> io::Result<Self> {
        let mut noise = key.builder().build_responder().unwrap();
        let first = receive(&mut stream, &mut noise).await?;
        send(&mut stream, &mut noise, name).await?;
        let last = receive(&mut stream, &mut noise).await?;
        Ok(Self::begin(stream, noise, vec![first, last]))
    }

    fn begin(stream: TcpStream, noise: HandshakeState, said: Vec<Vec<u8>>) -> Self {
        let peer = PublicKey(noise.get_remote_static().unwrap().try_into().unwrap());
        let hash = noise.get_handshake_hash().to_vec();
        Self { stream, cipher: noise.into_transport_mode().unwrap(), hash, peer, said }
    }

    /// Sends a record; false if the other side has hung up.
    pub async fn say(&mut self, plain: &[u8]) -> bool {
        let mut record = vec![0; plain.len() + 16];
        self.cipher.write_message(plain, &mut record).unwrap();
        let length = (record.len() as u16).to_be_bytes();
        self.stream.write_all(&[&length, &record[..]].concat()).await.is_ok()
    }

    /// The next record; an error if the other side has hung up.
    pub async fn hear(&mut self) -> io::Result<Vec<u8>> {
        let length = self.stream.read_u16().await?;
        let mut record = vec![0; length.into()];
        self.stream.read_exact(&mut record).await?;
        let mut plain = vec![0; record.len()];
        let length = self.cipher.read_message(&record, &mut plain).map_err(io::Error::other)?;
        plain.truncate(length);
        Ok(plain)
    }

    /// Sends a frame of a stream: kinds are in `link::mux`'s module `frame`.
    pub async fn frame(&mut self, stream: u32, kind: u8, body: &[u8]) -> bool {
        self.say(&[&stream.to_le_bytes()[..], &[kind], body].concat()).await
    }

    /// The next frame that is no sign of life: stream, kind, body.
    pub async fn hear_frame(&mut self) -> io::Result<(u32, u8, Vec<u8>)> {
        loop {
            let plain = self.hear().await?;
            let Some((stream, [kind, body @ ..])) = plain.split_first_chunk::<4>() else {
                return Err(io::Error::other("a frame that is none"));
            };
            if *kind != 5 {
                return Ok((u32::from_le_bytes(*stream), *kind, body.to_vec()));
            }
        }
    }

    /// Sends a message on a stream, in frames of 8 KiB, whatever credit there is.
    pub async fn message(&mut self, stream: u32, bytes: &[u8]) -> bool {
        let mut parts = bytes.chunks(8192).peekable();
        while let Some(part) = parts.next() {
            if !self.frame(stream, u8::from(parts.peek().is_some()), part).await {
                return false;
            }
        }
        true
    }
}

async fn send(stream: &mut TcpStream, noise: &mut HandshakeState, payload: &[u8]) -> io::Result<()> {
    let mut space = vec![0; 65535];
    let length = noise.write_message(payload, &mut space).unwrap();
    stream.write_u16(length as u16).await?;
    stream.write_all(&space[..length]).await
}

async fn receive(stream: &mut TcpStream, noise: &mut HandshakeState) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut message = vec![0; length.into()];
    stream.read_exact(&mut message).await?;
    let mut payload = vec![0; 65535];
    let length = noise.read_message(&message, &mut payload).map_err(io::Error::other)?;
    payload.truncate(length);
    Ok(payload)
}
