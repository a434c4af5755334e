//! The knowledge files: read, checked, and turned into a classifier.
//!
//! Four TOML files in `models/knowledge/`: `signs.toml` (what to look at), `units.toml` (what an action unit does
//! to the signs), `rasas.toml` (which units each rasa shows) and `population.toml` (what strangers' faces look like;
//! measured, without labels, by the example `population`).

use super::files::{
    KnowledgeError, PopulationFile, RasaEntry, RasasFile, Settings, SignEntry, SignsFile, Source, UnitsFile,
};
use super::sign::{Part, Sign};
use super::{Classifier, Discriminant};
use crate::{FEATURES_VERSION, FeatureVector, Rasa};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

/// Texts of the four files.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// `signs.toml`
    pub signs: &'a str,
    /// `units.toml`
    pub units: &'a str,
    /// `rasas.toml`
    pub rasas: &'a str,
    /// `population.toml`
    pub population: &'a str,
}

impl Sources<'static> {
    /// The files the program was built with.
    pub const BUILT_IN: Self = Self {
        signs: include_str!("../../knowledge/signs.toml"),
        units: include_str!("../../knowledge/units.toml"),
        rasas: include_str!("../../knowledge/rasas.toml"),
        population: include_str!("../../knowledge/population.toml"),
    };
}

/// Knowledge that was read and checked.
#[derive(Debug, Clone)]
pub struct Knowledge {
    signs: Vec<Sign>,
    rasas: Vec<KnownRasa>,
    /// Correlations of the signs among strangers.
    correlation: Vec<Vec<f64>>,
    settings: Settings,
}

#[derive(Debug, Clone)]
struct KnownRasa {
    /// Its weight on each sign.
    weights: Vec<f64>,
    prior: f64,
    hands: Vec<(usize, f32)>,
}

impl Knowledge {
    /// The knowledge the program was built with.
    ///
    /// # Errors
    /// None that the tests of this crate let through.
    pub fn built_in() -> Result<Self, KnowledgeError> {
        Self::read(Sources::BUILT_IN)
    }

    /// Reads and checks the four files.
    ///
    /// # Errors
    /// Names the file and line of what is not TOML, unknown, missing, doubled or out of range.
    pub fn read(sources: Sources) -> Result<Self, KnowledgeError> {
        let population = Source { file: "population.toml", text: sources.population };
        let measured: PopulationFile = population.parse()?;
        if *measured.features_version.get_ref() != FEATURES_VERSION || *measured.faces.get_ref() == 0 {
            let problem = format!("must be measured on faces with features version {FEATURES_VERSION}");
            return Err(population.error(measured.features_version.span(), problem));
        }
        let (signs, entries) = read_signs(Source { file: "signs.toml", text: sources.signs }, &measured)?;
        let names: Vec<String> = entries.iter().map(|entry| entry.name.get_ref().clone()).collect();
        let correlation = correlations(population, &measured, &names)?;
        let units = read_units(Source { file: "units.toml", text: sources.units }, &names)?;
        let (settings, rasas) = read_rasas(Source { file: "rasas.toml", text: sources.rasas }, &names, &units)?;
        Ok(Self { signs, rasas, correlation, settings })
    }

    /// The linear discriminant of this knowledge.
    ///
    /// What a rasa shows gives its weights `w` on the signs. What else goes along is the population's to say: with its
    /// shrunk correlations `S` the rasa's faces lie around `S·w` from rest, for which `w` are just the weights of a
    /// linear discriminant, and its bias is `-½ w·S·w` and the log of its prior. Rest is where the population's mean
    /// is the mean of the rasas. A rasa counts as shown in full where the population's strongest 2 % show it.
    pub(super) fn classifier(&self) -> Classifier {
        let n = self.signs.len();
        let Settings { shrinkage, sharpness, .. } = self.settings;
        let shrunk = |a: usize, b: usize| if a == b { 1.0 } else { (1.0 - shrinkage) * self.correlation[a][b] };
        let position = |weights: &[f64]| -> Vec<f64> {
            (0..n).map(|a| weights.iter().enumerate().map(|(b, w)| w * shrunk(a, b)).sum()).collect()
        };
        let total: f64 = self.rasas.iter().map(|rasa| rasa.prior).sum();
        let positions: Vec<Vec<f64>> = self.rasas.iter().map(|rasa| position(&rasa.weights)).collect();
        let mut mean = vec![0.0; n];
        for (rasa, place) in self.rasas.iter().zip(&positions) {
            add(&mut mean, place, rasa.prior / total);
        }
        let rasas = self.rasas.iter().zip(&positions).map(|(rasa, place)| {
            let weights = &rasa.weights;
            let spread = (0..n).map(|a| weights[a] * dot(weights, &self.correlation[a])).sum::<f64>().max(0.0).sqrt();
            let full = dot(weights, &mean) + FULL_DEVIATIONS * spread;
            Discriminant {
                weights: weights.iter().map(|w| (sharpness * w) as f32).collect(),
                bias: (rasa.prior.ln() - sharpness * dot(weights, place) / 2.0) as f32,
                full: (full > 1e-6).then_some((sharpness * full) as f32),
                hands: rasa.hands.clone(),
            }
        });
        Classifier {
            signs: self.signs.clone(),
            rest: mean.iter().map(|m| -m as f32).collect(),
            rasas: rasas.collect(),
            #[cfg(feature = "runtime")]
            trained: None,
        }
    }
}

