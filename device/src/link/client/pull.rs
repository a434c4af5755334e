//! Takes, from the box into the dataset.

use super::{Client, Coming, Progress};
use crate::link::LinkError;
use crate::link::laptop_side::{LaptopSide, Wanted};
use crate::link::message::{Request, TakeInfo};

/// What a pull brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pulled {
    /// Changes that were taken in.
    pub changes: u64,
    /// Takes whose chunks came.
    pub takes: u64,
    /// Bytes of chunks that came.
    pub bytes: u64,
}

impl Client {
    /// Brings every change after `after` (see [`LaptopSide::cursor`]) into the dataset, oldest first, and with
    /// `follow` those to come. Broken off anywhere, the next pull goes on there. Nothing new is one round trip.
    ///
    /// # Errors
    /// The dataset or the box refuses, or the session is over.
    pub async fn pull<L: LaptopSide>(
        &self,
        mut laptop: L,
        after: u64,
        follow: bool,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<(L, Pulled), LinkError> {
        let (mut pulled, mut shown) = (Pulled::default(), Progress::default());
        let mut changes = self.changes(after, 0, follow).await?;
        while let Some(take) = changes.next().await? {
            let name = self.hello.name.clone();
            let (given, wanted, take) = here(laptop, take, move |laptop, take| laptop.change(&name, take)).await?;
            laptop = given;
            if let Wanted::Chunks { from_part } = wanted {
                shown.total_bytes = shown.done_bytes + take.bytes;
                laptop = self.chunks(laptop, &take, from_part, &mut pulled, &mut shown, &mut progress).await?;
                pulled.takes += 1;
                shown.takes += 1;
            }
            pulled.changes += 1;
            progress(shown);
        }
        Ok((laptop, pulled))
    }

    async fn chunks<L: LaptopSide>(
        &self,
        mut laptop: L,
        take: &TakeInfo,
        from_part: u32,
        pulled: &mut Pulled,
        shown: &mut Progress,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<L, LinkError> {
        let request = Request::Take { id: take.id, hash: take.hash, from_part };
        let mut chunks: Coming<Vec<u8>> = self.coming(request).await?;
        let mut part = from_part;
        while let Some(chunk) = chunks.next().await? {
            let length = chunk.len() as u64;
            let keep = move |laptop: &mut L, take: &TakeInfo| laptop.chunk(take, part, &chunk);
            (laptop, ..) = here(laptop, take.clone(), keep).await?;
            part += 1;
            pulled.bytes += length;
            shown.done_bytes += length;
            shown.total_bytes = shown.total_bytes.max(shown.done_bytes);
            progress(*shown);
        }
        let (laptop, ..) = here(laptop, take.clone(), |laptop: &mut L, take| laptop.whole(take)).await?;
        Ok(laptop)
    }
}

/// Asks the dataset on a thread that may wait for its disk.
async fn here<L: LaptopSide, T: Send + 'static>(
    mut laptop: L,
    take: TakeInfo,
    question: impl FnOnce(&mut L, &TakeInfo) -> Result<T, String> + Send + 'static,
) -> Result<(L, T, TakeInfo), LinkError> {
    let asked = tokio::task::spawn_blocking(move || {
        let answer = question(&mut laptop, &take);
        (laptop, answer, take)
    });
    let (laptop, answer, take) =
        asked.await.map_err(|error| LinkError::Here(format!("the dataset failed ({error})")))?;
    Ok((laptop, answer.map_err(LinkError::Here)?, take))
}
