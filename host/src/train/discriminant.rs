//! Linear discriminants over all features, in closed form.
//!
//! A minute of one performer is a few hundred frames that hardly differ: what a network would learn by gradient there
//! is soon the noise. The discriminant knows how features move *within* a rasa (moments of real and moved frames),
//! and needs one number, the shrinkage, which held-out takes choose. Measured: see docs/teacher.md.

use rasika_models::{FEATURES, Rasa};

use super::samples::Row;

/// Rows that are added up in f32 before they go into f64.
const BLOCK: usize = 32;
/// Half a row of the upper triangle is worked on at a time.
const N: usize = FEATURES;

/// Count, sum and products of the rows of each rasa, about a fixed row; they can be added.
#[derive(Debug, Clone)]
pub struct Moments {
    about: Box<Row>,
    classes: Vec<Option<Box<ClassMoments>>>,
}

#[derive(Debug, Clone)]
struct ClassMoments {
    count: f64,
    sum: Vec<f64>,
    /// Upper triangle by rows, in a full square.
    products: Vec<f64>,
}

impl Moments {
    /// None yet. `about` is any typical row: it keeps the numbers small.
    pub fn new(about: &Row) -> Self {
        Self { about: Box::new(*about), classes: vec![None; Rasa::COUNT] }
    }

    /// Adds rows of a rasa.
    pub fn add<'a>(&mut self, rasa: Rasa, rows: impl Iterator<Item = &'a Row>) {
        let class = self.classes[rasa.index()].get_or_insert_with(|| {
            Box::new(ClassMoments { count: 0.0, sum: vec![0.0; N], products: vec![0.0; N * N] })
        });
        let mut block: Vec<Row> = Vec::with_capacity(BLOCK);
        for row in rows {
            block.push(std::array::from_fn(|k| row[k] - self.about[k]));
            if block.len() == BLOCK {
                class.take_in(&block);
                block.clear();
            }
        }
        class.take_in(&block);
    }

    /// Balanced statistics: every rasa counts the same however long it was recorded. `None` with fewer than two.
    pub fn statistics(&self) -> Option<Statistics> {
        let present = || {
            self.classes.iter().enumerate().filter_map(|(i, c)| Some((i, c.as_ref()?))).filter(|(_, c)| c.count >= 2.0)
        };
        let share = 1.0 / present().count() as f64;
        let mut means: [Option<Vec<f64>>; Rasa::COUNT] = Default::default();
        let (mut grand, mut within) = (vec![0.0; N], vec![0.0; N * N]);
        for (index, class) in present() {
            let mean: Vec<f64> = class.sum.iter().map(|sum| sum / class.count).collect();
            for (a, row) in within.chunks_exact_mut(N).enumerate() {
                for b in a..N {
                    row[b] += share * (class.products[a * N + b] / class.count - mean[a] * mean[b]);
                }
            }
            grand.iter_mut().zip(&mean).for_each(|(total, value)| *total += share * value);
            means[index] = Some(mean);
        }
        if means.iter().flatten().count() < 2 {
            return None;
        }
        let mut deviation = vec![0.0; N];
        for (a, deviation) in deviation.iter_mut().enumerate() {
            let between: f64 = means.iter().flatten().map(|mean| share * (mean[a] - grand[a]).powi(2)).sum();
            *deviation = (within[a * N + a].max(0.0) + between).sqrt().max(LEAST_DEVIATION);
        }
        let about = self.about.iter().map(|value| f64::from(*value));
        Some(Statistics { about: about.collect(), means, grand, within, deviation })
    }
}

/// A feature that hardly moves in a recording is not blown up beyond this.
const LEAST_DEVIATION: f64 = 1e-3;

impl ClassMoments {
    fn take_in(&mut self, block: &[Row]) {
        self.count += block.len() as f64;
        for row in block {
            self.sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let mut line = [0.0_f32; N];
        for a in 0..N {
            line[a..].fill(0.0);
            // Four rows at a time: the line is loaded and stored a quarter as often.
            let mut quads = block.chunks_exact(4);
            for quad in &mut quads {
                let [w, x, y, z] = [quad[0][a], quad[1][a], quad[2][a], quad[3][a]];
                let parts = quad[0][a..].iter().zip(&quad[1][a..]).zip(&quad[2][a..]).zip(&quad[3][a..]);
                for (total, (((p, q), r), s)) in line[a..].iter_mut().zip(parts) {
                    *total += w * p + x * q + y * r + z * s;
                }
            }
            for row in quads.remainder() {
                line[a..].iter_mut().zip(&row[a..]).for_each(|(total, value)| *total += row[a] * value);
            }
            let products = &mut self.products[a * N + a..(a + 1) * N];
            products.iter_mut().zip(&line[a..]).for_each(|(total, value)| *total += f64::from(*value));
        }
    }
}

/// Means and the common scatter within rasas.
#[derive(Debug)]
pub struct Statistics {
    about: Vec<f64>,
    means: [Option<Vec<f64>>; Rasa::COUNT],
    grand: Vec<f64>,
    within: Vec<f64>,
    deviation: Vec<f64>,
}

/// Nine lines through normalised features; rasas that were not recorded have none.
#[derive(Debug, Clone, PartialEq)]
pub struct Discriminant {
    /// Subtracted from the features.
    pub mean: Vec<f32>,
    /// Then divided by.
    pub deviation: Vec<f32>,
    /// Log-odds of each rasa by normalised feature, with a mean of 0 over the rasas there are.
    pub weights: [Option<Vec<f32>>; Rasa::COUNT],
    /// Log-odds of the mean face.
    pub bias: [f32; Rasa::COUNT],
    /// Mean of each rasa in normalised features.
    pub centres: [Option<Vec<f32>>; Rasa::COUNT],
    /// Turns normalised features so that those of one rasa scatter alike in all directions: a square, row after row.
    pub whitening: Option<Vec<f32>>,
    /// What was subtracted from the log-odds so that their mean is 0: weights and bias of the mean.
    middle: Vec<f32>,
    middle_bias: f32,
}

impl Discriminant {
    /// How far a normalised face is from the nearest rasa that was recorded: half the squared distance in whitened features, its
    /// `likelihood` being that of the likeliest rasa in log-odds.
    pub fn distance(&self, normal: &[f32], likeliest: f32) -> f32 {
        self.scatter(normal)
            - likeliest
            - self.middle_bias
            - self.middle.iter().zip(normal).map(|(m, v)| m * v).sum::<f32>()
    }

