//! What a raga's file says of single swaras: shruti, share of the time, andolan, gamak, kan.

use super::Swing;
use super::file::Reader;
use crate::performer::data_error::DataError;
use crate::performer::shruti::shrutis_of;
use crate::performer::swara::Swara;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use toml::Spanned;

/// Widest kan, in semitones.
const WIDEST_KAN: i32 = 2;
/// Deepest swing: andolans of 126 cents were measured in played music (MTG/musical-bridges).
const DEEPEST_CENTS: f32 = 150.0;
/// Farthest a shruti given in cents may stand off its tempered semitone.
const FARTHEST_CENTS: f32 = 50.0;

/// A value for each of some swaras.
pub(super) type BySwara<T> = BTreeMap<Spanned<String>, Spanned<T>>;

/// A swara's pitch in the file.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a shruti is a ratio as \"5/4\", or { cents = 610, source = \"...\" }")]
pub(super) enum ShrutiFile {
    /// One of its two shrutis.
    Ratio(String),
    /// Measured, in cents above Sa.
    Cents(CentsFile),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CentsFile {
    cents: f32,
    #[serde(rename = "source")]
    _source: String,
}

/// The grace notes of a file: for both directions, and for each apart.
#[derive(Default)]
pub(super) struct KanFile {
    both: BySwara<String>,
    up: BySwara<String>,
    down: BySwara<String>,
}

impl<'de> Deserialize<'de> for KanFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Kans;
        impl<'de> Visitor<'de> for Kans {
            type Value = KanFile;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("swaras and the notes they are touched from, as g = \"m\", or [kan.up] and [kan.down]")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<KanFile, A::Error> {
                let mut kans = KanFile::default();
                while let Some(key) = map.next_key::<Spanned<String>>()? {
                    match key.get_ref().as_str() {
                        "up" => kans.up = map.next_value()?,
                        "down" => kans.down = map.next_value()?,
                        _ => drop(kans.both.insert(key, map.next_value()?)),
                    }
                }
                Ok(kans)
            }
        }
        deserializer.deserialize_map(Kans)
    }
}

/// For a swara the steps, up or down, from which its grace note touches it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kan {
    /// When the melody comes from below.
    pub rising: Option<i8>,
    /// When it comes from above.
    pub falling: Option<i8>,
}

impl Reader<'_> {
    /// Cents above Sa of each swara of the raga.
    pub(super) fn shrutis(&self, field: &Spanned<BySwara<ShrutiFile>>) -> Result<[Option<f32>; 12], DataError> {
        let mut shrutis = [None; 12];
        for (key, value) in field.get_ref() {
            let swara = self.swara(key, "shruti")?;
            shrutis[swara as usize] = Some(self.cents(swara, value)?);
        }
        match self.members.iter().find(|swara| shrutis[**swara as usize].is_none()) {
            Some(swara) => {
                let what = format!("[shruti] leaves out {swara}; add {swara} = \"{}\"", shrutis_of(*swara)[0]);
                Err(self.source.error(&field.span(), what))
            }
            None => Ok(shrutis),
        }
    }

    fn cents(&self, swara: Swara, value: &Spanned<ShrutiFile>) -> Result<f32, DataError> {
        let choices = shrutis_of(swara);
        match value.get_ref() {
            ShrutiFile::Ratio(ratio) => {
                let chosen = choices.iter().find(|shruti| shruti.to_string() == ratio.trim());
                chosen.map(|shruti| shruti.cents()).ok_or_else(|| {
                    let names: Vec<String> = choices.iter().map(ToString::to_string).collect();
                    let names = names.join(" or ");
                    let what = format!(
                        "{swara} has no shruti '{ratio}'; use {names}, or {{ cents = {}, source = \"...\" }}",
                        choices[0].cents().round()
                    );
                    self.source.error(&value.span(), what)
                })
            }
            ShrutiFile::Cents(CentsFile { cents, .. }) => {
                let tempered = 100.0 * f32::from(swara.semitone());
                if (cents - tempered).abs() <= FARTHEST_CENTS {
                    return Ok(*cents);
                }
                let what = format!("{swara} at {cents} cents is another swara; it lies within 50 cents of {tempered}");
                Err(self.source.error(&value.span(), what))
            }
        }
    }

    /// The parts of its time that the file gives to swaras, 0 to 1.
    pub(super) fn shares(&self, field: Option<&Spanned<BySwara<f32>>>) -> Result<[Option<f32>; 12], DataError> {
        let mut shares = [None; 12];
        let Some(field) = field else { return Ok(shares) };
        for (key, percent) in field.get_ref() {
            let swara = self.swara(key, "share")?;
            if !(0.0..=60.0).contains(percent.get_ref()) {
                let what = format!("{swara} cannot have {} % of the time; give 0 to 60", percent.get_ref());
                return Err(self.source.error(&percent.span(), what));
            }
            shares[swara as usize] = Some(percent.get_ref() / 100.0);
        }
        let sum: f32 = shares.iter().flatten().sum();
        let all = self.members.iter().all(|swara| shares[*swara as usize].is_some());
        if sum > 1.03 || (all && sum < 0.97) {
            let what = format!("the shares make {:.0} %; those of all swaras make 100", 100.0 * sum);
            return Err(self.source.error(&field.span(), what));
        }
        Ok(shares)
    }

    /// The swings of a kind; `slowest_hz` is its slowest rate.
    pub(super) fn swings(
        &self,
        fields: &BySwara<Swing>,
        name: &str,
        slowest_hz: f32,
    ) -> Result<[Option<Swing>; 12], DataError> {
        let mut swings = [None; 12];
        for (key, swing) in fields {
            let swara = self.swara(key, name)?;
            let Swing { depth_cents, rate_hz } = *swing.get_ref();
            if !(0.0..=DEEPEST_CENTS).contains(&depth_cents) || !(slowest_hz..=8.0).contains(&rate_hz) {
                let what = format!("a note's {name} is 0 to {DEEPEST_CENTS} cents deep and {slowest_hz} to 8 Hz fast");
                return Err(self.source.error(&swing.span(), what));
            }
            swings[swara as usize] = Some(*swing.get_ref());
        }
        Ok(swings)
    }

    /// The grace notes; one without a direction is for both.
    pub(super) fn kans(&self, file: &KanFile) -> Result<[Kan; 12], DataError> {
        let mut kans = [Kan::default(); 12];
        for (fields, up, down) in [(&file.both, true, true), (&file.up, true, false), (&file.down, false, true)] {
            for (key, grace) in fields {
                let (swara, step) = self.kan(key, grace)?;
                let kan = &mut kans[swara as usize];
                if up {
                    kan.rising = Some(step);
                }
                if down {
                    kan.falling = Some(step);
                }
            }
        }
        Ok(kans)
    }

    fn kan(&self, key: &Spanned<String>, grace: &Spanned<String>) -> Result<(Swara, i8), DataError> {
        let (swara, from) = (self.swara(key, "kan")?, self.swara(grace, "kan")?);
        // The nearer of the grace note's octaves.
        let up = (i32::from(from.semitone()) - i32::from(swara.semitone())).rem_euclid(12);
        let step = if up > 6 { up - 12 } else { up };
        if step == 0 || step.abs() > WIDEST_KAN {
            let what = format!("{swara} cannot be touched from {from}: a kan is a semitone or a tone away");
            return Err(self.error(grace, what));
        }
        Ok((swara, step as i8))
    }
}
