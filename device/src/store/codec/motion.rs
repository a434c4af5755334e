//! How a cloud of points moved since it was last seen: an affine map in whole numbers, the prediction of each point.

use super::grid::Point;

/// One of the map's matrix, 12 binary digits.
const ONE: i64 = 1 << 12;
/// No entry of the matrix is larger: a cloud that grows more than eightfold between two frames is another one.
const MOST_FACTOR: i64 = 8 * ONE;

/// Where a point that was at p is expected: centre + shift + matrix × (p - centre) / 4096, rounded down after adding
/// a half; the centre is that of the earlier cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Motion {
    /// Rows of the matrix, as what they differ from those of no motion.
    pub matrix: [[i64; 3]; 3],
    /// In steps.
    pub shift: Point,
}

impl Motion {
    /// Nothing moved.
    pub const NONE: Self = Self { matrix: [[0; 3]; 3], shift: [0; 3] };

    /// The motion that leaves least, by least squares.
    pub fn between(before: &[Point], after: &[Point]) -> Self {
        let (from, to) = (centre(before), centre(after));
        // Normal equations: S·Mᵀ = T, with a small ridge so that a flat cloud has an answer.
        let (mut s, mut t) = ([[0.0; 3]; 3], [[0.0; 3]; 3]);
        for (b, a) in before.iter().zip(after) {
            let b: [f64; 3] = std::array::from_fn(|i| (b[i] - from[i]) as f64);
            let a: [f64; 3] = std::array::from_fn(|i| (a[i] - to[i]) as f64);
            for i in 0..3 {
                for j in 0..3 {
                    s[i][j] += b[i] * b[j];
                    t[i][j] += b[i] * (a[j] - b[j]);
                }
            }
        }
        for (i, row) in s.iter_mut().enumerate() {
            row[i] += before.len() as f64;
        }
        let mut matrix = [[0; 3]; 3];
        if let Some(inverse) = inverse(s) {
            for (row, entries) in matrix.iter_mut().enumerate() {
                for (column, entry) in entries.iter_mut().enumerate() {
                    let factor: f64 = (0..3).map(|k| inverse[column][k] * t[k][row]).sum();
                    // A factor that is no number becomes 0 here.
                    *entry = ((factor * ONE as f64).round() as i64).clamp(-MOST_FACTOR, MOST_FACTOR);
                }
            }
        }
        Self { matrix, shift: std::array::from_fn(|i| to[i] - from[i]) }
    }

    /// Whether the numbers are such as [`Self::between`] gives for points within `most` steps.
    pub fn is_sound(&self, most: i64) -> bool {
        let factors = self.matrix.iter().flatten().all(|factor| factor.abs() <= MOST_FACTOR);
        factors && self.shift.iter().all(|shift| shift.abs() <= 2 * most + 1)
    }

    /// Where a point is expected.
    pub fn expect(&self, point: Point, centre: Point) -> Point {
        let from: Point = std::array::from_fn(|i| point[i] - centre[i]);
        std::array::from_fn(|i| {
            let turned: i64 = (0..3).map(|k| self.matrix[i][k] * from[k]).sum();
            point[i] + self.shift[i] + ((turned + ONE / 2) >> 12)
        })
    }
}

/// The mean of points, rounded towards zero; none have theirs at zero.
pub fn centre(points: &[Point]) -> Point {
    let count = points.len().max(1) as i64;
    std::array::from_fn(|axis| points.iter().map(|point| point[axis]).sum::<i64>() / count)
}

/// The inverse of a symmetric matrix, if it has one.
fn inverse(m: [[f64; 3]; 3]) -> Option<[[f64; 3]; 3]> {
    let cofactor = |row: usize, column: usize| {
        let at = |r: usize, c: usize| m[(row + r) % 3][(column + c) % 3];
        at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)
    };
    let determinant: f64 = (0..3).map(|column| m[0][column] * cofactor(0, column)).sum();
    let found: [[f64; 3]; 3] =
        std::array::from_fn(|row| std::array::from_fn(|column| cofactor(column, row) / determinant));
    found.iter().flatten().all(|value| value.is_finite()).then_some(found)
}
