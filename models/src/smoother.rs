//! From readings that flicker to a mood that music can follow.

use crate::classifier::Reading;
use crate::{Mood, Rasa};

/// How steady the mood is. All times are milliseconds of the source, so the frame rate does not matter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Time constant of the probabilities: a change is ⅔ through after this long.
    pub smoothing_ms: f64,
    /// Time constant of the intensity; dynamics must follow the face within 150 ms.
    pub intensity_ms: f64,
    /// A rasa is not left before it has stood this long.
    pub dwell_ms: f64,
    /// A rasa begins only when it is at least this likely.
    pub enter: f32,
    /// It ends when it is less likely than this.
    pub leave: f32,
    /// It begins, or takes over, only when it is more likely than every other by this much.
    pub margin: f32,
    /// Without a usable face for this long there is no mood.
    pub lost_ms: f64,
    /// A face turned farther than this to either side is not read.
    pub yaw_limit_deg: f32,
    /// Nor one that nods farther than this.
    pub pitch_limit_deg: f32,
    /// A calm face is Shanta only after it was held this long.
    pub shanta_hold_ms: f64,
    /// Only a face turned less than this to the side counts as calm and frontal.
    pub shanta_yaw_deg: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            smoothing_ms: 400.0,
            intensity_ms: 60.0,
            dwell_ms: 1000.0,
            enter: 0.28,
            leave: 0.18,
            margin: 0.06,
            lost_ms: 700.0,
            yaw_limit_deg: crate::features::YAW_LIMIT_DEG,
            pitch_limit_deg: crate::features::PITCH_LIMIT_DEG,
            shanta_hold_ms: 2500.0,
            shanta_yaw_deg: 25.0,
        }
    }
}

/// Follows one performer. Deterministic: the same readings at the same times give the same moods.
#[derive(Debug, Clone)]
pub struct Smoother {
    settings: Settings,
    probabilities: [f32; Rasa::COUNT],
    intensity: f32,
    /// Time of the last update, of the last usable face, and since when the mood stands.
    last_ms: Option<f64>,
    seen_ms: Option<f64>,
    since_ms: f64,
    /// Since when the face has been calm and frontal.
    calm_since_ms: Option<f64>,
    rasa: Option<Rasa>,
}

impl Default for Smoother {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Smoother {
    /// Starts with no mood.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            probabilities: [0.0; Rasa::COUNT],
            intensity: 0.0,
            last_ms: None,
            seen_ms: None,
            since_ms: f64::NEG_INFINITY,
            calm_since_ms: None,
            rasa: None,
        }
    }

    /// Takes in one frame at `time_ms` (what was read, or `None` without a face) and says which mood stands.
    ///
    /// Times that run backwards or are not finite count as no time passed.
    pub fn update(&mut self, time_ms: f64, reading: Option<&Reading>) -> Mood {
        let last = self.last_ms.unwrap_or(time_ms);
        let now = if time_ms.is_finite() { time_ms.max(last) } else { last };
        let since = self.seen_ms.unwrap_or(last);
        let passed = if now.is_finite() { now - since } else { 0.0 };
        self.last_ms = now.is_finite().then_some(now);
        match reading.filter(|reading| self.usable(reading)) {
            Some(reading) => self.take_in(now, passed, reading),
            None => self.calm_since_ms = None,
        }
        if self.seen_ms.is_none_or(|seen| now - seen > self.settings.lost_ms) {
            self.forget();
        } else {
            self.decide(now);
        }
        self.mood()
    }

    /// Says which mood stands at `time_ms` while no frame has come: however long frames are apart, what they show counts
    /// as if nobody had asked in between, until the face is lost.
    pub fn wait(&mut self, time_ms: f64) -> Mood {
        if self.seen_ms.is_none_or(|seen| time_ms - seen > self.settings.lost_ms) {
            self.update(time_ms, None)
        } else {
            self.mood()
        }
    }

    /// The smoothed probabilities, in class order; zeros while there is no face.
    #[must_use]
    pub fn probabilities(&self) -> [f32; Rasa::COUNT] {
        self.probabilities
    }

    fn usable(&self, reading: &Reading) -> bool {
        reading.yaw_deg.abs() <= self.settings.yaw_limit_deg
            && reading.pitch_deg.abs() <= self.settings.pitch_limit_deg
            && reading.probabilities.iter().chain(&reading.strengths).all(|value| value.is_finite())
    }

    fn take_in(&mut self, now: f64, passed: f64, reading: &Reading) {
        let gain = |constant: f64| (1.0 - (-passed / constant.max(1e-3)).exp()) as f32;
        let (slow, fast) = (gain(self.settings.smoothing_ms), gain(self.settings.intensity_ms));
        if self.seen_ms.is_none() {
            // A new face may show anything: it is named only once it has shown it for a moment.
            self.probabilities = [1.0 / Rasa::COUNT as f32; Rasa::COUNT];
        }
        for (smoothed, new) in self.probabilities.iter_mut().zip(reading.probabilities) {
            *smoothed += slow * (new - *smoothed);
        }
        let shown = self.rasa.unwrap_or_else(|| reading.likeliest());
        self.intensity += fast * (reading.strengths[shown.index()] - self.intensity);
        self.seen_ms = Some(now);
        let calm = self.best().0 == Rasa::Shanta && reading.yaw_deg.abs() <= self.settings.shanta_yaw_deg;
        self.calm_since_ms = if calm { self.calm_since_ms.or(Some(now)) } else { None };
    }

    fn forget(&mut self) {
        let Self { settings, last_ms, .. } = *self;
        *self = Self { last_ms, ..Self::new(settings) };
    }

    /// The likeliest rasa and its smoothed probability.
    fn best(&self) -> (Rasa, f32) {
        let pairs = Rasa::ALL.into_iter().zip(self.probabilities);
        pairs.fold((Rasa::Shanta, f32::MIN), |best, pair| if pair.1 > best.1 { pair } else { best })
    }

    fn decide(&mut self, now: f64) {
        let (best, likely) = self.best();
        let others = Rasa::ALL.into_iter().zip(self.probabilities).filter(|&(rasa, _)| rasa != best);
        let runner_up = others.map(|(_, p)| p).fold(0.0, f32::max);
        let current = self.rasa.map(|rasa| self.probabilities[rasa.index()]);
        if current.is_some() && now - self.since_ms < self.settings.dwell_ms {
            return;
        }
        let held = |since: f64| now - since >= self.settings.shanta_hold_ms;
        let ready = self.rasa != Some(best) && (best != Rasa::Shanta || self.calm_since_ms.is_some_and(held));
        if ready && likely >= self.settings.enter && likely >= runner_up + self.settings.margin {
            (self.rasa, self.since_ms) = (Some(best), now);
        } else if current.is_some_and(|p| p < self.settings.leave) {
            (self.rasa, self.since_ms) = (None, now);
        }
    }

    fn mood(&self) -> Mood {
        self.rasa.map_or_else(Mood::default, |rasa| Mood {
            rasa: Some(rasa),
            confidence: self.probabilities[rasa.index()],
            intensity: self.intensity.clamp(0.0, 1.0),
        })
    }
}
