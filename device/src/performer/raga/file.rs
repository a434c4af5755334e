//! A raga's file: read, and checked to the line.

use super::composition::{self, CompositionFile};
use super::glide::{self, GlideFile};
use super::ornament::{BySwara, KanFile, ShrutiFile};
use super::{LONGEST_PHRASE, Raga, Swing, Tuning};
use crate::performer::data_error::{DataError, Source};
use crate::performer::grammar::Grammar;
use crate::performer::swara::{Note, Swara};
use crate::performer::tala::Tala;
use serde::Deserialize;
use toml::Spanned;

/// Reads and checks a raga's file; its compositions against their talas too, where the talas are known.
pub(super) fn read(file: &str, text: &str, talas: Option<&[Tala]>) -> Result<Raga, DataError> {
    let source = Source { file, text };
    let raw: RagaFile = source.parse()?;
    let reader = Reader { source, members: members(&source, &raw)? };
    let mut raga = reader.read(&raw)?;
    raga.compositions = composition::read(&reader, &raw.compositions, &raga, talas)?;
    Ok(raga)
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
    shruti: Spanned<BySwara<ShrutiFile>>,
    share: Option<Spanned<BySwara<f32>>>,
    #[serde(default)]
    andolan: BySwara<Swing>,
    #[serde(default)]
    gamak: BySwara<Swing>,
    #[serde(default)]
    kan: KanFile,
    #[serde(default, rename = "move")]
    moves: Vec<MoveFile>,
    #[serde(default)]
    avoid: Vec<MoveFile>,
    #[serde(default, rename = "glide")]
    glides: Vec<GlideFile>,
    phrase: Spanned<Vec<PhraseFile>>,
    #[serde(default, rename = "composition")]
    compositions: Vec<CompositionFile>,
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

/// What is said of a turn that the raga avoids.
pub(super) fn avoided([one, two, three]: [Note; 3]) -> String {
    format!("'{one} {two} {three}' is a turn that the raga's [[avoid]] rules out; go another way")
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

/// A raga's file being read.
pub(super) struct Reader<'a> {
    /// The file.
    pub source: Source<'a>,
    /// The swaras of its two lines, in order of pitch.
    pub members: Vec<Swara>,
}

impl Reader<'_> {
    fn read(&self, raw: &RagaFile) -> Result<Raga, DataError> {
        let (aroha, avaroha) = (notes(&self.source, &raw.aroha)?, notes(&self.source, &raw.avaroha)?);
        self.check_line(&raw.aroha, &aroha, "aroha", 1)?;
        self.check_line(&raw.avaroha, &avaroha, "avaroha", -1)?;
        let touch = raw.touch.as_ref().map_or(Ok(Vec::new()), |field| self.swaras(field, "touch"))?;
        let sparing = raw.sparing.as_ref().map_or(Ok(Vec::new()), |field| self.swaras(field, "sparing"))?;
        let singles = raw.moves.iter().map(|m| self.single(&m.notes)).collect::<Result<Vec<_>, _>>()?;
        let avoided = raw.avoid.iter().map(|m| self.avoided(&m.notes)).collect::<Result<Vec<_>, _>>()?;
        let grammar = Grammar::new(&[&aroha, &avaroha], &singles, &touch).avoiding(&avoided);
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
        let glides = glide::read(self, &raw.glides, &grammar)?;
        let mut raga = Raga {
            name: self.source.name(&raw.name)?,
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
            glides,
            compositions: Vec::new(),
            grammar,
            shares: self.shares(raw.share.as_ref())?,
            shrutis: self.shrutis(&raw.shruti)?,
            laya_bpm: self.laya(&raw.laya_bpm)?,
            andolans: self.swings(&raw.andolan, "andolan", 0.2)?,
            gamaks: self.swings(&raw.gamak, "gamak", 3.0)?,
            kans: self.kans(&raw.kan)?,
            aroha,
            avaroha,
        };
        raga.complete_shares();
        self.check_ways(&raga, &raw.avaroha)?;
        Ok(raga)
    }

    /// An error at a text of the file.
    pub(super) fn error(&self, field: &Spanned<String>, what: impl Into<String>) -> DataError {
        self.source.error(&field.span(), what)
    }

    /// Whether a swara belongs to the raga.
    pub(super) fn has(&self, swara: Swara) -> bool {
        self.members.contains(&swara)
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

    /// The one swara of a text; `name` is its key.
    pub(super) fn swara(&self, field: &Spanned<String>, name: &str) -> Result<Swara, DataError> {
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

    /// An error that names the swaras there are; `name` is what has another.
    pub(super) fn not_a_member(&self, field: &Spanned<String>, name: &str, swara: Swara) -> DataError {
        let have: Vec<String> = self.members.iter().map(ToString::to_string).collect();
        self.error(
            field,
            format!("{name} has {swara}, which is in neither aroha nor avaroha; the raga has {}", have.join(" ")),
        )
    }

    fn single(&self, field: &Spanned<String>) -> Result<(Note, Note), DataError> {
        let pair = self.members_of(field, "the move")?;
        let [from, to] = pair.as_slice() else {
            return Err(self.error(field, "a move is two notes, as in \"M G\""));
        };
        Ok((*from, *to))
    }

    fn avoided(&self, field: &Spanned<String>) -> Result<[Note; 3], DataError> {
        let three = self.members_of(field, "the turn")?;
        <[Note; 3]>::try_from(three)
            .map_err(|_| self.error(field, "a turn to avoid is three notes, as in \"g m P\" of Darbari Kanada"))
    }

    fn members_of(&self, field: &Spanned<String>, name: &str) -> Result<Vec<Note>, DataError> {
        let notes = notes(&self.source, field)?;
        match notes.iter().find(|note| !self.has(note.swara())) {
            Some(note) => Err(self.not_a_member(field, name, note.swara())),
            None => Ok(notes),
        }
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
            if let Some(turn) = grammar.avoided_in(&line) {
                return Err(self.error(&phrase.notes, avoided(turn)));
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
            "D" => Ok(Tuning::Dha),
            "N" => Ok(Tuning::Ni),
            other => {
                Err(self.error(field, format!("the tanpura's first string cannot be '{other}'; use P, m, D or N")))
            }
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

    fn laya(&self, field: &Spanned<[f32; 2]>) -> Result<(f32, f32), DataError> {
        let [slow, fast] = *field.get_ref();
        if (20.0..=500.0).contains(&slow) && (20.0..=500.0).contains(&fast) && slow < fast {
            return Ok((slow, fast));
        }
        let what = format!("laya_bpm is [{slow}, {fast}]; give the slowest and the fastest, between 20 and 500");
        Err(self.source.error(&field.span(), what))
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