    /// Half the squared length of a normalised face in whitened features.
    fn scatter(&self, normal: &[f32]) -> f32 {
        let rows = self.whitening.iter().flat_map(|rows| rows.chunks_exact(N));
        rows.map(|row| row.iter().zip(normal).map(|(w, v)| w * v).sum::<f32>().powi(2)).sum::<f32>() / 2.0
    }

    /// Weights and bias of the mean that was subtracted.
    pub fn middle(&self) -> (&[f32], f32) {
        (&self.middle, self.middle_bias)
    }
}

impl Statistics {
    /// The discriminant, with the whitening if that is wanted, at a shrinkage between 0 (the scatter as measured) and 1 (features taken as independent).
    pub fn discriminant(&self, shrinkage: f64, wanted: bool) -> Option<Discriminant> {
        let scale = |a: usize, b: usize| self.within[a * N + b] / (self.deviation[a] * self.deviation[b]);
        let trace: f64 = (0..N).map(|a| scale(a, a)).sum::<f64>() / N as f64;
        let mut factor = vec![0.0; N * N];
        for a in 0..N {
            for b in a..N {
                let ridge = if a == b { shrinkage * trace.max(1e-9) } else { 0.0 };
                factor[b * N + a] = (1.0 - shrinkage) * scale(a, b) + ridge;
            }
        }
        cholesky(&mut factor)?;
        let whitening = wanted.then(|| inverse(&factor));
        let normal =
            |mean: &Vec<f64>| -> Vec<f64> { (0..N).map(|k| (mean[k] - self.grand[k]) / self.deviation[k]).collect() };
        let centres: [Option<Vec<f64>>; Rasa::COUNT] = std::array::from_fn(|i| self.means[i].as_ref().map(normal));
        let lines: [Option<Vec<f64>>; Rasa::COUNT] =
            std::array::from_fn(|i| centres[i].as_ref().map(|centre| solve(&factor, centre)));
        let bias: [f64; Rasa::COUNT] = std::array::from_fn(|i| match (&lines[i], &centres[i]) {
            (Some(line), Some(centre)) => -line.iter().zip(centre).map(|(w, m)| w * m).sum::<f64>() / 2.0,
            _ => 0.0,
        });
        let count = lines.iter().flatten().count() as f64;
        let middle: Vec<f64> =
            (0..N).map(|k| lines.iter().flatten().map(|line| line[k]).sum::<f64>() / count).collect();
        let middle_bias = bias.iter().sum::<f64>() / count;
        let single = |values: &[f64]| values.iter().map(|value| *value as f32).collect::<Vec<f32>>();
        Some(Discriminant {
            mean: (0..N).map(|k| (self.about[k] + self.grand[k]) as f32).collect(),
            deviation: single(&self.deviation),
            weights: lines.map(|line| line.map(|line| line.iter().zip(&middle).map(|(w, m)| (w - m) as f32).collect())),
            bias: bias.map(|bias| (bias - middle_bias) as f32),
            centres: centres.map(|centre| centre.map(|centre| single(&centre))),
            whitening,
            middle: single(&middle),
            middle_bias: middle_bias as f32,
        })
    }
}

/// The lower factor of a symmetric matrix, in place; `None` if it is not positive.
fn cholesky(m: &mut [f64]) -> Option<()> {
    for a in 0..N {
        for b in 0..=a {
            let (above, row) = m.split_at(a * N);
            let left = if a == b { &row[..b] } else { &above[b * N..b * N + b] };
            let sum: f64 = row[..b].iter().zip(left).map(|(x, y)| x * y).sum();
            let rest = m[a * N + b] - sum;
            m[a * N + b] = if a == b {
                if rest <= 1e-12 {
                    return None;
                }
                rest.sqrt()
            } else {
                rest / m[b * N + b]
            };
        }
    }
    Some(())
}

/// The inverse of a lower factor.
fn inverse(factor: &[f64]) -> Vec<f32> {
    let mut columns = vec![0.0_f64; N * N];
    for (c, column) in columns.chunks_exact_mut(N).enumerate() {
        for a in c..N {
            let sum: f64 = factor[a * N + c..a * N + a].iter().zip(&column[c..a]).map(|(l, v)| l * v).sum();
            column[a] = (f64::from(u8::from(a == c)) - sum) / factor[a * N + a];
        }
    }
    (0..N * N).map(|place| columns[place % N * N + place / N] as f32).collect()
}

fn solve(factor: &[f64], right: &[f64]) -> Vec<f64> {
    let mut x = right.to_vec();
    for a in 0..N {
        let sum: f64 = factor[a * N..a * N + a].iter().zip(&x[..a]).map(|(l, v)| l * v).sum();
        x[a] = (x[a] - sum) / factor[a * N + a];
    }
    for a in (0..N).rev() {
        x[a] /= factor[a * N + a];
        let value = x[a];
        for (b, other) in x[..a].iter_mut().enumerate() {
            *other -= factor[a * N + b] * value;
        }
    }
    x
}
