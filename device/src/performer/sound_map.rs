//! Sound maps: how the voices are laid out on the channels, banks and keys of a synth.
//!
//! The engine plays for General MIDI. A [`SoundMap`] is read from a file; a [`Mapping`] turns the engine's events into
//! those for one port. Voices that share a channel share its keys: what one holds, another does not end.

mod lanes;

use super::data_error::{DataError, Source};
use super::event::{Event, EventKind, Voice};
use lanes::{Lanes, Layout, MOST};
use midly::MidiMessage;
use midly::num::{u4, u7};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;

const PRESETS: [(&str, &str); 5] = [
    ("gm", include_str!("../../sounds/gm.toml")),
    ("gs", include_str!("../../sounds/gs.toml")),
    ("xg", include_str!("../../sounds/xg.toml")),
    ("one", include_str!("../../sounds/one.toml")),
    ("tabla", include_str!("../../sounds/tabla.toml")),
];

/// A sound map cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SoundMapError {
    /// The file is wrong.
    #[error(transparent)]
    Data(#[from] DataError),
    /// No preset and no file of that name.
    #[error("there is no sound map '{name}' ({cause}); give gm, gs, xg, one, tabla or the path of a .toml file")]
    NoMap {
        /// What was asked for.
        name: String,
        /// The system's words.
        cause: std::io::Error,
    },
}

/// A message that puts a synth into a known state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    /// General MIDI System On.
    Gm,
    /// Roland's GS Reset.
    Gs,
    /// Yamaha's XG System On.
    Xg,
}

impl Reset {
    const NAMES: [(&str, Self); 3] = [("gm", Self::Gm), ("gs", Self::Gs), ("xg", Self::Xg)];

    /// The whole SysEx message, to every device.
    #[must_use]
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Gm => &[0xF0, 0x7E, 0x7F, 0x09, 0x01, 0xF7],
            Self::Gs => &[0xF0, 0x41, 0x10, 0x42, 0x12, 0x40, 0x00, 0x7F, 0x00, 0x41, 0xF7],
            Self::Xg => &[0xF0, 0x43, 0x10, 0x4C, 0x00, 0x00, 0x7E, 0x00, 0xF7],
        }
    }
}

/// One voice on a synth.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sound {
    channel: u4,
    bank: Option<(u7, u7)>,
    program: Option<u7>,
    transpose: i8,
    volume: Option<u7>,
    pan: Option<u7>,
    bends: bool,
    programs: bool,
    /// Of so many strokes the last is played.
    every: u32,
    /// Whether it is the first voice of its channel: the others leave the channel's controllers alone.
    leads: bool,
    keys: [u8; 128],
}

/// The voices on a synth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoundMap {
    reset: Option<Reset>,
    sounds: [Option<Sound>; Voice::ALL.len()],
    /// The melody's channels.
    melody: Layout,
    /// The manager channel of an MPE zone, whose members are the melody's channels.
    mpe: Option<u4>,
}

