//! An observation as columns of numbers. NaN, an empty cell or a null is what was not seen.

use anyhow::{Result, bail, ensure};
use rasika_models::observation::{BLENDSHAPE_NAMES, BLENDSHAPES, FACE_POINTS, Face, HAND_POINTS, Hand, Landmark, Side};
use rasika_models::{Observation, observation};

/// A column: so many numbers of each observation.
#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    /// Of what each observation has in it; empty for one number.
    pub shape: &'static [usize],
    /// Whether its numbers are float32; else float64.
    pub single: bool,
}

const fn double(name: &'static str) -> Column {
    Column { name, shape: &[], single: false }
}

const fn single(name: &'static str, shape: &'static [usize]) -> Column {
    Column { name, shape, single: true }
}

const POINTS: &[usize] = &[HAND_POINTS, 3];

/// Every column, in order.
pub const COLUMNS: [Column; 19] = [
    double("frame"),
    double("time_ms"),
    double("width"),
    double("height"),
    single("face_score", &[]),
    single("face_yaw_deg", &[]),
    single("face_pitch_deg", &[]),
    single("face_roll_deg", &[]),
    single("face", &[FACE_POINTS, 3]),
    single("blendshapes", &[BLENDSHAPES]),
    single("upright_blendshapes", &[BLENDSHAPES]),
    single("hand_1_right", &[]),
    single("hand_1_score", &[]),
    single("hand_1", POINTS),
    single("hand_1_world", POINTS),
    single("hand_2_right", &[]),
    single("hand_2_score", &[]),
    single("hand_2", POINTS),
    single("hand_2_world", POINTS),
];

impl Column {
    /// Numbers of each observation.
    pub fn width(&self) -> usize {
        self.shape.iter().product()
    }

    /// A name for each of its numbers, as a flat table has them.
    pub fn names(&self) -> Vec<String> {
        match *self.shape {
            [] => vec![self.name.to_owned()],
            [BLENDSHAPES] => BLENDSHAPE_NAMES.iter().map(|shape| format!("{}_{shape}", self.name)).collect(),
            [points, _] => {
                let axes = |point| ["x", "y", "z"].map(|axis| format!("{}_{point}_{axis}", self.name));
                (0..points).flat_map(axes).collect()
            }
            [many] => (0..many).map(|index| format!("{}_{index}", self.name)).collect(),
            _ => unreachable!("no column has more dimensions"),
        }
    }

    /// What an observation has in it.
    pub fn of(&self, seen: &Observation) -> Vec<f64> {
        let face = seen.face.as_ref();
        let one = |value: f32| vec![f64::from(value)];
        let found = match self.name {
            "frame" => Some(vec![seen.frame as f64]),
            "time_ms" => Some(vec![seen.time_ms]),
            "width" => Some(vec![f64::from(seen.width)]),
            "height" => Some(vec![f64::from(seen.height)]),
            "face_score" => face.map(|face| one(face.score)),
            "face_yaw_deg" => face.map(|face| one(face.yaw_deg)),
            "face_pitch_deg" => face.map(|face| one(face.pitch_deg)),
            "face_roll_deg" => face.map(|face| one(face.roll_deg)),
            "face" => face.map(|face| flat(&face.landmarks)),
            "blendshapes" => face.map(|face| face.blendshapes.iter().copied().map(f64::from).collect()),
            "upright_blendshapes" => face.map(|face| face.upright_blendshapes.iter().copied().map(f64::from).collect()),
            name => {
                let hand = seen.hands.get(usize::from(name.starts_with("hand_2")));
                hand.map(|hand| match &name["hand_1".len()..] {
                    "_right" => one(f32::from(u8::from(hand.side == Side::Right))),
                    "_score" => one(hand.score),
                    "_world" => flat(&hand.world),
                    _ => flat(&hand.landmarks),
                })
            }
        };
        found.filter(|values| values.len() == self.width()).unwrap_or_else(|| vec![f64::NAN; self.width()])
    }
}

fn flat(points: &[Landmark]) -> Vec<f64> {
    points.iter().flatten().copied().map(f64::from).collect()
}

