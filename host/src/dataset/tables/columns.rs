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

/// Most rows of a table: what a take may have.
pub const MOST_ROWS: usize = crate::dataset::import::MOST_OBSERVATIONS;

/// Numbers of a column of all observations, one after the other.
#[derive(Debug)]
pub enum Numbers {
    Double(Vec<f64>),
    Single(Vec<f32>),
}

impl Numbers {
    pub fn push(&mut self, number: f64) {
        match self {
            Self::Double(numbers) => numbers.push(number),
            Self::Single(numbers) => numbers.push(number as f32),
        }
    }

    /// Adds so many numbers that are not there.
    pub fn lengthen(&mut self, count: usize) {
        match self {
            Self::Double(numbers) => numbers.resize(numbers.len() + count, f64::NAN),
            Self::Single(numbers) => numbers.resize(numbers.len() + count, f32::NAN),
        }
    }

    /// Puts a number in a place that is there.
    pub fn set(&mut self, at: usize, number: f64) {
        match self {
            Self::Double(numbers) => numbers[at] = number,
            Self::Single(numbers) => numbers[at] = number as f32,
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Double(numbers) => numbers.len(),
            Self::Single(numbers) => numbers.len(),
        }
    }
}

/// Columns of a take, as they were read: the numbers of each of [`COLUMNS`].
#[derive(Debug)]
pub struct Table(Vec<Numbers>);

impl Default for Table {
    fn default() -> Self {
        let empty = |column: &Column| match column.single {
            true => Numbers::Single(Vec::new()),
            false => Numbers::Double(Vec::new()),
        };
        Self(COLUMNS.iter().map(empty).collect())
    }
}

impl Table {
    /// The columns, to be filled.
    pub fn columns_mut(&mut self) -> &mut [Numbers] {
        &mut self.0
    }

    /// The observations in it, each made when it is asked for; an error is of a row that says what cannot be.
    ///
    /// # Errors
    /// Columns differ in length, or there are no rows.
    pub fn observations(self) -> Result<impl Iterator<Item = Result<Observation>>> {
        let rows = self.0.first().map_or(0, Numbers::len);
        ensure!(rows > 0, "it has no rows");
        for (column, numbers) in COLUMNS.iter().zip(&self.0) {
            ensure!(numbers.len() == rows * column.width(), "the column {} has not {rows} rows", column.name);
        }
        Ok((0..rows).map(move |row| Row { table: &self, row }.observation()))
    }
}

struct Row<'a> {
    table: &'a Table,
    row: usize,
}

impl Row<'_> {
    fn column(&self, name: &str) -> (&'static Column, &Numbers) {
        let index = COLUMNS.iter().position(|column| column.name == name).unwrap_or_default();
        (&COLUMNS[index], &self.table.0[index])
    }

    /// Numbers of a column, none of them missing, or all of them.
    fn some(&self, name: &str) -> Result<Option<Vec<f32>>> {
        let (column, numbers) = self.column(name);
        let Numbers::Single(numbers) = numbers else { bail!("{name} is not of single numbers") };
        let numbers = &numbers[self.row * column.width()..][..column.width()];
        if numbers.iter().all(|number| number.is_nan()) {
            return Ok(None);
        }
        if let Some(wrong) = numbers.iter().position(|number| !number.is_finite()) {
            let what = if numbers[wrong].is_nan() { "is missing" } else { "is beyond all numbers" };
            bail!("row {}: {} {what}, and the rest of {name} is there", self.row + 1, column.names()[wrong]);
        }
        Ok(Some(numbers.to_vec()))
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

    fn double(&self, name: &str) -> Result<f64> {
        match self.column(name) {
            (_, Numbers::Double(numbers)) if numbers[self.row].is_finite() => Ok(numbers[self.row]),
            _ => bail!("row {}: {name} is missing", self.row + 1),
        }
    }

    /// A whole number from 0.
    fn count(&self, name: &str, most: f64) -> Result<f64> {
        let value = self.double(name)?;
        let is_count = value.fract() == 0.0 && (0.0..=most).contains(&value);
        ensure!(is_count, "row {}: {name} is {value}, no whole number from 0 to {most}", self.row + 1);
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
        let time_ms = self.double("time_ms")?;
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
