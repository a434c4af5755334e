//! `rasika pull` and `rasika prune`: takes come to the laptop, and make room on the box.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rasika_device::laptops::pulling::Pulling;
use rasika_device::laptops::takes::id_of;
use rasika_device::link::message::{BoxId, TakeId, TakeState};
use rasika_device::link::{Client, LaptopSide as _, Progress, Pulled};
use rasika_device::store::Store;
use rasika_models::plain;
use serde_json::json;

use crate::boxes::{KnownBox, Laptop, here, told};
use crate::place::Place;
use crate::say;

/// Between two tries to reach a box that is away, while pulling goes on.
const AGAIN: Duration = Duration::from_secs(5);
/// Proofs in one request, and the bytes of their takes, which both sides read for them.
const PROOFS: usize = 256;
const PROOF_BYTES: u64 = 64 << 20;

/// Arguments of `rasika pull`.
#[derive(Debug, Args)]
pub struct Pull {
    /// The boxes; else every box that is known
    #[arg(value_name = "BOX")]
    named: Vec<String>,

    /// Go on: bring each take as it is recorded, until Ctrl-C
    #[arg(long)]
    watch: bool,

    /// As JSON, a line for each box
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

impl Pull {
    /// Pulls from each box; one that is away does not keep the others waiting.
    pub fn run(self) -> Result<()> {
        let laptop = Laptop::at(&self.place)?;
        let boxes = if self.named.is_empty() {
            laptop.meant(laptop.book.boxes().first().map(|known| known.name.as_str()))?;
            laptop.book.boxes().to_vec()
        } else {
            self.named.iter().map(|name| laptop.meant(Some(name))).collect::<Result<_>>()?
        };
        if self.watch && boxes.len() > 1 {
            return self.watch_all(&boxes);
        }
        let mut failed = 0;
        for known in &boxes {
            if let Err(error) = here(self.one(known)) {
                failed += 1;
                if self.json {
                    say(&json!({ "box": known.name, "error": format!("{error:#}") }).to_string())?;
                }
                crate::warn(format_args!("{}: {error:#}", known.name));
            }
        }
        if failed > 0 {
            bail!(
                "{failed} of {} boxes did not give their takes; what came is kept, pull again for the rest",
                boxes.len()
            );
        }
        Ok(())
    }

    /// A thread for each box, as each waits for its own.
    fn watch_all(&self, boxes: &[KnownBox]) -> Result<()> {
        std::thread::scope(|scope| {
            let pulling: Vec<_> = boxes.iter().map(|known| scope.spawn(|| here(self.one(known)))).collect();
            pulling.into_iter().try_for_each(|pulling| match pulling.join() {
                Ok(pulled) => pulled,
                Err(_) => bail!("a pull failed"),
            })
        })
    }

    async fn one(&self, known: &KnownBox) -> Result<()> {
        loop {
            let pulled = self.session(known).await;
            match pulled {
                Err(error) if self.watch => {
                    crate::warn(format_args!("{}: {error:#}; trying again", known.name));
                    tokio::time::sleep(AGAIN).await;
                }
                other => return other,
            }
        }
    }