/// Standard deviations above the population's mean at which a rasa counts as shown in full.
const FULL_DEVIATIONS: f64 = 2.0;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Places in the feature vector that a name in the knowledge stands for: a feature, or the two sides of one.
#[must_use]
pub fn feature_places(name: &str) -> Option<Vec<usize>> {
    if let Some(place) = FeatureVector::index_of(name) {
        return Some(vec![place]);
    }
    let side = |side: &str| FeatureVector::index_of(&format!("{name}{side}"));
    Some(vec![side("Left")?, side("Right")?])
}

pub(super) fn read_signs(
    source: Source,
    measured: &PopulationFile,
) -> Result<(Vec<Sign>, Vec<SignEntry>), KnowledgeError> {
    let file: SignsFile = source.parse()?;
    let mut signs: Vec<Sign> = Vec::new();
    for entry in &file.sign {
        let name = entry.name.get_ref();
        if signs.iter().any(|sign| sign.name() == name) {
            return Err(source.error(entry.name.span(), format!("sign '{name}' is declared twice")));
        }
        if entry.more.is_empty() && entry.less.is_empty() {
            return Err(
                source.error(entry.name.span(), format!("sign '{name}' has neither 'more' nor 'less' features"))
            );
        }
        let signed = entry.more.iter().map(|f| (f, 1.0)).chain(entry.less.iter().map(|f| (f, -1.0)));
        let parts =
            signed.map(|(feature, weight)| part(source, feature, weight, measured)).collect::<Result<_, _>>()?;
        let (mean, deviation) = measured.signs.get(name).map_or((0.0, 1.0), |s| (s.mean as f32, s.deviation as f32));
        signs.push(Sign::new(name.clone(), parts, mean, deviation.max(1e-3)));
    }
    Ok((signs, file.sign))
}

fn part(
    source: Source,
    feature: &Spanned<String>,
    weight: f32,
    measured: &PopulationFile,
) -> Result<Part, KnowledgeError> {
    let name = feature.get_ref();
    let places =
        feature_places(name).ok_or_else(|| source.error(feature.span(), format!("there is no feature '{name}'")))?;
    let quantiles = *measured.quantiles.get(name).ok_or_else(|| {
        source.error(feature.span(), format!("'{name}' has no quantiles in population.toml: measure again"))
    })?;
    if !quantiles.is_sorted() || quantiles.iter().any(|q| !q.is_finite()) {
        return Err(source.error(feature.span(), format!("the quantiles of '{name}' in population.toml do not rise")));
    }
    Ok(Part { places, weight, quantiles })
}

fn correlations(source: Source, measured: &PopulationFile, names: &[String]) -> Result<Vec<Vec<f64>>, KnowledgeError> {
    let mut matrix = vec![vec![0.0; names.len()]; names.len()];
    for (a, name) in names.iter().enumerate() {
        matrix[a][a] = 1.0;
        // Before the signs are first measured there is nothing: they count as independent.
        let Some(statistics) = measured.signs.get(name) else { continue };
        for (other, &value) in &statistics.correlation {
            let Some(b) = names.iter().position(|known| known == other) else {
                return Err(source.error(0..0, format!("'{name}' correlates with '{other}', which is no sign")));
            };
            if !(-1.0..=1.0).contains(&value) {
                return Err(source.error(0..0, format!("the correlation of '{name}' and '{other}' is not within ±1")));
            }
            (matrix[a][b], matrix[b][a]) = (value, value);
        }
    }
    Ok(matrix)
}

/// What each action unit shows of each sign, as far as it is seen.
type Units = BTreeMap<u8, Vec<f64>>;

fn read_units(source: Source, signs: &[String]) -> Result<Units, KnowledgeError> {
    let file: UnitsFile = source.parse()?;
    let mut units = Units::new();
    for entry in &file.unit {
        let number = *entry.number.get_ref();
        let seen = *entry.seen.get_ref();
        if !(0.0..=1.0).contains(&seen) {
            return Err(source.error(entry.seen.span(), "'seen' is a correlation, between 0 and 1"));
        }
        let row = moves(source, &entry.moves, signs)?.iter().map(|moved| moved * seen).collect();
        if units.insert(number, row).is_some() {
            return Err(source.error(entry.number.span(), format!("action unit {number} is declared twice")));
        }
    }
    Ok(units)
}

