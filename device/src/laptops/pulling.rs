//! A laptop's dataset as the link fills it: the same store as the box's.

use super::takes::{id_of, take_of};
use crate::link::message::{BoxId, Proof, TakeId, TakeInfo, TakeState};
use crate::link::{LaptopSide, Wanted};
use crate::store::{self, Fetch, Store, StoreError};

/// A store that takes in what a box has.
#[derive(Debug)]
pub struct Pulling(pub Store);

impl LaptopSide for Pulling {
    fn cursor(&mut self, of: BoxId) -> Result<u64, String> {
        self.0.cursor(store::BoxId(of.0)).map_err(|error| error.of_this_laptop())
    }

    fn set_back(&mut self, of: BoxId) -> Result<(), String> {
        self.0.set_back(store::BoxId(of.0)).map_err(|error| error.of_this_laptop())
    }

    fn change(&mut self, box_name: &str, take: &TakeInfo) -> Result<Wanted, String> {
        if take.state == TakeState::Damaged {
            let here = self.0.damaged_there(box_name, id_of(take.id), take.change);
            return Ok(if here.map_err(|error| error.of_this_laptop())? { Wanted::Nothing } else { Wanted::Lost });
        }
        let take = take_of(take).ok_or_else(|| format!("take {} has no label; update the box", id_of(take.id)))?;
        match self.0.fetch(box_name, &take).map_err(|error| error.of_this_laptop())? {
            Fetch::Done => Ok(Wanted::Nothing),
            Fetch::Chunks { from } => Ok(Wanted::Chunks { from_part: from }),
            Fetch::Another => Ok(Wanted::Another),
        }
    }

    fn chunk(&mut self, take: &TakeInfo, part: u32, chunk: &[u8]) -> Result<(), String> {
        self.0.put_chunk(id_of(take.id), part, chunk).map_err(|error| error.of_this_laptop())
    }

    fn whole(&mut self, take: &TakeInfo) -> Result<bool, String> {
        let known = take_of(take).ok_or_else(|| StoreError::NoTake(id_of(take.id)).to_string())?;
        match self.0.fetched(&known) {
            Ok(()) => Ok(true),
            Err(StoreError::WrongHash(_)) => Ok(false),
            Err(error) => Err(error.of_this_laptop()),
        }
    }

    fn unproved(&mut self, of: BoxId) -> Result<Vec<TakeId>, String> {
        let takes = self.0.unproved(store::BoxId(of.0)).map_err(|error| error.of_this_laptop())?;
        Ok(takes.into_iter().map(|take| TakeId { box_id: of, number: take.number }).collect())
    }

    fn proofs(&mut self, takes: &[TakeId], key: &[u8; 32]) -> Result<Vec<Proof>, String> {
        let mut proofs = Vec::new();
        for id in takes {
            let known = id_of(*id);
            // Not what is written down of it, but what is there.
            // One that is damaged here is not proved, and keeps no other from being proved.
            if let (Ok(true), Ok(answer)) = (self.0.is_sound(known), self.0.proof(known, key)) {
                proofs.push(Proof { id: *id, answer: answer.0 });
            }
        }
        Ok(proofs)
    }

    fn proved(&mut self, takes: &[TakeId]) -> Result<(), String> {
        let takes: Vec<_> = takes.iter().map(|id| id_of(*id)).collect();
        self.0.proved(&takes).map_err(|error| error.of_this_laptop())
    }
}