    async fn session(&self, known: &KnownBox) -> Result<()> {
        let begun = Instant::now();
        let mut laptop = Laptop::at(&self.place)?;
        let client = laptop.reach(known).await?;
        let mut pulling = Pulling(self.place.takes()?);
        let id = laptop.file_of(known, &client, &pulling.0)?;
        set_damaged_aside(&mut pulling.0);
        if !self.watch {
            // What the power takes away is pulled again; an fsync for each of a thousand takes would be most of the time.
            pulling.0.hurry()?;
        }
        let bar = bar(&known.name, !self.json);
        let after = pulling.cursor(id).map_err(anyhow::Error::msg)?;
        if self.watch && !self.json {
            say(&format!("{}: waiting for takes; Ctrl-C ends", known.name))?;
        }
        let show = |progress: Progress| {
            bar.set_length(progress.total_bytes);
            bar.set_position(progress.done_bytes);
            bar.set_message(format!("{} takes", progress.takes));
        };
        let pulled = client.pull(pulling, after, self.watch, show).await.map_err(told);
        bar.finish_and_clear();
        let (pulling, pulled) = pulled?;
        // What is not on the disk proves nothing.
        pulling.0.settle()?;
        if let Err(error) = client.prove(pulling).await {
            // What came is here all the same; the next pull proves it.
            crate::warn(format_args!("{}: what is held here is not noted there: {error}", known.name));
        }
        if pulled.set_back {
            let why = "its takes are an older copy of those it had; all were compared anew";
            crate::warn(format_args!("{}: {why}", known.name));
        }
        for id in &pulled.others {
            let why = "there and here are different takes; each stays where it is";
            crate::warn(format_args!("{}: take {} {why}", known.name, id.number));
        }
        let Pulled { changes, takes, bytes, missing, .. } = pulled;
        let seconds = begun.elapsed().as_secs_f64();
        if self.json {
            let line =
                json!({ "box": known.name, "changes": changes, "takes": takes, "bytes": bytes, "seconds": seconds });
            say(&line.to_string())?;
        } else {
            say(&match (changes, takes) {
                (0, _) => format!("{}: nothing new", known.name),
                (changes, 0) => format!("{}: {changes} changes, no new take", known.name),
                (_, takes) => format!("{}: {takes} takes, {:.1} MB in {seconds:.1} s", known.name, bytes as f64 / 1e6),
            })?;
        }
        for (id, why) in missing.iter().filter(|_| missing.len() > 1) {
            crate::warn(format_args!("{}: {}", known.name, not_come(*id, why)));
        }
        match &missing[..] {
            [] => Ok(()),
            [(id, why)] => bail!("{}", not_come(*id, why)),
            several => bail!("{} takes did not come", several.len()),
        }
    }
}

/// What a take that did not come is called: number 0 is the box's whole file.
fn not_come(id: TakeId, why: &str) -> String {
    if id.number == 0 { why.to_owned() } else { format!("take {} did not come: {why}", id.number) }
}

/// Looks through a share of what is here: a take that is damaged is named, put aside, and asked for again.
fn set_damaged_aside(store: &mut Store) {
    match store.look_through() {
        Ok(damaged) => {
            for damage in damaged {
                match store.put_aside(&damage) {
                    Ok(()) => crate::warn(format_args!("damaged here: {damage}; it is put aside and asked for again")),
                    Err(error) => crate::warn(format_args!("damaged here: {damage}; {}", error.of_this_laptop())),
                }
            }
        }
        Err(error) => crate::warn(error.of_this_laptop()),
    }
}

/// A bar for bytes, where somebody looks.
pub fn bar(what: &str, wanted: bool) -> ProgressBar {
    let visible = wanted && std::io::stderr().is_terminal();
    let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{prefix:<16} {bar:30} {bytes:>10} of {total_bytes}  {msg}");
    let bar = ProgressBar::with_draw_target(Some(0), target).with_prefix(plain::line(what).into_owned());
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Arguments of `rasika prune`.
#[derive(Debug, Args)]
pub struct Prune {
    /// The box; needed if several are known
    #[arg(value_name = "BOX")]
    named: Option<String>,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    place: Place,
}

impl Prune {
    /// Deletes on the box what this laptop holds whole: read and hashed here, now.
    pub fn run(self) -> Result<()> {
        let mut laptop = Laptop::at(&self.place)?;
        let known = laptop.meant(self.named.as_deref())?;
        let store = self.place.takes()?;
        here(async {
            let client = laptop.reach(&known).await?;
            let id = laptop.file_of(&known, &client, &store)?;
            // The last pull may have been cut off before what came was on the disk.
            store.settle()?;
            let held = held(&client, &store, id).await?;
            if held.is_empty() {
                return Ok(say(&format!(
                    "{}: nothing to delete; this laptop holds none of its takes, or they are gone there",
                    known.name
                ))?);
            }
            if !self.yes && !agreed(&known.name, held.len())? {
                return Ok(say("nothing is deleted")?);
            }
            let mut deleted = 0;
            let (key, mut store) = (client.proof_key().await.map_err(told)?, Pulling(store));
            for some in batches(&held) {
                let proofs = store.proofs(&some, &key).map_err(anyhow::Error::msg)?;
                for id in some.iter().filter(|id| !proofs.iter().any(|proof| proof.id == **id)) {
                    crate::warn(format_args!("take {} is damaged here and stays on the box", id_of(*id)));
                }
                for pruned in client.prune(&proofs).await.map_err(told)? {
                    match pruned.kept {
                        None => deleted += 1,
                        Some(why) => crate::warn(format_args!("take {} stays: {why}", pruned.id.number)),
                    }
                }
            }
            Ok(say(&format!("{}: {deleted} takes are deleted there; they are here", known.name))?)
        })
    }
}

/// What the box has and this laptop holds whole, with the bytes of each.
async fn held(client: &Client, store: &Store, id: BoxId) -> Result<Vec<(TakeId, u64)>> {
    let mut there = std::collections::BTreeSet::new();
    let mut changes = client.changes(0, 0, false).await.map_err(told)?;
    while let Some(take) = changes.next().await.map_err(told)? {
        if take.state != TakeState::Gone {
            there.insert(take.id.number);
        }
    }
    let takes = store.takes()?.into_iter().filter(|take| take.id.box_id.0 == id.0 && take.state.is_whole());
    let takes = takes.filter(|take| there.contains(&take.id.number));
    Ok(takes.map(|take| (TakeId { box_id: id, number: take.id.number }, take.bytes)).collect())
}

/// So many that both sides read them in a moment.
fn batches(held: &[(TakeId, u64)]) -> Vec<Vec<TakeId>> {
    let mut batches: Vec<Vec<TakeId>> = Vec::new();
    let mut room = 0;
    for (id, bytes) in held {
        match batches.last_mut() {
            Some(batch) if *bytes <= room && batch.len() < PROOFS => batch.push(*id),
            _ => {
                room = PROOF_BYTES;
                batches.push(vec![*id]);
            }
        }
        room = room.saturating_sub(*bytes);
    }
    batches
}

fn agreed(name: &str, count: usize) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("{count} takes would be deleted on {name}; add --yes to do it without asking");
    }
    let mut out = std::io::stdout().lock();
    write!(out, "Delete {count} takes on {}? They stay here. [y/N] ", plain::line(name))?;
    out.flush()?;
    drop(out);
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