/// A map of signs as a row over all signs.
fn moves(source: Source, map: &BTreeMap<Spanned<String>, f64>, signs: &[String]) -> Result<Vec<f64>, KnowledgeError> {
    let mut row = vec![0.0; signs.len()];
    for (name, &value) in map {
        let Some(sign) = signs.iter().position(|known| known == name.get_ref()) else {
            return Err(source.error(name.span(), format!("there is no sign '{}' in signs.toml", name.get_ref())));
        };
        row[sign] = finite(source, name.span(), value)?;
    }
    Ok(row)
}

fn finite(source: Source, span: Range<usize>, value: f64) -> Result<f64, KnowledgeError> {
    if value.is_finite() { Ok(value) } else { Err(source.error(span, "must be a finite number")) }
}

fn read_rasas(source: Source, signs: &[String], units: &Units) -> Result<(Settings, Vec<KnownRasa>), KnowledgeError> {
    let file: RasasFile = source.parse()?;
    let settings = file.discriminant;
    let in_range =
        settings.size > 0.0 && settings.sharpness > 0.0 && settings.shrinkage > 0.0 && settings.shrinkage <= 1.0;
    if !in_range {
        return Err(
            source.error(0..0, "discriminant: size and sharpness must be above 0, shrinkage above 0 and at most 1")
        );
    }
    let mut found: [Option<KnownRasa>; Rasa::COUNT] = Default::default();
    for entry in &file.rasa {
        let rasa: Rasa = entry.name.get_ref().parse().map_err(|e| source.error(entry.name.span(), format!("{e}")))?;
        if found[rasa.index()].replace(known_rasa(source, entry, signs, units, settings.size)?).is_some() {
            return Err(source.error(entry.name.span(), format!("{rasa} is declared twice")));
        }
    }
    let rasas = Rasa::ALL.into_iter().zip(found).map(|(rasa, known)| {
        known.ok_or_else(|| source.error(source.text.len()..source.text.len(), format!("{rasa} is missing")))
    });
    Ok((settings, rasas.collect::<Result<_, _>>()?))
}

fn known_rasa(
    source: Source,
    entry: &RasaEntry,
    signs: &[String],
    units: &Units,
    size: f64,
) -> Result<KnownRasa, KnowledgeError> {
    let prior = *entry.prior.get_ref();
    if !(prior > 0.0 && prior.is_finite()) {
        return Err(source.error(entry.prior.span(), "prior must be above 0"));
    }
    let mut weights = moves(source, &entry.moves, signs)?;
    for prototype in &entry.shows {
        let share = 1.0 / entry.shows.len() as f64;
        for (number, intensity) in parse_prototype(source, prototype)? {
            add(&mut weights, unit(source, units, number, prototype.span())?, share * intensity);
        }
    }
    weights.iter_mut().for_each(|value| *value *= size);
    let hands = entry.hands.iter().map(|(name, &weight)| {
        let place = FeatureVector::index_of(name.get_ref())
            .ok_or_else(|| source.error(name.span(), format!("there is no feature '{}'", name.get_ref())))?;
        Ok((place, finite(source, name.span(), weight)? as f32))
    });
    Ok(KnownRasa { weights, prior, hands: hands.collect::<Result<_, _>>()? })
}

fn unit<'a>(source: Source, units: &'a Units, number: u8, span: Range<usize>) -> Result<&'a [f64], KnowledgeError> {
    let row = units.get(&number).map(Vec::as_slice);
    row.ok_or_else(|| source.error(span, format!("there is no action unit {number} in units.toml")))
}

fn add(weights: &mut [f64], row: &[f64], by: f64) {
    for (value, moved) in weights.iter_mut().zip(row) {
        *value += by * moved;
    }
}

/// Action units and intensities of a prototype such as `1+2+5B+26`; FACS intensities A–E are 0.4, 0.6, 0.8, 1 and 1.2.
fn parse_prototype(source: Source, prototype: &Spanned<String>) -> Result<Vec<(u8, f64)>, KnowledgeError> {
    let unit = |text: &str| {
        let text = text.trim();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_uppercase());
        let intensity = match &text[digits.len()..] {
            "A" => 0.4,
            "B" => 0.6,
            "C" => 0.8,
            "D" | "" => 1.0,
            "E" => 1.2,
            _ => return None,
        };
        Some((digits.parse().ok()?, intensity))
    };
    let units = prototype.get_ref().split('+').map(unit).collect::<Option<_>>();
    units.ok_or_else(|| {
        let problem = format!("'{}' is no prototype; write action units like 1+2+5B+26", prototype.get_ref());
        source.error(prototype.span(), problem)
    })
}
