//! The box and its laptops: who serves them, and what can be asked about them at the box.

use std::sync::Arc;

use crossbeam_channel::unbounded;
use rasika_device::config::Config;
use rasika_device::control::Verbs;
use rasika_device::hand::Listening;
use rasika_device::journal::Journal;
use rasika_device::laptops::{Laptops, Parts};
use rasika_device::link::message::FileKind;
use rasika_device::panel::Fault;
use rasika_device::performer::Library;
use rasika_device::performer::player::Player;
use rasika_device::shelf::Shelf;
use rasika_device::steward::{Link, temperature_c};

/// Serves laptops, if the box can. It plays on if it cannot.
pub fn serve(
    config: &Config,
    link_on_trial: bool,
    shelf: &Result<Arc<Shelf>, String>,
    player: &Player,
    library: &Arc<Library>,
    listening: &Listening,
) -> Link {
    let mut link = Link::none(Journal::in_folder(&config.recording.folder));
    let shelf = match shelf {
        Ok(shelf) => shelf,
        Err(why) => {
            link.tell(&format!("{why}; no laptop is served"));
            link.faults.push(Fault::Laptops);
            return link;
        }
    };
    let (adopt, adoptions) = super::push::adopt(shelf, &link.restart);
    let parts = Parts {
        name: config.box_name.clone(),
        takes: super::run::recorder(config).file(),
        margin_bytes: config.recording.margin_bytes,
        shelf: Arc::clone(shelf),
        shown: Arc::clone(&link.shown),
        journal: link.journal.clone(),
        report: super::status::report(player, library, listening),
        panic: Arc::clone(player.panic()),
        temperature_c,
        config: config.text.clone(),
        check: super::push::check(Arc::clone(library), config.recording.folder.clone()),
        adopt: Arc::clone(&adopt),
    };
    let (asks, pairing) = unbounded();
    let ask = move |event| {
        let _ = asks.send(event);
    };
    (link.pairing, link.adoptions, link.adopt) = (pairing, adoptions, Some(adopt));
    match super::push::model(shelf) {
        Ok(model) => link.model = model,
        Err(why) => {
            link.tell(&format!("{why}; the built-in knowledge is asked instead"));
            link.faults.push(Fault::Model);
        }
    }
    for kind in shelf.damaged() {
        link.faults.push(if kind == FileKind::Model { Fault::Model } else { Fault::Config });
    }
    match Laptops::start(super::run::link(config, link_on_trial), parts, ask) {
        Ok(laptops) => link.laptops = Some(laptops),
        Err(why) => {
            link.tell(&format!("no laptop is served: {why}"));
            link.faults.push(Fault::Laptops);
        }
    }
    link
}

/// What a box that runs can be asked.
pub fn verbs(
    link: &Link,
    shelf: &Result<Arc<Shelf>, String>,
    player: &Player,
    library: &Arc<Library>,
    listening: &Listening,
) -> Verbs {
    let verbs = super::status::verbs(player, library, Some(listening), Some(Arc::clone(&link.shown)));
    match (&link.laptops, shelf, &link.adopt) {
        (Some(laptops), Ok(shelf), Some(adopt)) => {
            super::keys::verbs(verbs, laptops.ring().clone(), shelf, Arc::clone(adopt), Arc::clone(&link.shown))
        }
        _ => verbs,
    }
}
