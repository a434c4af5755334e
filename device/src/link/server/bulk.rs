//! Takes and files, in pieces.

use super::Serving;
use super::answer::{ask, one};
use crate::link::LinkError;
use crate::link::box_side::BoxSide;
use crate::link::inbox::Part;
use crate::link::message::{Begun, BulkHead, FileKind, FileName, Hash, MAX_CHUNK, Pushed, Reason, Refusal, TakeId};
use crate::link::mux::{Order, Stream};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// Chunks asked of the store at a time: each waits in memory for whoever reads slowly.
const CHUNKS: u32 = 1;

/// A take's chunks.
pub async fn take(
    side: &Arc<dyn BoxSide>,
    stream: Stream,
    id: TakeId,
    hash: [u8; 32],
    mut part: u32,
) -> Result<(), LinkError> {
    loop {
        let chunks = match ask(side, move |side| side.chunks(id, hash, part, CHUNKS)).await {
            Ok(chunks) => chunks,
            Err(refusal) => return one::<Vec<u8>>(stream, Err(refusal)).await,
        };
        let last = chunks.len() < CHUNKS as usize;
        part = part.saturating_add(chunks.len() as u32);
        for chunk in chunks {
            if chunk.len() > MAX_CHUNK {
                let long = Refusal::new(Reason::Fault, "a chunk of the take is too long for the link");
                return one::<Vec<u8>>(stream, Err(long)).await;
            }
            stream.send(&Ok::<_, Refusal>(chunk)).await?;
        }
        if last {
            return stream.end().await;
        }
    }
}

/// A file of the box's own. No more of it is in memory than a piece.
pub async fn fetch(
    side: &Arc<dyn BoxSide>,
    stream: Stream,
    kind: FileKind,
    name: FileName,
    offset: u64,
) -> Result<(), LinkError> {
    let opened = ask(side, move |side| {
        let mut file = side.file(kind, &name)?;
        file.skip(offset)?;
        Ok(file)
    });
    let mut file = match opened.await {
        Ok(file) => file,
        Err(refusal) => return one::<BulkHead>(stream, Err(refusal)).await,
    };
    stream.send(&Ok::<_, Refusal>(file.head)).await?;
    loop {
        let read = ask(side, move |_| {
            let piece = file.piece()?;
            Ok((file, piece))
        });
        let piece = match read.await {
            Ok((rest, piece)) => {
                file = rest;
                piece
            }
            Err(refusal) => return one::<Vec<u8>>(stream, Err(refusal)).await,
        };
        if piece.is_empty() {
            return stream.end().await;
        }
        stream.send(&Ok::<_, Refusal>(piece)).await?;
    }
}

/// Takes a pushed file in.
pub async fn push(
    serving: &Serving,
    mut stream: Stream,
    kind: FileKind,
    name: FileName,
    bytes: u64,
    hash: Hash,
) -> Result<(), LinkError> {
    let Ok(turn) = Arc::clone(&serving.pushing).try_acquire_owned() else {
        let busy = Refusal::new(Reason::Busy, "another laptop is pushing; try again when it is done");
        return one::<Begun>(stream, Err(busy)).await;
    };
    let most = kind.most_bytes();
    if bytes > most {
        let long = format!("{bytes} bytes are too many for such a file, {most} the most; push a smaller one");
        return one::<Begun>(stream, Err(Refusal::new(Reason::Invalid, long))).await;
    }
    // The turn goes with the part into each thread that works at it: those go on when the push is called off, and
    // nobody else may touch the file until they are done.
    let opened = ask(&serving.side, move |side| Ok((side.inbox().part(hash, bytes)?, turn)));
    let mut arriving: (Part, OwnedSemaphorePermit) = match opened.await {
        Ok(arriving) => arriving,
        Err(refusal) => return one::<Begun>(stream, Err(refusal)).await,
    };
    stream.send(&Ok::<_, Refusal>(Begun { offset: arriving.0.offset() })).await?;
    stream.order(Order::Prompt);
    loop {
        let Some(piece) = stream.receive::<Vec<u8>>().await? else { return Ok(()) };
        if piece.is_empty() {
            break;
        }
        let put = move || arriving.0.put(&piece).map(|()| arriving);
        arriving = match tokio::task::spawn_blocking(put).await {
            Ok(Ok(arriving)) => arriving,
            Ok(Err(refusal)) => return one::<Pushed>(stream, Err(refusal)).await,
            Err(_) => return Ok(()),
        };
    }
    let kept = ask(&serving.side, move |side| {
        let (part, _turn) = arriving;
        let whole = part.whole()?;
        side.keep(kind, &name, whole.path()).map(|about| Pushed { about })
    });
    let kept = kept.await;
    one(stream, kept).await
}
