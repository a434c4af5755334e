//! How each rasa is played: its ragas, tala, laya, register, density, dynamics and sounds.

use super::data_error::{DataError, Source};
use super::library::Library;
use super::manner::{Manner, MannerFile};
use super::swara::Note;
use super::tala::{BOL_COUNT, BOLS, Bol};
use crate::nearest::nearest;
use rasika_models::Rasa;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// Most drum keys one bol strikes at once.
pub const KEYS_A_BOL: usize = 3;

/// A value at intensity 0 and at intensity 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// At intensity 0.
    pub calm: f32,
    /// At intensity 1.
    pub full: f32,
}

impl Range {
    /// The value at an intensity; beyond 0–1 it stays at the ends.
    #[must_use]
    pub fn at(self, intensity: f32) -> f32 {
        self.calm + (self.full - self.calm) * intensity.clamp(0.0, 1.0)
    }

    /// The smaller and the larger end.
    #[must_use]
    pub fn bounds(self) -> (f32, f32) {
        (self.calm.min(self.full), self.calm.max(self.full))
    }
}

/// How one rasa is played.
#[derive(Debug, Clone)]
pub struct Style {
    /// Its ragas, as indices into [`Library::ragas`], the first the one that is played.
    pub ragas: Vec<usize>,
    /// Its tala, as index into [`Library::talas`].
    pub tala: usize,
    /// Laya in matras a minute.
    pub laya_bpm: Range,
    /// Lowest and highest note of the melody.
    pub register: (Note, Note),
    /// Melody notes a second.
    pub density: Range,
    /// How much of its time a note sounds, 0.2–1.
    pub articulation: f32,
    /// Control change 11.
    pub expression: Range,
    /// Note velocities.
    pub velocity: Range,
    /// Seconds of alap before the tala enters.
    pub alap_s: Range,
    /// General MIDI program of the melody, from 0.
    pub program: u8,
    /// General MIDI program of the drone, from 0.
    pub drone_program: u8,
    /// Weight of the theka, 0–1.
    pub theka_level: f32,
    /// How the melody moves and is adorned, whatever the intensity.
    pub manner: Manner,
}

impl Style {
    /// Seconds of alap before the tala at an intensity: the stronger the feeling, the sooner, each step by the same ratio.
    #[must_use]
    pub fn alap_s_at(&self, intensity: f32) -> f32 {
        let (calm, full) = (self.alap_s.calm.max(0.5), self.alap_s.full.max(0.5));
        calm * (full / calm).powf(intensity.clamp(0.0, 1.0))
    }
}

/// A map from rasa to music.
#[derive(Debug, Clone)]
pub struct RasaMap {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub source: String,
    styles: Vec<Style>,
    bols: [[Option<u8>; KEYS_A_BOL]; BOL_COUNT],
}

impl RasaMap {
    /// How a rasa is played.
    #[must_use]
    pub fn style(&self, rasa: Rasa) -> &Style {
        // Nine styles, one for each rasa in class order: `parse` returns no map with fewer.
        &self.styles[rasa.index()]
    }

    /// The rasa that a raga is played for: the first whose own raga it is, or that names it at all, or love.
    #[must_use]
    pub fn rasa_of(&self, raga: usize) -> Rasa {
        let first = || Rasa::ALL.into_iter().find(|rasa| self.style(*rasa).ragas.first() == Some(&raga));
        let any = || Rasa::ALL.into_iter().find(|rasa| self.style(*rasa).ragas.contains(&raga));
        first().or_else(any).unwrap_or(Rasa::Shringara)
    }

    /// The same map with one raga for every rasa, in the raga's own register.
    #[must_use]
    pub fn with_raga(mut self, raga: usize, library: &Library) -> Self {
        for style in &mut self.styles {
            style.ragas = vec![raga];
            style.register = library.ragas[raga].register;
        }
        self
    }

