//! The front of the box: buttons and LEDs on their pins. What cannot be had is left out and tried again later, so that
//! one broken LED takes nothing else with it.

use super::lights::Lights;
use super::running::{Opener, Report};
use super::settings::Settings;
use super::sign::{LEDS, Sign};
use crossbeam_channel::Sender;
use rasika_hardware::buttons::Button;
use rasika_hardware::leds::{Lamp, Pattern};
use rasika_hardware::pins::{Edge, Heard, Input, Light, PinError, Pins, Pull};
use std::time::Duration;

/// First wait before pins are tried again; it doubles up to the longest.
const RETRY: Duration = Duration::from_secs(1);
const RETRY_AT_MOST: Duration = Duration::from_secs(30);

/// What a button's pin says: an edge, or that it is lost.
pub type Heed = (Button, Result<Edge, PinError>);

/// A sign as it is shown.
#[derive(Debug, Clone)]
struct Shown {
    sign: Sign,
    since: Duration,
    pattern: Pattern,
}

/// Buttons and LEDs, as far as they can be had.
pub struct Front {
    settings: Settings,
    lights: Lights,
    opener: Opener,
    heeds: Sender<Heed>,
    pins: Option<Box<dyn Pins>>,
    buttons: [Option<Box<dyn Input>>; 2],
    lamps: [Option<Lamp<Box<dyn Light>>>; LEDS],
    shown: [Shown; LEDS],
    /// When the missing are tried again, and the wait after that.
    retry: Option<(Duration, Duration)>,
    /// What was said last of what is missing, so that it is said once.
    said: Vec<PinError>,
}

impl Front {
    /// Nothing is opened yet; [`Front::mend`] does.
    pub fn new(settings: Settings, lights: Lights, opener: Opener, heeds: Sender<Heed>, now: Duration) -> Self {
        let dark = Shown { sign: Sign::Dark, since: now, pattern: Pattern::OFF };
        Self {
            settings,
            lights,
            opener,
            heeds,
            pins: None,
            buttons: [None, None],
            lamps: [None, None, None, None],
            shown: std::array::from_fn(|_| dark.clone()),
            retry: Some((now, RETRY)),
            said: Vec::new(),
        }
    }

    /// Whether every button and LED is there.
    pub fn is_whole(&self) -> bool {
        self.retry.is_none()
    }

    /// Opens what is missing, if it is time to. Tells which buttons are new and whether they are down, and what there
    /// is to report.
    pub fn mend(&mut self, now: Duration, reports: &mut Vec<Report>) -> Vec<(Button, bool)> {
        let Some((_, wait)) = self.retry.filter(|(at, _)| *at <= now) else { return Vec::new() };
        let (mut found, mut errors) = (Vec::new(), Vec::new());
        if let Err(error) = self.open_missing(&mut found, &mut errors) {
            errors.push(error);
        }
        reports.extend(errors.iter().filter(|error| !self.said.contains(error)).cloned().map(Report::Missing));
        if errors.is_empty() {
            if !self.said.is_empty() {
                reports.push(Report::Whole);
            }
            self.retry = None;
        } else {
            // A chip that was taken out is opened afresh.
            self.pins = None;
            self.retry = Some((now + wait, (wait * 2).min(RETRY_AT_MOST)));
        }
        self.said = errors;
        found
    }

    fn open_missing(&mut self, found: &mut Vec<(Button, bool)>, errors: &mut Vec<PinError>) -> Result<(), PinError> {
        let pins = match &mut self.pins {
            Some(pins) => pins,
            none => none.insert((self.opener)()?),
        };
        for button in Button::ALL {
            let place = &mut self.buttons[button.index()];
            if place.is_some() {
                continue;
            }
            let heeds = self.heeds.clone();
            // Nobody listens any more when the panel ends.
            let heard: Heard = Box::new(move |edge| drop(heeds.send((button, edge))));
            let opened = pins.input(self.settings.button(button), self.settings.pull, heard);
            match opened.and_then(|mut input| Ok((input.is_low()?, input))) {
                Ok((low, input)) => {
                    *place = Some(input);
                    found.push((button, low == (self.settings.pull == Pull::Up)));
                }
                Err(error) => errors.push(error),
            }
        }
        for (place, pin) in self.lamps.iter_mut().zip(self.settings.leds()) {
            if place.is_none() {
                match pins.light(pin) {
                    Ok(light) => *place = Some(Lamp::new(light)),
                    Err(error) => errors.push(error),
                }
            }
        }
        Ok(())
    }

    /// A button's pin is lost.
    pub fn lose(&mut self, button: Button, error: PinError, now: Duration, reports: &mut Vec<Report>) {
        if self.buttons[button.index()].take().is_some() {
            self.note_loss(error, now, reports);
        }
    }

    fn note_loss(&mut self, error: PinError, now: Duration, reports: &mut Vec<Report>) {
        reports.push(Report::Missing(error.clone()));
        self.said.push(error);
        self.retry.get_or_insert((now + RETRY, RETRY * 2));
    }

    /// Whether an edge to a level means that the button is pressed.
    pub fn is_down(&self, edge: &Edge) -> bool {
        edge.high == (self.settings.pull == Pull::Down)
    }

    /// Shows signs on the LEDs as they are now.
    pub fn show(&mut self, signs: &[(Sign, Duration); LEDS], now: Duration, reports: &mut Vec<Report>) {
        let mut lost = Vec::new();
        for ((lamp, shown), (sign, since)) in self.lamps.iter_mut().zip(&mut self.shown).zip(signs) {
            if (shown.sign, shown.since) != (*sign, *since) {
                let pattern = self.lights.pattern(*sign, self.settings.beat());
                *shown = Shown { sign: *sign, since: *since, pattern };
            }
            let Some(lit) = lamp else { continue };
            let since = now.saturating_sub(shown.since);
            if let Err(error) = lit.show(&shown.pattern, since, self.settings.brightness) {
                *lamp = None;
                lost.push(error);
            }
        }
        for error in lost {
            self.note_loss(error, now, reports);
        }
    }

    /// When the LEDs or the missing pins need somebody to look after them.
    pub fn due(&self, now: Duration) -> Option<Duration> {
        let lamps = self.lamps.iter().zip(&self.shown).filter_map(|(lamp, shown)| {
            let dimmed = lamp.as_ref()?.is_dimmed();
            shown.pattern.next_change(now.saturating_sub(shown.since), dimmed).map(|next| shown.since + next)
        });
        lamps.chain(self.retry.map(|(at, _)| at)).min()
    }
}
