//! A raga: read from its file, checked, ready to be played.

use super::data_error::{DataError, Source};
use super::grammar::Grammar;
use super::shruti::{Shruti, shrutis_of};
use super::swara::{Note, Swara};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// Longest pakad phrase, in notes.
pub const LONGEST_PHRASE: usize = 16;

/// A slow swing of a note's pitch that belongs to the note itself.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Andolan {
    /// How far the pitch swings to each side, in cents.
    pub depth_cents: f32,
    /// Swings a second.
    pub rate_hz: f32,
}

/// First string of the tanpura; the others are Sa, Sa and low Sa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tuning {
    /// Pa, as most ragas want.
    Pa,
    /// Shuddha Ma, for ragas without Pa.
    Ma,
    /// Ni, for ragas without either.
    Ni,
}

impl Tuning {
    /// The first string, below the middle Sa.
    #[must_use]
    pub fn first_string(self) -> Note {
        let step = match self {
            Self::Pa => -5,
            Self::Ma => -7,
            Self::Ni => -1,
        };
        Note::from_step(step).unwrap_or(Note::SA)
    }
}

/// A raga.
#[derive(Debug, Clone)]
pub struct Raga {
    /// Its name.
    pub name: String,
    /// Parent scale.
    pub thaat: String,
    /// Where its rules come from.
    pub source: String,
    /// From and to, hours of the day 0–24; `None` for any.
    pub hours: Option<(u8, u8)>,
    /// The ascending line, as written.
    pub aroha: Vec<Note>,
    /// The descending line, as written.
    pub avaroha: Vec<Note>,
    /// The speaking note.
    pub vadi: Swara,
    /// The note that answers it.
    pub samvadi: Swara,
    /// Notes to rest on.
    pub nyasa: Vec<Swara>,
    /// Notes only touched in passing.
    pub touch: Vec<Swara>,
    /// Notes kept out of sight: no phrase rests on them but a last one.
    pub sparing: Vec<Swara>,
    /// Tuning of the drone.
    pub tanpura: Tuning,
    /// Lowest and highest note of its usual register.
    pub register: (Note, Note),
    /// Its phrases (pakad and others), the first the most telling.
    pub phrases: Vec<Vec<Note>>,
    /// Its moves.
    pub grammar: Grammar,
    shrutis: [Option<Shruti>; 12],
    andolans: [Option<Andolan>; 12],
}

impl Raga {
    /// Whether a swara belongs to the raga.
    #[must_use]
    pub fn has(&self, swara: Swara) -> bool {
        self.shrutis[swara as usize].is_some()
    }

    /// Cents by which a swara of the raga stands off its tempered semitone.
    #[must_use]
    pub fn cents_off(&self, swara: Swara) -> f32 {
        self.shrutis[swara as usize].map_or(0.0, |shruti| shruti.cents() - 100.0 * f32::from(swara.semitone()))
    }

    /// The swing of a swara, if it has one.
    #[must_use]
    pub fn andolan(&self, swara: Swara) -> Option<Andolan> {
        self.andolans[swara as usize]
    }