    /// The drum keys of a bol.
    pub fn keys(&self, bol: Bol) -> impl Iterator<Item = u8> + '_ {
        self.bols[bol.index()].iter().flatten().copied()
    }

    /// Reads and checks a map's file against the ragas and talas there are.
    ///
    /// # Errors
    /// Names the line of the first thing that is wrong.
    pub fn parse(file: &str, text: &str, library: &Library) -> Result<Self, DataError> {
        let source = Source { file, text };
        let raw: MapFile = source.parse()?;
        let nine = [
            &raw.shringara,
            &raw.hasya,
            &raw.karuna,
            &raw.raudra,
            &raw.veera,
            &raw.bhayanaka,
            &raw.bibhatsa,
            &raw.adbhuta,
            &raw.shanta,
        ];
        let styles = nine.iter().map(|style| read_style(&source, style, library)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { name: source.name(&raw.name)?, source: raw.source, styles, bols: read_bols(&source, &raw.bols)? })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MapFile {
    name: Spanned<String>,
    source: String,
    bols: Spanned<BTreeMap<Spanned<String>, Spanned<Vec<u8>>>>,
    shringara: StyleFile,
    hasya: StyleFile,
    karuna: StyleFile,
    raudra: StyleFile,
    veera: StyleFile,
    bhayanaka: StyleFile,
    bibhatsa: StyleFile,
    adbhuta: StyleFile,
    shanta: StyleFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StyleFile {
    ragas: Spanned<Vec<Spanned<String>>>,
    tala: Spanned<String>,
    laya_bpm: Spanned<[f32; 2]>,
    register: Spanned<[String; 2]>,
    density: Spanned<[f32; 2]>,
    articulation: Spanned<f32>,
    expression: Spanned<[f32; 2]>,
    velocity: Spanned<[f32; 2]>,
    alap_s: Spanned<[f32; 2]>,
    program: Spanned<u8>,
    drone_program: Spanned<u8>,
    theka_level: Spanned<f32>,
    manner: Option<Spanned<MannerFile>>,
}

fn read_style(source: &Source<'_>, raw: &StyleFile, library: &Library) -> Result<Style, DataError> {
    let range = |field: &Spanned<[f32; 2]>, name: &str, low: f32, high: f32| {
        let [calm, full] = *field.get_ref();
        if [calm, full].iter().all(|value| (low..=high).contains(value)) {
            Ok(Range { calm, full })
        } else {
            let what = format!("{name} is [{calm}, {full}]; both ends must lie between {low} and {high}");
            Err(source.error(&field.span(), what))
        }
    };
    let part = |field: &Spanned<f32>, name: &str, low: f32| {
        let value = *field.get_ref();
        let what = || format!("{name} is {value}; it must lie between {low} and 1");
        if (low..=1.0).contains(&value) { Ok(value) } else { Err(source.error(&field.span(), what())) }
    };
    let program = |field: &Spanned<u8>| match *field.get_ref() {
        program @ 0..=127 => Ok(program),
        other => {
            Err(source.error(&field.span(), format!("program {other} is out of range; General MIDI has 0 to 127")))
        }
    };
    let ragas = raw.ragas.get_ref().iter().map(|name| {
        let unknown = || {
            let known: Vec<&str> = library.ragas.iter().map(|raga| raga.name.as_str()).collect();
            let meant =
                nearest(name.get_ref(), &known).map(|name| format!("did you mean {name}? ")).unwrap_or_default();
            format!("there is no raga '{}'; {meant}there are {}", name.get_ref(), known.join(", "))
        };
        library.raga(name.get_ref()).ok_or_else(|| source.error(&name.span(), unknown()))
    });
    let ragas = ragas.collect::<Result<Vec<_>, _>>()?;
    if ragas.is_empty() {
        return Err(source.error(&raw.ragas.span(), "no raga for this rasa; name at least one"));
    }
    let unknown_tala = || {
        let known: Vec<&str> = library.talas.iter().map(|tala| tala.name.as_str()).collect();
        format!("there is no tala '{}'; there are {}", raw.tala.get_ref(), known.join(", "))
    };
    Ok(Style {
        ragas,
        tala: library.tala(raw.tala.get_ref()).ok_or_else(|| source.error(&raw.tala.span(), unknown_tala()))?,
        laya_bpm: range(&raw.laya_bpm, "laya_bpm", 30.0, 400.0)?,
        register: read_register(source, &raw.register)?,
        density: range(&raw.density, "density", 0.3, 12.0)?,
        articulation: part(&raw.articulation, "articulation", 0.2)?,
        expression: range(&raw.expression, "expression", 1.0, 127.0)?,
        velocity: range(&raw.velocity, "velocity", 1.0, 127.0)?,
        alap_s: range(&raw.alap_s, "alap_s", 0.0, 600.0)?,
        program: program(&raw.program)?,
        drone_program: program(&raw.drone_program)?,
        theka_level: part(&raw.theka_level, "theka_level", 0.0)?,
        manner: raw.manner.as_ref().map_or(Ok(Manner::default()), |raw| Manner::read(source, raw))?,
    })
}

fn read_register(source: &Source<'_>, field: &Spanned<[String; 2]>) -> Result<(Note, Note), DataError> {
    let note = |word: &str| word.trim().parse::<Note>().map_err(|error| source.error(&field.span(), error.to_string()));
    let [low, high] = field.get_ref();
    let (low, high) = (note(low)?, note(high)?);
    if i32::from(high.step()) - i32::from(low.step()) < 12 {
        let what = format!("the register from {low} to {high} is less than an octave; widen it");
        return Err(source.error(&field.span(), what));
    }
    Ok((low, high))
}

fn read_bols(
    source: &Source<'_>,
    field: &Spanned<BTreeMap<Spanned<String>, Spanned<Vec<u8>>>>,
) -> Result<[[Option<u8>; KEYS_A_BOL]; BOL_COUNT], DataError> {
    let mut bols = [[None; KEYS_A_BOL]; BOL_COUNT];
    for (name, keys) in field.get_ref() {
        let unknown = || format!("'{}' is not a bol; use {}", name.get_ref(), Bol::names());
        let bol = Bol::named(name.get_ref()).ok_or_else(|| source.error(&name.span(), unknown()))?;
        if keys.get_ref().is_empty() || keys.get_ref().len() > KEYS_A_BOL || keys.get_ref().iter().any(|key| *key > 127)
        {
            let what =
                format!("{} strikes {:?}; name 1 to {KEYS_A_BOL} keys from 0 to 127", bol.name(), keys.get_ref());
            return Err(source.error(&keys.span(), what));
        }
        for (slot, key) in bols[bol.index()].iter_mut().zip(keys.get_ref()) {
            *slot = Some(*key);
        }
    }
    for bol in Bol::all().filter(|bol| *bol != bol.common()) {
        if bols[bol.index()][0].is_none() {
            bols[bol.index()] = bols[bol.common().index()];
        }
    }
    match BOLS.iter().zip(&bols).find(|(_, keys)| keys[0].is_none()) {
        Some((bol, _)) => Err(source.error(&field.span(), format!("[bols] leaves out {bol}; add {bol} = [60]"))),
        None => Ok(bols),
    }
}
