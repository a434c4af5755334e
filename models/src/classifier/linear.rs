//! The little linear algebra that a linear discriminant needs.

/// Solves `matrix · x = right` for each right-hand side (Gauss-Jordan with partial pivots); `None` if singular.
pub(super) fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    let n = matrix.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))?;
        if matrix[pivot][column].abs() < 1e-9 {
            return None;
        }
        matrix.swap(column, pivot);
        right.iter_mut().for_each(|side| side.swap(column, pivot));
        for row in (0..n).filter(|&row| row != column) {
            let factor = matrix[row][column] / matrix[column][column];
            for k in column..n {
                matrix[row][k] -= factor * matrix[column][k];
            }
            right.iter_mut().for_each(|side| side[row] -= factor * side[column]);
        }
    }
    for side in &mut right {
        for (row, value) in side.iter_mut().enumerate() {
            *value /= matrix[row][row];
        }
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::solve;

    #[test]
    fn solves_what_needs_a_row_exchange() {
        let x = solve(vec![vec![0.0, 2.0], vec![4.0, 1.0]], vec![vec![2.0, 9.0]]).expect("regular");
        assert!((x[0][0] - 2.0).abs() < 1e-12 && (x[0][1] - 1.0).abs() < 1e-12);
        assert!(solve(vec![vec![1.0, 2.0], vec![2.0, 4.0]], vec![vec![1.0, 1.0]]).is_none());
    }
}
