//! A raga's file: read, and checked to the line.

use super::{LONGEST_PHRASE, Raga, Swing, Tuning};
use crate::performer::data_error::{DataError, Source};
use crate::performer::grammar::Grammar;
use crate::performer::shruti::{Shruti, shrutis_of};
use crate::performer::swara::{Note, Swara};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// Widest kan, in semitones: as far as the bend range reaches.
const WIDEST_KAN: i32 = 2;

/// Reads and checks a raga's file.
pub(super) fn read(file: &str, text: &str) -> Result<Raga, DataError> {
    let source = Source { file, text };
    let raw: RagaFile = source.parse()?;
    Reader { source, members: members(&source, &raw)? }.read(&raw)
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
    laya_bpm: Spanned<[f32; 2]>,
    shruti: Spanned<BTreeMap<Spanned<String>, Spanned<String>>>,
    #[serde(default)]
    andolan: BTreeMap<Spanned<String>, Spanned<Swing>>,
    #[serde(default)]
    gamak: BTreeMap<Spanned<String>, Spanned<Swing>>,
    #[serde(default)]
    kan: BTreeMap<Spanned<String>, Spanned<String>>,
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
            laya_bpm: self.laya(&raw.laya_bpm)?,
            andolans: self.swings(&raw.andolan, "andolan", 0.2)?,
            gamaks: self.swings(&raw.gamak, "gamak", 3.0)?,
            kans: self.kans(&raw.kan)?,
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

    fn laya(&self, field: &Spanned<[f32; 2]>) -> Result<(f32, f32), DataError> {
        let [slow, fast] = *field.get_ref();
        if (20.0..=500.0).contains(&slow) && (20.0..=500.0).contains(&fast) && slow < fast {
            return Ok((slow, fast));
        }
        let what = format!("laya_bpm is [{slow}, {fast}]; give the slowest and the fastest, between 20 and 500");
        Err(self.source.error(&field.span(), what))
    }

    fn swings(
        &self,
        fields: &BTreeMap<Spanned<String>, Spanned<Swing>>,
        name: &str,
        slowest_hz: f32,
    ) -> Result<[Option<Swing>; 12], DataError> {
        let mut swings = [None; 12];
        for (key, swing) in fields {
            let swara = self.swara(key, name)?;
            let Swing { depth_cents, rate_hz } = *swing.get_ref();
            if !(0.0..=100.0).contains(&depth_cents) || !(slowest_hz..=8.0).contains(&rate_hz) {
                let what = format!("a note's {name} is 0 to 100 cents deep and {slowest_hz} to 8 Hz fast");
                return Err(self.source.error(&swing.span(), what));
            }
            swings[swara as usize] = Some(*swing.get_ref());
        }
        Ok(swings)
    }

    fn kans(&self, fields: &BTreeMap<Spanned<String>, Spanned<String>>) -> Result<[Option<i8>; 12], DataError> {
        let mut kans = [None; 12];
        for (key, grace) in fields {
            let (swara, from) = (self.swara(key, "kan")?, self.swara(grace, "kan")?);
            // The nearer of the grace note's octaves.
            let up = (i32::from(from.semitone()) - i32::from(swara.semitone())).rem_euclid(12);
            let step = if up > 6 { up - 12 } else { up };
            if step == 0 || step.abs() > WIDEST_KAN {
                let what = format!("{swara} cannot be touched from {from}: a kan is a semitone or a tone away");
                return Err(self.error(grace, what));
            }
            kans[swara as usize] = Some(step as i8);
        }
        Ok(kans)
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
