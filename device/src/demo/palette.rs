//! Colours, as OpenCV's blue, green, red.
//!
//! The rasas wear the colours of the Natyashastra (ch. 6, 42–43), made visible on a dark ground: Shringara green
//! (shyama), Hasya white, Karuna dove grey, Raudra red, Veera pale gold (gaura), Bhayanaka black (a violet here),
//! Bibhatsa blue, Adbhuta yellow; Shanta, a later addition, the white of jasmine.

use opencv::core::Scalar;
use rasika_models::Rasa;

/// Background.
pub const NIGHT: Scalar = bgr(30, 24, 22);
/// A field on the background.
pub const FIELD: Scalar = bgr(44, 36, 33);
/// Lines of a grid.
pub const GRID: Scalar = bgr(66, 56, 52);
/// Text of lesser weight.
pub const DIM: Scalar = bgr(150, 140, 135);
/// Text.
pub const TEXT: Scalar = bgr(235, 232, 230);
/// The drone's notes.
pub const DRONE: Scalar = bgr(112, 96, 84);
/// Strokes of the theka.
pub const STROKE: Scalar = bgr(120, 140, 170);

const fn bgr(blue: u8, green: u8, red: u8) -> Scalar {
    Scalar::new(blue as f64, green as f64, red as f64, 0.0)
}

/// Colour of a rasa.
#[must_use]
pub fn of(rasa: Rasa) -> Scalar {
    match rasa {
        Rasa::Shringara => bgr(110, 190, 80),
        Rasa::Hasya => bgr(235, 250, 255),
        Rasa::Karuna => bgr(190, 170, 150),
        Rasa::Raudra => bgr(60, 60, 230),
        Rasa::Veera => bgr(90, 175, 245),
        Rasa::Bhayanaka => bgr(180, 80, 140),
        Rasa::Bibhatsa => bgr(225, 140, 60),
        Rasa::Adbhuta => bgr(40, 220, 250),
        Rasa::Shanta => bgr(225, 225, 190),
    }
}

/// Colour of a rasa, or of none.
#[must_use]
pub fn of_mood(rasa: Option<Rasa>) -> Scalar {
    rasa.map_or(DIM, of)
}

/// A colour darkened: 0 is the background, 1 the colour itself.
#[must_use]
pub fn faded(color: Scalar, strength: f64) -> Scalar {
    let mix = |i: usize| NIGHT[i] + (color[i] - NIGHT[i]) * strength;
    Scalar::new(mix(0), mix(1), mix(2), 0.0)
}