impl Default for SoundMap {
    /// General MIDI: every event as the engine plays it.
    fn default() -> Self {
        let sound = |voice: Voice| Sound {
            channel: voice.channel(),
            bank: None,
            program: None,
            transpose: 0,
            volume: None,
            pan: None,
            bends: true,
            programs: true,
            every: 1,
            leads: true,
            keys: std::array::from_fn(|key| key as u8),
        };
        let of_melody = |voice: Voice| matches!(voice, Voice::SecondMelody | Voice::ThirdMelody);
        let melody = Layout {
            channels: Voice::MELODY.map(Voice::channel),
            count: MOST,
            bend_range: Voice::Melody.bend_range(),
            bends: true,
        };
        let sounds = Voice::ALL.map(|voice| (!of_melody(voice)).then(|| sound(voice)));
        Self { reset: Some(Reset::Gm), sounds, melody, mpe: None }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MapFile {
    reset: Option<Spanned<String>>,
    melody: Option<SoundFile>,
    tanpura: Option<SoundFile>,
    theka: Option<SoundFile>,
    first_string: Option<SoundFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SoundFile {
    channel: Spanned<i64>,
    /// More channels of the melody, to take turns with.
    more_channels: Option<Spanned<Vec<Spanned<i64>>>>,
    /// Bend range of the melody's channels, in semitones.
    bend_range: Option<Spanned<i64>>,
    /// The manager channel of an MPE zone for the melody.
    mpe_manager: Option<Spanned<i64>>,
    bank: Option<[Spanned<i64>; 2]>,
    program: Option<Spanned<i64>>,
    transpose: Option<Spanned<i64>>,
    volume: Option<Spanned<i64>>,
    pan: Option<Spanned<i64>>,
    bends: Option<bool>,
    programs: Option<bool>,
    every: Option<Spanned<i64>>,
    #[serde(default)]
    keys: BTreeMap<Spanned<String>, Spanned<i64>>,
}

impl SoundMap {
    /// A preset (gm, gs, xg, one) or the map of a file.
    ///
    /// # Errors
    /// When there is neither, or the file is wrong.
    pub fn named(name: &str) -> Result<Self, SoundMapError> {
        if let Some((_, text)) = PRESETS.iter().find(|(preset, _)| *preset == name) {
            return Ok(Self::parse(&format!("sounds/{name}.toml"), text)?);
        }
        let text = crate::named_file::read(Path::new(name));
        let text = text.map_err(|cause| SoundMapError::NoMap { name: name.to_owned(), cause })?;
        Ok(Self::parse(name, &text)?)
    }

    /// Reads and checks a sound map's file.
    ///
    /// # Errors
    /// Names the line of the first thing that is wrong.
    pub fn parse(file: &str, text: &str) -> Result<Self, DataError> {
        let source = Source { file, text };
        let raw: MapFile = source.parse()?;
        let reset = raw.reset.as_ref().map(|name| {
            let found = Reset::NAMES.iter().find(|(its, _)| its == name.get_ref());
            let wrong = || source.error(&name.span(), format!("'{}' is no reset; give gm, gs or xg", name.get_ref()));
            found.map(|(_, reset)| *reset).ok_or_else(wrong)
        });
        let mut used = 0_u16;
        let mut read = |raw: &Option<SoundFile>| {
            let sound = raw.as_ref().map(|raw| sound(&source, raw)).transpose()?;
            Ok::<_, DataError>(sound.map(|mut sound| {
                let channel = 1 << sound.channel.as_int();
                sound.leads = used & channel == 0;
                used |= channel;
                sound
            }))
        };
        let sounds = [read(&raw.melody)?, read(&raw.tanpura)?, read(&raw.theka)?, read(&raw.first_string)?, None, None];
        for (name, raw) in [("tanpura", &raw.tanpura), ("theka", &raw.theka), ("first_string", &raw.first_string)] {
            let only = |raw: &SoundFile| {
                raw.more_channels
                    .as_ref()
                    .map(Spanned::span)
                    .or(raw.bend_range.as_ref().map(Spanned::span))
                    .or(raw.mpe_manager.as_ref().map(Spanned::span))
            };
            if let Some(span) = raw.as_ref().and_then(only) {
                let what = format!("only the melody takes turns and is bent wide; take this out of [{name}]");
                return Err(source.error(&span, what));
            }
        }
        let (melody, mpe) = layout(&source, raw.melody.as_ref())?;
        if sounds.iter().all(Option::is_none) {
            return Err(source.error(&(0..0), "no voice here; write [melody], [tanpura] or [theka]"));
        }
        Ok(Self { reset: reset.transpose()?, sounds, melody, mpe })
    }

    /// What the synth is sent before its set-up, when it is connected.
    #[must_use]
    pub fn reset(&self) -> Option<Reset> {
        self.reset
    }

    /// The voice that plays a message, and its sound. A map that gives the tanpura's first string no channel of its own
    /// has its notes played with the others, untuned.
    fn sound(&self, voice: Voice, message: MidiMessage) -> Option<(Voice, &Sound)> {
        let own = self.sounds[voice as usize].as_ref().map(|sound| (voice, sound));
        let is_note = matches!(message, MidiMessage::NoteOn { .. } | MidiMessage::NoteOff { .. });
        let shared = (voice == Voice::FirstString && is_note).then_some(Voice::Tanpura);
        own.or_else(|| shared.and_then(|voice| Some((voice, self.sounds[voice as usize].as_ref()?))))
    }

    /// The channels it uses, from 0, each once.
    #[must_use]
    pub fn channels(&self) -> Vec<u8> {
        let own = self.sounds.iter().flatten().filter(|sound| sound.leads).map(|sound| sound.channel.as_int());
        let mut channels: Vec<u8> = own.collect();
        if self.sounds[Voice::Melody as usize].is_some() {
            let more = self.melody.channels[1..self.melody.count].iter().chain(&self.mpe);
            channels.extend(more.map(|channel| channel.as_int()));
        }
        channels
    }
}

/// A number of the file within what it may be.
fn within(source: &Source<'_>, value: &Spanned<i64>, what: &str, range: RangeInclusive<i64>) -> Result<i64, DataError> {
    let number = *value.get_ref();
    if range.contains(&number) {
        return Ok(number);
    }
    let (low, high) = range.into_inner();
    Err(source.error(&value.span(), format!("{what} cannot be {number}; give {low} to {high}")))
}

fn sound(source: &Source<'_>, raw: &SoundFile) -> Result<Sound, DataError> {
    let seven = |value: &Spanned<i64>, what: &str| Ok(u7::new(within(source, value, what, 0..=127)? as u8));
    let maybe = |value: &Option<Spanned<i64>>, what: &str| value.as_ref().map(|value| seven(value, what)).transpose();
    let mut keys = std::array::from_fn(|key| key as u8);
    for (from, to) in &raw.keys {
        let known = from.get_ref().parse::<u8>().ok().filter(|key| *key < 128);
        let wrong = || source.error(&from.span(), format!("'{}' is no key; give 0 to 127", from.get_ref()));
        keys[usize::from(known.ok_or_else(wrong)?)] = seven(to, "a key")?.as_int();
    }
    let bank = raw.bank.as_ref().map(|[coarse, fine]| Ok((seven(coarse, "a bank")?, seven(fine, "a bank")?)));
    let number = |value: &Option<Spanned<i64>>, what: &str, range: RangeInclusive<i64>, usual: i64| {
        value.as_ref().map_or(Ok(usual), |value| within(source, value, what, range))
    };
    Ok(Sound {
        channel: u4::new(within(source, &raw.channel, "channel", 1..=16)? as u8 - 1),
        bank: bank.transpose()?,
        program: maybe(&raw.program, "program")?,
        transpose: number(&raw.transpose, "transpose", -48..=48, 0)? as i8,
        volume: maybe(&raw.volume, "volume")?,
        pan: maybe(&raw.pan, "pan")?,
        bends: raw.bends.unwrap_or(true),
        programs: raw.programs.unwrap_or(true),
        every: number(&raw.every, "every", 1..=64, 1)? as u32,
        leads: true,
        keys,
    })
}

/// The melody's channels, and the manager of its MPE zone.
fn layout(source: &Source<'_>, raw: Option<&SoundFile>) -> Result<(Layout, Option<u4>), DataError> {
    let channel =
        |value: &Spanned<i64>| Ok::<_, DataError>(u4::new(within(source, value, "channel", 1..=16)? as u8 - 1));
    let Some(raw) = raw else {
        return Ok((Layout { channels: [u4::new(0); MOST], count: 1, bend_range: 12, bends: false }, None));
    };
    let mut channels = [channel(&raw.channel)?; MOST];
    let more = raw.more_channels.as_ref().map_or(&[][..], |more| more.get_ref());
    if let (Some(over), Some(field)) = (more.get(MOST - 1), &raw.more_channels) {
        let what = format!("the melody takes turns on {MOST} channels at most; leave out {}", over.get_ref());
        return Err(source.error(&field.span(), what));
    }
    for (slot, value) in channels[1..].iter_mut().zip(more) {
        *slot = channel(value)?;
    }
    let mpe = raw.mpe_manager.as_ref().map(channel).transpose()?;
    let usual = if mpe.is_some() { 48 } else { i64::from(Voice::Melody.bend_range()) };
    let bend_range = raw.bend_range.as_ref().map_or(Ok(usual), |value| within(source, value, "bend_range", 1..=96))?;
    let bends = raw.bends.unwrap_or(true);
    Ok((Layout { channels, count: 1 + more.len(), bend_range: bend_range as u8, bends }, mpe))
}

impl Sound {
    /// The key that is struck for one of the engine's; beyond the keyboard it is an octave nearer.
    fn key(&self, key: u7) -> u7 {
        let mut key = i16::from(self.keys[usize::from(key.as_int())]) + i16::from(self.transpose);
        while key < 0 {
            key += 12;
        }
        while key > 127 {
            key -= 12;
        }
        u7::new(key as u8)
    }

    /// A message that is not a note, as this synth wants it; `None` if it does not.
    fn control(&self, message: MidiMessage) -> Option<MidiMessage> {
        let MidiMessage::Controller { controller, value } = message else {
            let wanted = match message {
                MidiMessage::ProgramChange { .. } => self.programs,
                MidiMessage::PitchBend { .. } => self.bends,
                _ => true,
            };
            return (wanted && self.leads).then_some(match (message, self.program) {
                (MidiMessage::ProgramChange { .. }, Some(program)) => MidiMessage::ProgramChange { program },
                _ => message,
            });
        };
        let value = match controller.as_int() {
            7 => self.volume.unwrap_or(value),
            10 => self.pan.unwrap_or(value),
            _ => value,
        };
        self.leads.then_some(MidiMessage::Controller { controller, value })
    }
}

/// A sound map at work on one port.
#[derive(Debug, Clone)]
pub struct Mapping {
    map: Arc<SoundMap>,
    /// Who holds each key of each channel.
    holders: Box<[[Option<Held>; 128]; 16]>,
    /// Strokes of each voice; those of the tanpura by fours, the first string's the first.
    strokes: [u32; Voice::ALL.len()],
    /// The registered parameter that each voice sets, by its fine number.
    parameters: [u7; Voice::ALL.len()],
    lanes: Lanes,
}

/// Which voice holds a key, and since when.
type Held = (Voice, u64);

/// Strings of the tanpura.
const STRINGS: u32 = 4;
/// The registered parameter of the bend range.
const BEND_RANGE: u8 = 0;

impl Mapping {
    /// A port's mapping, before anything sounds.
    #[must_use]
    pub fn new(map: Arc<SoundMap>) -> Self {
        let parameters = [u7::new(127); Voice::ALL.len()];
        let lanes = Lanes::new(map.melody);
        Self { map, holders: Box::new([[None; 128]; 16]), strokes: [0; Voice::ALL.len()], parameters, lanes }
    }

    /// Gives out what an event of the engine's is on this port.
    pub fn apply(&mut self, event: &Event, mut out: impl FnMut(Event)) {
        let EventKind::Midi { channel, message } = event.kind else { return };
        let Some(played) = Voice::of_channel(channel) else { return };
        self.count(played, message);
        let lane = Voice::MELODY.iter().position(|voice| *voice == played);
        let Some((voice, sound)) = self.map.sound(lane.map_or(played, |_| Voice::Melody), message) else { return };
        let midi = |channel, message| Event { time_us: event.time_us, kind: EventKind::Midi { channel, message } };
        let channel = match (lane, message) {
            (None, _) => sound.channel,
            (Some(lane), MidiMessage::NoteOn { vel, .. }) if vel > 0 => {
                let bends = |message| sound.leads || matches!(message, MidiMessage::PitchBend { .. });
                self.lanes.strike(lane, event.time_us, |channel, message| {
                    if bends(message) {
                        out(midi(channel, message));
                    }
                })
            }
            (Some(lane), MidiMessage::NoteOn { .. } | MidiMessage::NoteOff { .. }) => {
                let Some(channel) = self.lanes.end(lane, event.time_us) else { return };
                channel
            }
            (Some(lane), _) => {
                if let (0, Some(manager), true) =
                    (lane, self.map.mpe, is_range(message, self.parameters[played as usize]))
                {
                    zone(manager, self.map.melody.count).for_each(|message| out(midi(manager, message)));
                }
                let Some((channel, bent)) = self.lanes.control(lane, message) else { return };
                if let MidiMessage::PitchBend { .. } = bent {
                    out(midi(channel, bent));
                    return;
                }
                channel
            }
        };
        let message = match message {
            MidiMessage::Controller { controller, .. }
                if lane.is_some() && is_range(message, self.parameters[played as usize]) =>
            {
                MidiMessage::Controller { controller, value: u7::new(self.map.melody.bend_range) }
            }
            message => message,
        };
        let mut out = |message| out(midi(channel, message));
        let holders = &mut self.holders[usize::from(channel.as_int())];
        match message {
            MidiMessage::NoteOn { key, vel } if vel > 0 => {
                let key = sound.key(key);
                let holder = &mut holders[usize::from(key.as_int())];
                let other = holder.filter(|(other, _)| *other != voice);
                // Two keys of the engine's may be one of the synth's, struck once.
                let is_struck = holder.is_some_and(|held| held == (voice, event.time_us));
                let is_counted = self.strokes[voice as usize].is_multiple_of(sound.every);
                if !is_counted || is_struck || (other.is_some() && !sound.leads) {
                    return;
                }
                if holder.replace((voice, event.time_us)).is_some() {
                    out(MidiMessage::NoteOff { key, vel: u7::new(64) });
                }
                out(MidiMessage::NoteOn { key, vel });
            }
            MidiMessage::NoteOn { key, vel } | MidiMessage::NoteOff { key, vel } => {
                let key = sound.key(key);
                if holders[usize::from(key.as_int())].take_if(|(holder, _)| *holder == voice).is_some() {
                    out(MidiMessage::NoteOff { key, vel });
                }
            }
            // A synth that does not bend needs no bend range; Sa is tuned all the same.
            MidiMessage::Controller { controller, .. }
                if !sound.bends
                    && [6, 38].contains(&controller.as_int())
                    && self.parameters[played as usize] == BEND_RANGE => {}
            _ => {
                let Some(message) = sound.control(message) else { return };
                if let (MidiMessage::ProgramChange { .. }, Some((coarse, fine))) = (message, sound.bank) {
                    out(MidiMessage::Controller { controller: u7::new(0), value: coarse });
                    out(MidiMessage::Controller { controller: u7::new(32), value: fine });
                }
                out(message);
            }
        }
    }

    /// Keeps count of what a voice plays, whether this port plays it or not.
    fn count(&mut self, played: Voice, message: MidiMessage) {
        match message {
            MidiMessage::NoteOn { vel, .. } if vel > 0 => {
                self.strokes[played as usize] = self.strokes[played as usize].wrapping_add(1);
                if played == Voice::FirstString {
                    // Wherever in a round the port was connected.
                    let strings = &mut self.strokes[Voice::Tanpura as usize];
                    *strings = (*strings).checked_next_multiple_of(STRINGS).unwrap_or(0).wrapping_add(1);
                }
            }
            MidiMessage::Controller { controller, value } if controller == 100 => {
                self.parameters[played as usize] = value;
            }
            _ => {}
        }
    }
}

/// Whether a message sets the semitones of the bend range.
fn is_range(message: MidiMessage, parameter: u7) -> bool {
    matches!(message, MidiMessage::Controller { controller, .. } if controller == 6 && parameter == BEND_RANGE)
}

/// The MPE configuration message (RPN 6) of a zone with so many members.
fn zone(_manager: u4, members: usize) -> impl Iterator<Item = MidiMessage> {
    [(101, 0), (100, 6), (6, members as u8), (101, 127), (100, 127)]
        .into_iter()
        .map(|(controller, value)| MidiMessage::Controller { controller: u7::new(controller), value: u7::new(value) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performer::sounding::Sounding;
    use crate::performer::{Engine, Library, Performance, Settings};
    use rasika_models::{Mood, Rasa};

    fn music() -> Vec<Event> {
        let library = Library::built_in().unwrap();
        let map = library.map("default").unwrap();
        let engine = Engine::new(Arc::new(library), Arc::new(map), Settings::default());
        let mut music = Performance::new(engine);
        music.mood(0, Mood { rasa: Some(Rasa::Veera), confidence: 1.0, intensity: 0.9 });
        music.end(60_000_000)
    }

    fn mapped(map: SoundMap, music: &[Event]) -> Vec<Event> {
        let (mut mapping, mut out) = (Mapping::new(Arc::new(map)), Vec::new());
        music.iter().for_each(|event| mapping.apply(event, |event| out.push(event)));
        out
    }

    fn midi(event: &Event) -> (u8, MidiMessage) {
        match event.kind {
            EventKind::Midi { channel, message } => (channel.as_int(), message),
            EventKind::Cue(cue) => panic!("{cue:?} is not for a port"),
        }
    }

    #[test]
    fn general_midi_is_what_the_engine_plays_and_every_preset_can_be_read() {
        let music = music();
        let plain: Vec<Event> = music.iter().filter(|e| !matches!(e.kind, EventKind::Cue(_))).copied().collect();
        assert!(plain.len() > 1000);
        assert_eq!(mapped(SoundMap::named("gm").unwrap(), &music), plain);
        assert_eq!(SoundMap::named("gm").unwrap(), SoundMap::default());
        for (name, _) in PRESETS {
            SoundMap::named(name).unwrap();
        }
        SoundMap::parse("sounds/copy.toml", include_str!("../../sounds/copy.toml")).unwrap();
    }

    #[test]
    fn presets_reset_the_synths_they_are_made_for() {
        let reset = |name| SoundMap::named(name).unwrap().reset();
        assert_eq!(
            [reset("gm"), reset("gs"), reset("xg"), reset("one")],
            [Some(Reset::Gm), Some(Reset::Gs), Some(Reset::Xg), None]
        );
        for (_, reset) in Reset::NAMES {
            let [0xF0, data @ .., 0xF7] = reset.bytes() else { panic!("{reset:?} is no SysEx") };
            assert!(data.iter().all(|byte| *byte < 0x80));
        }
        // Roland's checksum: address and data add up to nothing with it.
        let sum: u32 = Reset::Gs.bytes()[5..10].iter().map(|byte| u32::from(*byte)).sum();
        assert_eq!(sum % 128, 0);
    }

    #[test]
    fn banks_stand_before_programs_and_drones_have_their_tamboura() {
        let out = mapped(SoundMap::named("xg").unwrap(), &music());
        let at = out.iter().position(|e| matches!(midi(e), (1, MidiMessage::ProgramChange { .. }))).unwrap();
        let cc =
            |controller, value| (1, MidiMessage::Controller { controller: u7::new(controller), value: u7::new(value) });
        assert_eq!([midi(&out[at - 2]), midi(&out[at - 1])], [cc(0, 0), cc(32, 97)]);
        assert_eq!(midi(&out[at]).1, MidiMessage::ProgramChange { program: u7::new(104) });
    }

    #[test]
    fn one_channel_has_melody_and_a_sparse_drone_and_ends_every_note_once() {
        let music = music();
        let out = mapped(SoundMap::named("one").unwrap(), &music);
        let mut sounding = Sounding::default();
        let (mut on, mut low_sa) = (0, 0);
        for event in &out {
            let (channel, message) = midi(event);
            assert_eq!(channel, 0);
            assert!(!matches!(message, MidiMessage::PitchBend { .. } | MidiMessage::ProgramChange { .. }));
            if let MidiMessage::NoteOn { key, .. } = message {
                assert!(sounding.notes().all(|(_, held)| held != key.as_int()), "a held key is struck again");
                on += 1;
                low_sa += usize::from(key == 49);
            }
            sounding.hear(event);
        }
        let melody = music
            .iter()
            .filter(
                |e| matches!(e.kind, EventKind::Midi { channel, message: MidiMessage::NoteOn { .. } } if Voice::of_channel(channel).is_some_and(Voice::is_melody)),
            )
            .count();
        assert!(low_sa > 8 && on > melody && on < melody + 20, "{on} notes, {melody} of the melody, {low_sa} low Sa");
        assert!(sounding.is_silent());
    }

    #[test]
    fn a_port_that_comes_in_the_middle_of_a_round_plays_the_low_sa_alone() {
        let music = music();
        let alone = "[first_string]\nchannel = 3\n[tanpura]\nchannel = 2\nevery = 4\n";
        let maps = [SoundMap::named("one").unwrap(), SoundMap::parse("my.toml", alone).unwrap()].map(Arc::new);
        let strings = |event: &Event| {
            let EventKind::Midi { channel, message: MidiMessage::NoteOn { .. } } = event.kind else { return false };
            matches!(Voice::of_channel(channel), Some(Voice::Tanpura | Voice::FirstString))
        };
        for (map, missed) in maps.iter().flat_map(|map| (0..4).map(move |missed| (map, missed))) {
            let mut mapping = Mapping::new(Arc::clone(map));
            let mut low_sa = 0;
            for event in music.iter().filter(|event| strings(event)).skip(missed) {
                mapping.apply(event, |event| {
                    if let (0 | 1, MidiMessage::NoteOn { key, .. }) = midi(&event) {
                        assert_eq!(key.as_int(), 49, "{missed} strings were missed");
                        low_sa += 1;
                    }
                });
            }
            assert!(low_sa > 8);
        }
    }

    #[test]
    fn a_synth_that_does_not_bend_is_tuned_all_the_same() {
        let (library, map) = (Library::built_in().unwrap(), Library::built_in().unwrap().map("default").unwrap());
        let settings = Settings { sa: "240Hz".parse().unwrap(), ..Settings::default() };
        let mut setup = Vec::new();
        Engine::new(Arc::new(library), Arc::new(map), settings).setup(&mut setup);
        let sent: Vec<(u8, u8)> = mapped(SoundMap::named("one").unwrap(), &setup)
            .iter()
            .filter_map(|event| match midi(event).1 {
                MidiMessage::Controller { controller, value } => Some((controller.as_int(), value.as_int())),
                _ => None,
            })
            .filter(|(controller, _)| [6, 38, 100, 101].contains(controller))
            .collect();
        // Fine tuning 49 cents down: 8192 − 0.49 × 8192. The bend range is selected and not set.
        let (_, data) = sent.iter().copied().partition::<Vec<_>, _>(|(controller, _)| *controller >= 100);
        let [(6, coarse), (38, fine)] = data[..] else { panic!("{sent:?}") };
        let cents = (f64::from(coarse) * 128.0 + f64::from(fine) - 8192.0) / 81.92;
        assert!((cents + 49.0).abs() < 1.0, "{cents}");
    }

    #[test]
    fn two_bols_on_one_drum_are_one_stroke() {
        let map = SoundMap::parse("my.toml", "[theka]\nchannel = 10\n[theka.keys]\n60 = 38\n64 = 38\n").unwrap();
        let strike = |time_us, key| Event::note_on(time_us, Voice::Theka, key, 90);
        let end = |time_us, key| Event::note_off(time_us, Voice::Theka, key);
        let out = mapped(
            map,
            &[strike(0, 60), strike(0, 64), end(9, 60), end(9, 64), strike(20, 60), strike(30, 64), end(39, 60)],
        );
        let is_on: Vec<bool> = out.iter().map(|event| matches!(midi(event).1, MidiMessage::NoteOn { .. })).collect();
        assert_eq!(is_on, [true, false, true, false, true, false]);
    }

    #[test]
    fn keys_levels_and_transposition_are_the_files() {
        let text = "[theka]\nchannel = 3\ntranspose = 12\nvolume = 90\n[theka.keys]\n60 = 35\n";
        let map = SoundMap::parse("my.toml", text).unwrap();
        assert_eq!(map.channels(), [2]);
        let events = [
            Event::control(0, Voice::Theka, 7, 1),
            Event::note_on(0, Voice::Theka, 60, 9),
            Event::note_on(0, Voice::Melody, 60, 9),
        ];
        let out = mapped(map, &events);
        assert_eq!(out.len(), 2);
        let seven = u7::new;
        assert_eq!(midi(&out[0]), (2, MidiMessage::Controller { controller: seven(7), value: seven(90) }));
        assert_eq!(midi(&out[1]), (2, MidiMessage::NoteOn { key: seven(47), vel: seven(9) }));
    }

    #[test]
    fn what_is_wrong_is_named_with_file_and_line() {
        for (text, line, words) in [
            ("[melody]\nchannel = 17\n", 2, "channel cannot be 17"),
            ("[melody]\nchannel = 1\nvolum = 3\n", 3, "volum"),
            ("[theka]\nchannel = 10\n[theka.keys]\n200 = 3\n", 4, "'200' is no key"),
            ("reset = \"mt32\"\n[melody]\nchannel = 1\n", 1, "'mt32' is no reset"),
            ("# nothing\n", 1, "no voice"),
        ] {
            let said = SoundMap::parse("my.toml", text).unwrap_err().to_string();
            assert!(said.contains(&format!("my.toml:{line}")) && said.contains(words), "{said}");
        }
        assert!(SoundMap::named("no-such").unwrap_err().to_string().contains("gm, gs, xg, one"));
    }
}
