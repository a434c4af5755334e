//! Answers a request.

use super::{Serving, bulk};
use crate::link::LinkError;
use crate::link::box_side::BoxSide;
use crate::link::message::{Challenge, List, PublicKey, Reason, Refusal, Request, TOO_LONG, TakeInfo, bounds};
use crate::link::mux::{Order, Stream};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};

/// Changes asked of the store at a time.
const CHANGES: u32 = 4;
/// Bytes of a line of the log.
const LINE: usize = 4000;
/// Proofs in a request.
const PROOFS: usize = bounds::PRUNED;

/// Reads the request of a stream and answers it, until it is done or called off.
pub async fn answer(serving: &Serving, peer: PublicKey, challenge: Challenge, mut stream: Stream) {
    let mut cancelled = stream.cancelled();
    let answered = async {
        let Some(request) = stream.receive().await? else { return Ok(()) };
        run(serving, peer, challenge, stream, request).await
    };
    tokio::select! {
        // Dropping the answer calls the stream off in turn.
        _ = cancelled.wait_for(|cancelled| *cancelled) => {}
        // Nobody is there to hear of an error.
        _ = answered => {}
    }
}

async fn run(
    serving: &Serving,
    peer: PublicKey,
    challenge: Challenge,
    mut stream: Stream,
    request: Request,
) -> Result<(), LinkError> {
    let side = &serving.side;
    let key = challenge.key(serving.identity.public(), peer);
    match request {
        Request::Status => one(stream, ask(side, BoxSide::status).await).await,
        Request::Panic => {
            side.panic();
            one(stream, Ok(())).await
        }
        Request::WatchMoods { at_most_hz } => moods(serving, stream, at_most_hz).await,
        Request::Changes { after, limit, follow } => changes(serving, stream, after, limit, follow).await,
        Request::Take { id, hash, from_part } => {
            stream.order(Order::Bulk);
            bulk::take(side, stream, id, hash, from_part).await
        }
        Request::Prune { proofs } | Request::Held { proofs } if proofs.len() > PROOFS => {
            let many = Refusal::new(Reason::Invalid, format!("more than {PROOFS} takes at once; name fewer"));
            one::<()>(stream, Err(many)).await
        }
        Request::Held { proofs } => one(stream, ask(side, move |side| side.held(peer, &key, &proofs)).await).await,
        Request::Prune { proofs } => {
            let pruned = ask(side, move |side| side.prune(peer, &key, &proofs)).await;
            one(stream, pruned.map(List::<_, { bounds::PRUNED }>)).await
        }
        Request::Relabel { id, label } => one(stream, ask(side, move |side| side.relabel(id, label)).await).await,
        Request::Discard { id, discarded } => {
            one(stream, ask(side, move |side| side.discard(id, discarded)).await).await
        }
        Request::Push { kind, name, bytes, hash } => bulk::push(serving, stream, kind, name, bytes, hash).await,
        Request::Activate { kind, name, hash } => {
            one(stream, ask(side, move |side| side.activate(kind, &name, hash)).await).await
        }
        Request::Rollback { kind } => one(stream, ask(side, move |side| side.rollback(kind)).await).await,
        Request::List { kind } => {
            let files = ask(side, move |side| side.list(kind)).await;
            one(stream, files.map(List::<_, { bounds::FILES }>)).await
        }
        Request::Fetch { kind, name, offset } => {
            stream.order(Order::Bulk);
            bulk::fetch(side, stream, kind, name, offset).await
        }
        Request::Logs { lines, follow } => logs(serving, stream, lines, follow).await,
        Request::Challenge => one(stream, Ok(challenge)).await,
        Request::Keys => one(stream, Ok(List::<_, { bounds::KEYS }>(serving.ring.list()))).await,
        Request::Revoke { key } => {
            let fault = |error: LinkError| Refusal::new(Reason::Fault, error.to_string());
            let revoked = serving.ring.revoke(&key).map_err(fault);
            one(stream, revoked).await
        }
    }
}

/// Asks the box on a thread that may wait for its disk.
pub async fn ask<T: Send + 'static>(
    side: &Arc<dyn BoxSide>,
    question: impl FnOnce(&dyn BoxSide) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let side = Arc::clone(side);
    let fault = || Refusal::new(Reason::Fault, "the box failed at this; look at its logs");
    tokio::task::spawn_blocking(move || question(&*side)).await.unwrap_or_else(|_| Err(fault()))
}

/// One answer and no more; one that is too long is refused, as no answer would say less.
pub async fn one<T: Serialize>(stream: Stream, answer: Result<T, Refusal>) -> Result<(), LinkError> {
    match stream.send(&answer).await {
        Err(error) if error == TOO_LONG => {
            let long = Refusal::new(Reason::Fault, "the box's answer is too long to send; look at the box itself");
            stream.send(&Err::<T, _>(long)).await?;
        }
        sent => sent?,
    }
    stream.end().await
}

async fn moods(serving: &Serving, stream: Stream, at_most_hz: u8) -> Result<(), LinkError> {
    let mut moods = serving.side.moods();
    moods.mark_changed();
    let mut beat = interval(Duration::from_secs(1) / u32::from(at_most_hz.clamp(1, 60)));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        if moods.changed().await.is_err() {
            return stream.end().await;
        }
        let mood = moods.borrow_and_update().clone();
        stream.send(&Ok::<_, Refusal>(mood)).await?;
    }
}

async fn changes(serving: &Serving, stream: Stream, mut after: u64, limit: u32, follow: bool) -> Result<(), LinkError> {
    let mut last = serving.side.last_change();
    let mut left = if limit == 0 { u64::MAX } else { u64::from(limit) };
    loop {
        last.mark_unchanged();
        loop {
            let most = u64::from(CHANGES).min(left) as u32;
            let from = after;
            let found: Vec<TakeInfo> = match ask(&serving.side, move |side| side.changes(from, most)).await {
                Ok(found) => found,
                Err(refusal) => return one::<TakeInfo>(stream, Err(refusal)).await,
            };
            for take in &found {
                stream.send(&Ok::<_, Refusal>(take)).await?;
                after = after.max(take.change);
            }
            left -= (found.len() as u64).min(left);
            if left == 0 || found.len() < most as usize {
                break;
            }
        }
        if left == 0 || !follow || last.changed().await.is_err() {
            return stream.end().await;
        }
    }
}

async fn logs(serving: &Serving, stream: Stream, lines: u32, follow: bool) -> Result<(), LinkError> {
    let mut coming = serving.side.new_logs();
    match ask(&serving.side, move |side| side.logs(lines.min(10_000))).await {
        Ok(lines) => {
            for line in lines {
                stream.send(&Ok::<_, Refusal>(bounds::cut(&line, LINE))).await?;
            }
        }
        Err(refusal) => return one::<String>(stream, Err(refusal)).await,
    }
    if !follow {
        return stream.end().await;
    }
    loop {
        match coming.recv().await {
            Ok(line) => stream.send(&Ok::<_, Refusal>(bounds::cut(&line, LINE))).await?,
            Err(RecvError::Lagged(missed)) => {
                stream.send(&Ok::<_, Refusal>(format!("({missed} lines missed)"))).await?;
            }
            Err(RecvError::Closed) => break,
        }
    }
    stream.end().await
}
