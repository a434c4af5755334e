//! `rasika takes mend`: what is damaged of the takes here is put aside, what can be read is saved, what is lost is told.

use anyhow::{Result, bail};
use rasika_device::store::{Damage, Examined, Store, StoreError, rescue};

use crate::place::{Place, TAKES};
use crate::say;

/// Looks through everything, and puts in order what is not.
///
/// # Errors
/// Nothing can be read or written there.
pub fn mend(place: &Place) -> Result<()> {
    let file = place.folder.join(TAKES);
    if !file.exists() {
        return Ok(say("no takes are here, so none are damaged")?);
    }
    let mut store = match Store::open(&file) {
        Ok(store) => store,
        Err(StoreError::Corrupt(_)) => return anew(place),
        Err(error) => bail!("{}: {}", file.display(), error.of_this_laptop()),
    };
    let Examined { sound, damaged, pages } = store.examine()?;
    if pages.is_some() {
        drop(store);
        return anew(place);
    }
    for damage in &damaged {
        match store.put_aside(damage) {
            Ok(()) => say(&format!("put aside: {damage}"))?,
            Err(StoreError::Corrupt(_)) => {
                drop(store);
                return anew(place);
            }
            Err(error) => bail!("{}", error.of_this_laptop()),
        }
    }
    match damaged.len() {
        0 => Ok(say(&format!("{sound} takes are here, each of them whole"))?),
        _ => Ok(say(&format!("{sound} takes are whole; {}", again(&damaged)))?),
    }
}

/// The file itself is damaged: a new one is begun with what can be read.
fn anew(place: &Place) -> Result<()> {
    let rescued = rescue(&place.folder.join(TAKES));
    let rescued = rescued.map_err(|error| anyhow::anyhow!("{}", error.of_this_laptop()))?;
    say(&rescued.to_string())?;
    for lost in &rescued.lost {
        say(&format!("lost: {lost}"))?;
    }
    if rescued.lost.is_empty() && rescued.no_room == 0 { Ok(()) } else { Ok(say(&again(&rescued.lost))?) }
}

fn again(lost: &[Damage]) -> String {
    let named = lost.iter().filter(|lost| lost.id.is_some()).count();
    let unnamed = if named < lost.len() { "; all boxes are asked for all they have" } else { "" };
    format!(
        "the next `rasika pull` asks for what is damaged; what was pruned on its box, imported, or decided here of it is \
         lost{unnamed}"
    )
}