    /// Reads and checks a raga's file.
    ///
    /// # Errors
    /// Names the line of the first thing that is wrong.
    pub fn parse(file: &str, text: &str) -> Result<Self, DataError> {
        let source = Source { file, text };
        let raw: RagaFile = source.parse()?;
        Reader { source, members: members(&source, &raw)? }.read(&raw)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RagaFile {
    name: Spanned<String>,
    #[serde(default)]
    thaat: String,
    source: String,
    hours: Spanned<String>,
    aroha: Spanned<String>,
    avaroha: Spanned<String>,
    vadi: Spanned<String>,
    samvadi: Spanned<String>,
    nyasa: Spanned<String>,
    touch: Option<Spanned<String>>,
    sparing: Option<Spanned<String>>,
    tanpura: Spanned<String>,
    register: [Spanned<String>; 2],
    shruti: Spanned<BTreeMap<Spanned<String>, Spanned<String>>>,
    #[serde(default)]
    andolan: BTreeMap<Spanned<String>, Spanned<Andolan>>,
    #[serde(default, rename = "move")]
    moves: Vec<MoveFile>,
    phrase: Spanned<Vec<PhraseFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveFile {
    notes: Spanned<String>,
    #[serde(rename = "why")]
    _why: String,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PhraseFile {
    notes: Spanned<String>,
    #[serde(rename = "source")]
    _source: String,
}

/// Notes of a line of the file; the error stands at the word that is wrong.
fn notes(source: &Source<'_>, field: &Spanned<String>) -> Result<Vec<Note>, DataError> {
    let notes = field
        .get_ref()
        .split_whitespace()
        .map(|word| word.parse::<Note>().map_err(|error| source.error(&field.span(), error.to_string())))
        .collect::<Result<Vec<_>, _>>()?;
    if notes.is_empty() {
        return Err(source.error(&field.span(), "no notes here; write them with spaces between, as in \"S r G m\""));
    }
    Ok(notes)
}

/// The swaras that sound in the raga: those of its two lines.
fn members(source: &Source<'_>, raw: &RagaFile) -> Result<Vec<Swara>, DataError> {
    let mut members: Vec<Swara> = Vec::new();
    for line in [&raw.aroha, &raw.avaroha] {
        members.extend(notes(source, line)?.iter().map(|note| note.swara()));
    }
    members.sort_unstable();
    members.dedup();
    Ok(members)
}

struct Reader<'a> {
    source: Source<'a>,
    members: Vec<Swara>,
}

impl Reader<'_> {
    fn read(&self, raw: &RagaFile) -> Result<Raga, DataError> {
        let (aroha, avaroha) = (notes(&self.source, &raw.aroha)?, notes(&self.source, &raw.avaroha)?);
        self.check_line(&raw.aroha, &aroha, "aroha", 1)?;
        self.check_line(&raw.avaroha, &avaroha, "avaroha", -1)?;
        let touch = raw.touch.as_ref().map_or(Ok(Vec::new()), |field| self.swaras(field, "touch"))?;
        let sparing = raw.sparing.as_ref().map_or(Ok(Vec::new()), |field| self.swaras(field, "sparing"))?;
        let singles = raw.moves.iter().map(|m| self.single(&m.notes)).collect::<Result<Vec<_>, _>>()?;
        let grammar = Grammar::new(&[&aroha, &avaroha], &singles, &touch);
        let (vadi, samvadi) = (self.swara(&raw.vadi, "vadi")?, self.swara(&raw.samvadi, "samvadi")?);
        if vadi == samvadi {
            return Err(
                self.error(&raw.samvadi, "samvadi is the same note as vadi; it answers it from a fourth or fifth away")
            );
        }
        let nyasa = self.swaras(&raw.nyasa, "nyasa")?;
        if let Some(note) = nyasa.iter().find(|note| touch.contains(note)) {
            return Err(self.error(
                &raw.nyasa,
                format!("nyasa rests on {note}, which touch only passes; keep it in one of the two"),
            ));
        }
        let phrases = self.phrases(&raw.phrase, &grammar)?;
        let raga = Raga {
            name: raw.name.get_ref().trim().to_owned(),
            thaat: raw.thaat.clone(),
            source: raw.source.clone(),
            hours: self.hours(&raw.hours)?,
            vadi,
            samvadi,
            nyasa,
            touch,
            sparing,
            tanpura: self.tanpura(&raw.tanpura)?,
            register: self.register(&raw.register)?,
            phrases,
            grammar,
            shrutis: self.shrutis(&raw.shruti)?,
            andolans: self.andolans(&raw.andolan)?,
            aroha,
            avaroha,
        };
        if raga.name.is_empty() {
            return Err(self.error(&raw.name, "the raga has no name; write one"));
        }
        self.check_ways(&raga, &raw.avaroha)?;
        Ok(raga)
    }

    fn error(&self, field: &Spanned<String>, what: impl Into<String>) -> DataError {
        self.source.error(&field.span(), what)
    }

    fn check_line(&self, field: &Spanned<String>, line: &[Note], name: &str, direction: i32) -> Result<(), DataError> {
        let [first, .., last] = line else {
            return Err(self.error(field, format!("{name} has one note; write the whole line")));
        };
        if let Some(pair) = line.windows(2).find(|pair| pair[0].step().abs_diff(pair[1].step()) > 9) {
            return Err(self.error(
                field,
                format!("{name} jumps from {} to {}, more than a sixth; is an octave mark missing?", pair[0], pair[1]),
            ));
        }
        let span = (i32::from(last.step()) - i32::from(first.step())) * direction;
        if span < 9 {
            let way = if direction > 0 { "up" } else { "down" };
            return Err(
                self.error(field, format!("{name} goes from {first} to {last}; it must go {way} an octave or nearly"))
            );
        }
        Ok(())
    }

    fn swara(&self, field: &Spanned<String>, name: &str) -> Result<Swara, DataError> {
        match self.swaras(field, name)?.as_slice() {
            [swara] => Ok(*swara),
            _ => Err(self.error(field, format!("{name} is one note; write one swara"))),
        }
    }

    fn swaras(&self, field: &Spanned<String>, name: &str) -> Result<Vec<Swara>, DataError> {
        let swaras: Vec<Swara> = notes(&self.source, field)?.iter().map(|note| note.swara()).collect();
        match swaras.iter().find(|swara| !self.members.contains(swara)) {
            Some(swara) => Err(self.not_a_member(field, name, *swara)),
            None => Ok(swaras),
        }
    }

    fn not_a_member(&self, field: &Spanned<String>, name: &str, swara: Swara) -> DataError {
        let have: Vec<String> = self.members.iter().map(ToString::to_string).collect();
        self.error(
            field,
            format!("{name} has {swara}, which is in neither aroha nor avaroha; the raga has {}", have.join(" ")),
        )
    }

    fn single(&self, field: &Spanned<String>) -> Result<(Note, Note), DataError> {
        let pair = notes(&self.source, field)?;
        let [from, to] = pair.as_slice() else {
            return Err(self.error(field, "a move is two notes, as in \"M G\""));
        };
        for note in [from, to] {
            if !self.members.contains(&note.swara()) {
                return Err(self.not_a_member(field, "the move", note.swara()));
            }
        }
        Ok((*from, *to))
    }

    fn phrases(&self, field: &Spanned<Vec<PhraseFile>>, grammar: &Grammar) -> Result<Vec<Vec<Note>>, DataError> {
        let mut phrases = Vec::new();
        for phrase in field.get_ref() {
            let line = notes(&self.source, &phrase.notes)?;
            if !(2..=LONGEST_PHRASE).contains(&line.len()) {
                let what =
                    format!("a phrase has 2 to {LONGEST_PHRASE} notes, this one {}; split or lengthen it", line.len());
                return Err(self.error(&phrase.notes, what));
            }
            if let Some(note) = line.iter().find(|note| !self.members.contains(&note.swara())) {
                return Err(self.not_a_member(&phrase.notes, "the phrase", note.swara()));
            }
            if let Some(pair) = line.windows(2).find(|pair| !grammar.allows(pair[0], pair[1])) {
                let (from, to) = (pair[0], pair[1]);
                return Err(self.error(
                    &phrase.notes,
                    format!("the phrase goes from {from} to {to}, which neither aroha nor avaroha does; correct it, or allow it with [[move]] notes = \"{from} {to}\""),
                ));
            }
            phrases.push(line);
        }
        if phrases.is_empty() {
            return Err(self.source.error(&field.span(), "no phrases; write at least the pakad as [[phrase]]"));
        }
        Ok(phrases)
    }

    fn hours(&self, field: &Spanned<String>) -> Result<Option<(u8, u8)>, DataError> {
        let text = field.get_ref().trim();
        if text == "any" {
            return Ok(None);
        }
        let hours =
            text.split_once('-').and_then(|(from, to)| Some((from.parse::<u8>().ok()?, to.parse::<u8>().ok()?)));
        match hours {
            Some((from, to)) if from <= 24 && to <= 24 => Ok(Some((from, to))),
            _ => Err(self.error(field, format!("'{text}' is no time of day; write \"any\" or hours as in \"19-22\""))),
        }
    }

    fn tanpura(&self, field: &Spanned<String>) -> Result<Tuning, DataError> {
        match field.get_ref().trim() {
            "P" => Ok(Tuning::Pa),
            "m" => Ok(Tuning::Ma),
            "N" => Ok(Tuning::Ni),
            other => Err(self.error(field, format!("the tanpura's first string cannot be '{other}'; use P, m or N"))),
        }
    }

    fn register(&self, fields: &[Spanned<String>; 2]) -> Result<(Note, Note), DataError> {
        let (low, high) = (notes(&self.source, &fields[0])?[0], notes(&self.source, &fields[1])?[0]);
        if i32::from(high.step()) - i32::from(low.step()) < 12 {
            return Err(
                self.error(&fields[0], format!("the register from {low} to {high} is less than an octave; widen it"))
            );
        }
        Ok((low, high))
    }

    fn shrutis(
        &self,
        field: &Spanned<BTreeMap<Spanned<String>, Spanned<String>>>,
    ) -> Result<[Option<Shruti>; 12], DataError> {
        let mut shrutis = [None; 12];
        for (key, ratio) in field.get_ref() {
            let swara = self.swara(key, "shruti")?;
            let choices = shrutis_of(swara);
            let chosen = choices.iter().find(|shruti| shruti.to_string() == ratio.get_ref().trim());
            let Some(shruti) = chosen else {
                let names: Vec<String> = choices.iter().map(ToString::to_string).collect();
                let what = format!("{swara} has no shruti '{}'; use {}", ratio.get_ref(), names.join(" or "));
                return Err(self.error(ratio, what));
            };
            shrutis[swara as usize] = Some(*shruti);
        }
        match self.members.iter().find(|swara| shrutis[**swara as usize].is_none()) {
            Some(swara) => {
                let what = format!("[shruti] leaves out {swara}; add {swara} = \"{}\"", shrutis_of(*swara)[0]);
                Err(self.source.error(&field.span(), what))
            }
            None => Ok(shrutis),
        }
    }

    fn andolans(
        &self,
        fields: &BTreeMap<Spanned<String>, Spanned<Andolan>>,
    ) -> Result<[Option<Andolan>; 12], DataError> {
        let mut andolans = [None; 12];
        for (key, andolan) in fields {
            let swara = self.swara(key, "andolan")?;
            let Andolan { depth_cents, rate_hz } = *andolan.get_ref();
            if !(0.0..=100.0).contains(&depth_cents) || !(0.2..=8.0).contains(&rate_hz) {
                let what = "an andolan is 0 to 100 cents deep and 0.2 to 8 Hz fast";
                return Err(self.source.error(&andolan.span(), what));
            }
            andolans[swara as usize] = Some(*andolan.get_ref());
        }
        Ok(andolans)
    }

    /// Every note of the middle octave must lead to every other, or the melody would be caught somewhere.
    fn check_ways(&self, raga: &Raga, field: &Spanned<String>) -> Result<(), DataError> {
        let middle = || self.members.iter().filter_map(|swara| Note::from_step(i32::from(swara.semitone())));
        for from in middle() {
            for to in middle() {
                if raga.grammar.way(from, to).is_none() {
                    let what =
                        format!("there is no way from {from} to {to} by aroha and avaroha; let one of them pass there");
                    return Err(self.error(field, what));
                }
            }
        }
        Ok(())
    }
}
