//! Takes, from the box into the dataset.

use super::{Client, Coming, Progress};
use crate::link::LinkError;
use crate::link::laptop_side::{LaptopSide, Wanted};
use crate::link::message::{BoxId, MAX_CHUNK, Reason, Request, TakeId, TakeInfo};

/// A pull ends when so many takes did not come.
const MOST_LEFT_OUT: usize = 10_000;

/// What a pull brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pulled {
    /// Changes that were taken in.
    pub changes: u64,
    /// Takes whose chunks came.
    pub takes: u64,
    /// Bytes of chunks that came.
    pub bytes: u64,
    /// Takes that did not come, and why; they are asked for again with the next pull.
    pub missing: Vec<(TakeId, String)>,
    /// Takes of the box that are not the takes of their numbers here; each stays where it is.
    pub others: Vec<TakeId>,
    /// Whether the box counts from an older copy of its takes than was seen before, so that all were compared anew.
    pub set_back: bool,
}

/// No take has more bytes: some hours of observations, with a picture a second.
const MOST_TAKE: u64 = 1 << 30;

/// A pull while it goes on.
struct Pulling<'c, L, P> {
    client: &'c Client,
    /// Lent to the thread that asks the dataset, in between.
    laptop: Option<L>,
    pulled: Pulled,
    shown: Progress,
    progress: P,
}

/// Why a round ends before its end.
enum Stop {
    Failed(LinkError),
    SetBack,
}

impl Client {
    /// Brings every change after `after` (see [`LaptopSide::cursor`]) into the dataset, oldest first, and with
    /// `follow` those to come. Broken off anywhere, the next pull goes on there. Nothing new is one round trip.
    ///
    /// A take that the box cannot read keeps no other from coming.
    ///
    /// # Errors
    /// The dataset or the box refuses, or the session is over.
    pub async fn pull<L: LaptopSide>(
        &self,
        laptop: L,
        after: u64,
        follow: bool,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<(L, Pulled), LinkError> {
        let (pulled, shown) = (Pulled::default(), Progress::default());
        let mut pulling = Pulling { client: self, laptop: Some(laptop), pulled, shown, progress };
        let newest = match pulling.round(after, false).await {
            Err(Stop::SetBack) => {
                pulling.pulled.set_back = true;
                if let Some(of) = self.hello.box_id {
                    pulling.here(move |laptop| laptop.set_back(of)).await?;
                }
                pulling.round(0, false).await
            }
            other => other,
        };
        let newest = newest.map_err(Stop::told)?;
        if follow {
            pulling.round(newest, true).await.map_err(Stop::told)?;
        }
        let Pulling { laptop, pulled, .. } = pulling;
        Ok((laptop.ok_or_else(lost)?, pulled))
    }

    /// Proves to the box what came since this was last done, by its bytes as they lie here: to be done once they are on the
    /// disk. Nothing new costs no round trip.
    ///
    /// # Errors
    /// As [`Self::pull`].
    pub async fn prove<L: LaptopSide>(&self, laptop: L) -> Result<L, LinkError> {
        let (pulled, shown) = (Pulled::default(), Progress::default());
        let mut pulling = Pulling { client: self, laptop: Some(laptop), pulled, shown, progress: |_| {} };
        if let Some(of) = self.hello.box_id {
            pulling.prove(of).await?;
        }
        pulling.laptop.ok_or_else(lost)
    }
}

impl<L: LaptopSide, P: FnMut(Progress) + Send> Pulling<'_, L, P> {
    /// Takes in every change after a number; the newest.
    async fn round(&mut self, after: u64, follow: bool) -> Result<u64, Stop> {
        let mut newest = after;
        let mut changes = self.client.changes(after, 0, follow).await?;
        while let Some(take) = changes.next().await? {
            // Whose takes they are was looked at when the session began.
            if self.client.hello.box_id != Some(take.id.box_id) {
                let anew = "the box has begun a new file of takes";
                return Err(LinkError::Broken(anew.to_owned()).into());
            }
            if take.change <= newest {
                return Err(LinkError::Violation("changes that do not go on").into());
            }
            newest = take.change;
            if self.change(take, follow).await? {
                self.pulled.changes += 1;
            }
            (self.progress)(self.shown);
        }
        Ok(newest)
    }

