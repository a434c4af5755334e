//! The theka on a tabla set: each bol strikes the keys of its hands.

use rasika_device::performer::sound_map::Mapping;
use rasika_device::performer::tala::Bol;
use rasika_device::performer::{Event, EventKind, Library, SoundMap, Voice};
use std::sync::Arc;

use midly::MidiMessage;

#[test]
fn each_bol_strikes_the_drums_of_its_hands() {
    let map = Library::built_in().unwrap().map("default").unwrap();
    let mut mapping = Mapping::new(Arc::new(SoundMap::named("tabla").unwrap()));
    let mut time_us = 0;
    for (bol, wanted) in [
        ("Dha", &[60, 65][..]),
        ("Dhin", &[62, 65]),
        ("Na", &[60]),
        ("Tin", &[62]),
        ("Tun", &[62]),
        ("Ge", &[65]),
        ("Ka", &[64]),
        ("Kat", &[64]),
    ] {
        time_us += 500_000;
        let mut struck = Vec::new();
        for key in map.keys(Bol::named(bol).unwrap()) {
            let on = Event::note_on(time_us, Voice::Theka, key, 90);
            mapping.apply(&on, |event| {
                if let EventKind::Midi { channel, message: MidiMessage::NoteOn { key, .. } } = event.kind {
                    assert_eq!(channel.as_int(), 9, "drums");
                    struck.push(key.as_int());
                }
            });
            mapping.apply(&Event::note_off(time_us + 90_000, Voice::Theka, key), |_| {});
        }
        assert_eq!(struck, wanted, "{bol}");
    }
}
