//! Where frames come from while the music plays: a camera, or a film at its own pace.

use std::time::{Duration, Instant};

use anyhow::Result;
use rasika_device::camera::{Camera, News};
use rasika_device::source::{Came, Feed, Shot};

/// How long a camera is waited for before everything else is looked at.
const GLANCE: Duration = Duration::from_millis(500);
/// How long a film is.
const FILM_GLANCE: Duration = Duration::from_millis(50);
/// A source that has given nothing for so long is told to do so, and shows nobody.
const PATIENCE: Duration = Duration::from_secs(3);

/// What there is to look at.
pub enum Next {
    /// A frame whose time has come.
    Shot(Shot),
    /// Nothing new: what was seen last stands.
    Still,
    /// Nobody is seen, at this time in milliseconds.
    Nobody(f64),
    /// The film is over.
    End,
}

/// Where frames come from.
pub enum Stage {
    /// As they come.
    Camera {
        /// The camera.
        camera: Camera,
        /// Its name.
        name: String,
        /// When the last frame came, and whether it was said that none has come since.
        seen: (Instant, bool),
    },
    /// At the pace of a film.
    Film(Film),
}

impl Stage {
    /// A camera.
    pub fn camera(camera: Camera, name: String) -> Self {
        Self::Camera { camera, name, seen: (Instant::now(), false) }
    }

    /// A film that is open.
    pub fn film(feed: Feed) -> Self {
        Self::Film(Film { feed, begun: Instant::now(), held: None, is_source_late: true })
    }

    /// Whether frames come as they come.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Camera { .. })
    }

    /// Frames a second.
    pub fn rate_hz(&self) -> f64 {
        match self {
            Self::Camera { camera, .. } => camera.rate_hz(),
            Self::Film(film) => film.rate_hz(),
        }
    }

    /// Waits a moment for what comes next; `say` hears what there is to tell.
    pub fn next(&mut self, mut say: impl FnMut(&str)) -> Result<Next> {
        let (camera, name, seen) = match self {
            Self::Film(film) => return film.next(say),
            Self::Camera { camera, name, seen } => (camera, name, seen),
        };
        match camera.news(GLANCE) {
            News::Shot(shot) => {
                *seen = (Instant::now(), false);
                return Ok(Next::Shot(shot));
            }
            News::Lost(error) => say(&format!("{error}; trying again")),
            News::Back => say("the camera is back"),
            News::Nothing if seen.0.elapsed() >= PATIENCE && !std::mem::replace(&mut seen.1, true) => {
                say(&format!(
                    "nothing has come from {name} for {} s; the drone plays until it does",
                    PATIENCE.as_secs()
                ));
            }
            News::Nothing => {}
        }
        Ok(Next::Nobody(camera.time_ms()))
    }
}

/// A film that is shown on the clock.
pub struct Film {
    feed: Feed,
    /// When its time was nought.
    begun: Instant,
    /// A frame whose time has not come.
    held: Option<Shot>,
    /// The next frame was waited for: it is the film that is late, not whoever looks at it.
    is_source_late: bool,
}

impl Film {
    fn rate_hz(&self) -> f64 {
        self.feed.outline().map_or(rasika_device::source::USUAL_RATE_HZ, |outline| outline.rate_hz)
    }

    fn next(&mut self, mut say: impl FnMut(&str)) -> Result<Next> {
        let shot = match self.held.take() {
            Some(shot) => shot,
            None => match self.feed.news(FILM_GLANCE) {
                Came::Shot(Ok(shot)) => shot,
                Came::Shot(Err(error)) if error.is_of_one_picture() => {
                    say(&error.to_string());
                    return Ok(Next::Still);
                }
                Came::Shot(Err(error)) => {
                    self.feed.skipped_words().iter().for_each(|words| say(words));
                    return Err(error.into());
                }
                Came::Opened(_) => return Ok(Next::Still),
                Came::Nothing => return Ok(self.wait_for_source(say)),
                Came::End => return Ok(self.end(say)),
            },
        };
        let due = Duration::try_from_secs_f64(shot.time_ms / 1000.0).unwrap_or_default();
        let late = self.begun.elapsed().saturating_sub(due);
        let is_source_late = std::mem::take(&mut self.is_source_late);
        if late > Duration::ZERO && is_source_late {
            self.begun += late;
        } else if late > Duration::from_secs_f64(1.0 / self.rate_hz()) {
            // The music runs on the clock: eyes that are behind leave out what is past.
            return Ok(Next::Still);
        } else {
            std::thread::sleep(due.saturating_sub(self.begun.elapsed()).min(FILM_GLANCE));
            if self.begun.elapsed() < due {
                self.held = Some(shot);
                return Ok(Next::Still);
            }
        }
        Ok(Next::Shot(shot))
    }

    fn wait_for_source(&mut self, say: impl FnMut(&str)) -> Next {
        self.is_source_late = true;
        self.feed.complain(say);
        if self.feed.silent_for() < PATIENCE {
            return Next::Still;
        }
        Next::Nobody(self.begun.elapsed().as_secs_f64() * 1000.0)
    }

    /// The last frame stands as long as the film lasts.
    fn end(&mut self, mut say: impl FnMut(&str)) -> Next {
        let end = Duration::try_from_secs_f64(self.feed.ending().end_ms / 1000.0).unwrap_or_default();
        let left = end.saturating_sub(self.begun.elapsed());
        if !left.is_zero() {
            std::thread::sleep(left.min(FILM_GLANCE));
            return Next::Still;
        }
        self.feed.skipped_words().iter().for_each(|words| say(words));
        Next::End
    }
}