    /// Takes in a change; false if it did not come.
    async fn change(&mut self, take: TakeInfo, follow: bool) -> Result<bool, Stop> {
        if self.pulled.missing.len().max(self.pulled.others.len()) >= MOST_LEFT_OUT {
            let many = format!("more than {MOST_LEFT_OUT} takes did not come; look at the box, then pull again");
            return Err(LinkError::Here(many).into());
        }
        let (name, asked) = (self.client.hello.name.clone(), take.clone());
        match self.here(move |laptop| laptop.change(&name, &asked)).await? {
            Wanted::Nothing => {}
            // Numbers that mean other takes: whatever came after the older copy was made has to be compared.
            Wanted::Another if !self.pulled.set_back => return Err(Stop::SetBack),
            Wanted::Another => {
                self.pulled.others.push(take.id);
                return Ok(false);
            }
            Wanted::Lost => {
                // No take has this number: it is the file of takes itself.
                let why = match take.id.number {
                    0 => {
                        "the box's file of takes was damaged: it is kept aside there, and what could be read was saved"
                    }
                    _ => "is damaged on the box; the others come",
                };
                self.pulled.missing.push((take.id, why.to_owned()));
                return Ok(false);
            }
            Wanted::Chunks { .. } if take.bytes > MOST_TAKE => {
                self.pulled.missing.push((take.id, "is said to be larger than any take can be".to_owned()));
                return Ok(false);
            }
            Wanted::Chunks { from_part } => {
                self.shown.total_bytes = self.shown.done_bytes.saturating_add(take.bytes);
                let why = match self.chunks(&take, from_part).await {
                    Ok(true) => None,
                    Ok(false) => Some("is damaged on the box, or on the way".to_owned()),
                    Err(LinkError::Refused(refusal)) => Some(refusal.what),
                    Err(error) => return Err(error.into()),
                };
                self.pulled.missing.retain(|(id, _)| *id != take.id);
                if let Some(why) = why {
                    self.pulled.missing.push((take.id, why));
                    return Ok(false);
                }
                if follow {
                    self.prove(take.id.box_id).await?;
                }
                self.pulled.takes += 1;
                self.shown.takes += 1;
            }
        }
        self.pulled.missing.retain(|(id, _)| *id != take.id);
        Ok(true)
    }

    /// Brings a take's chunks; false if they are not the take.
    async fn chunks(&mut self, take: &TakeInfo, from_part: u32) -> Result<bool, LinkError> {
        let request = Request::Take { id: take.id, hash: take.hash, from_part };
        let mut chunks: Coming<Vec<u8>> = self.client.coming(request).await?;
        let (mut part, mut left) = (from_part, take.bytes);
        while let Some(chunk) = chunks.next().await? {
            let (length, of) = (chunk.len() as u64, take.clone());
            // An empty one would bring nothing, without end.
            if length == 0 || chunk.len() > MAX_CHUNK || length > left {
                return Err(LinkError::Violation("a chunk that is none of the take"));
            }
            left -= length;
            self.here(move |laptop| laptop.chunk(&of, part, &chunk)).await?;
            part += 1;
            self.pulled.bytes += length;
            self.shown.done_bytes += length;
            self.shown.total_bytes = self.shown.total_bytes.max(self.shown.done_bytes);
            (self.progress)(self.shown);
        }
        let of = take.clone();
        self.here(move |laptop| laptop.whole(&of)).await
    }

    /// Proves what is not proved yet, a handful of takes at a time.
    async fn prove(&mut self, of: BoxId) -> Result<(), LinkError> {
        let mut key = None;
        loop {
            let takes = self.here(move |laptop| laptop.unproved(of)).await?;
            if takes.is_empty() {
                return Ok(());
            }
            let key = match key {
                Some(key) => key,
                None => *key.insert(self.client.proof_key().await?),
            };
            let asked = takes.clone();
            let proofs = self.here(move |laptop| laptop.proofs(&asked, &key)).await?;
            self.client.held(&proofs).await?;
            self.here(move |laptop| laptop.proved(&takes)).await?;
        }
    }

    /// Asks the dataset on a thread that may wait for its disk.
    async fn here<T: Send + 'static>(
        &mut self,
        question: impl FnOnce(&mut L) -> Result<T, String> + Send + 'static,
    ) -> Result<T, LinkError> {
        let mut laptop = self.laptop.take().ok_or_else(lost)?;
        let asked = tokio::task::spawn_blocking(move || {
            let answer = question(&mut laptop);
            (laptop, answer)
        });
        let (laptop, answer) = asked.await.map_err(|_| lost())?;
        self.laptop = Some(laptop);
        answer.map_err(LinkError::Here)
    }
}

fn lost() -> LinkError {
    LinkError::Here("the dataset failed; pull again".to_owned())
}

impl Stop {
    fn told(self) -> LinkError {
        match self {
            Self::Failed(error) => error,
            Self::SetBack => LinkError::Broken("the box's takes were changed for others meanwhile".to_owned()),
        }
    }
}

impl From<LinkError> for Stop {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Refused(refusal) if refusal.reason == Reason::SetBack => Self::SetBack,
            other => Self::Failed(other),
        }
    }
}