/// Columns of a take, as they were read: for each of [`COLUMNS`] the numbers of all observations.
pub type Table = Vec<Vec<f64>>;

/// The observations in a table.
///
/// # Errors
/// Columns differ in length, or a row says what cannot be.
pub fn observations(table: &Table) -> Result<Vec<Observation>> {
    let rows = table.first().map_or(0, Vec::len);
    ensure!(table.len() == COLUMNS.len(), "it has {} columns, not {}", table.len(), COLUMNS.len());
    for (column, values) in COLUMNS.iter().zip(table) {
        ensure!(values.len() == rows * column.width(), "the column {} has not {rows} rows", column.name);
    }
    (0..rows).map(|row| Row { table, row }.observation()).collect()
}

struct Row<'a> {
    table: &'a Table,
    row: usize,
}

impl Row<'_> {
    fn values(&self, name: &str) -> &[f64] {
        let index = COLUMNS.iter().position(|column| column.name == name).unwrap_or_default();
        let width = COLUMNS[index].width();
        &self.table[index][self.row * width..][..width]
    }

    /// Numbers of a column, none of them missing, or all of them.
    fn some(&self, name: &str) -> Result<Option<Vec<f32>>> {
        let values = self.values(name);
        if values.iter().all(|value| value.is_nan()) {
            return Ok(None);
        }
        let finite = values.iter().all(|value| (*value as f32).is_finite());
        ensure!(finite, "row {}: some of {name} are missing or no numbers", self.row + 1);
        Ok(Some(values.iter().map(|value| *value as f32).collect()))
    }

    fn one(&self, name: &str) -> Result<f32> {
        match self.some(name)?.as_deref() {
            Some([value]) => Ok(*value),
            _ => bail!("row {}: {name} is missing", self.row + 1),
        }
    }

    fn points(&self, name: &str) -> Result<Option<Vec<Landmark>>> {
        let values = self.some(name)?;
        Ok(values.map(|values| values.as_chunks().0.to_vec()))
    }

    /// A whole number from 0.
    fn count(&self, name: &str, most: f64) -> Result<f64> {
        let value = self.values(name)[0];
        ensure!(value.fract() == 0.0 && (0.0..=most).contains(&value), "row {}: {name} is {value}", self.row + 1);
        Ok(value)
    }

    fn face(&self) -> Result<Option<Face>> {
        let Some(landmarks) = self.points("face")? else { return Ok(None) };
        Ok(Some(Face {
            landmarks,
            blendshapes: self.some("blendshapes")?.unwrap_or_default(),
            upright_blendshapes: self.some("upright_blendshapes")?.unwrap_or_default(),
            yaw_deg: self.one("face_yaw_deg")?,
            pitch_deg: self.one("face_pitch_deg")?,
            roll_deg: self.one("face_roll_deg")?,
            score: self.one("face_score")?,
        }))
    }

    fn hand(&self, name: &str) -> Result<Option<Hand>> {
        let Some(landmarks) = self.points(name)? else { return Ok(None) };
        let right = self.one(&format!("{name}_right"))?;
        ensure!(right == 0.0 || right == 1.0, "row {}: {name}_right is {right}, neither 0 nor 1", self.row + 1);
        Ok(Some(Hand {
            side: if right == 1.0 { observation::Side::Right } else { observation::Side::Left },
            score: self.one(&format!("{name}_score"))?,
            landmarks,
            world: self.points(&format!("{name}_world"))?.unwrap_or_default(),
        }))
    }

    fn observation(&self) -> Result<Observation> {
        let time_ms = self.values("time_ms")[0];
        ensure!(time_ms.is_finite(), "row {}: time_ms is missing", self.row + 1);
        let hands = [self.hand("hand_1")?, self.hand("hand_2")?];
        Ok(Observation {
            frame: self.count("frame", 9e15)? as u64,
            time_ms,
            width: self.count("width", 65_536.0)? as u32,
            height: self.count("height", 65_536.0)? as u32,
            face: self.face()?,
            hands: hands.into_iter().flatten().collect(),
        })
    }
}
