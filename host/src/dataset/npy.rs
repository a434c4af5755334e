//! NumPy's file format, as far as numbers need it: versions 1 to 3, float64 or float32 of either byte order, rows or (in two
//! dimensions) columns first.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context as _, Result};

/// Most numbers that a file may hold: an hour of frames.
const MOST_VALUES: usize = 120_000 * 1020;

/// Numbers in rows, as large as its shape says.
#[derive(Debug, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

impl Array {
    /// Numbers in each row: what is not the first dimension.
    pub fn columns(&self) -> usize {
        self.shape.iter().skip(1).product()
    }
}

/// Reads a file.
pub fn read(path: &Path) -> Result<Array> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&bytes)
        .with_context(|| format!("{} is not an array that NumPy saved of float64 or float32 numbers", path.display()))
}

/// The array that the bytes of a file are; `None` if they are none.
pub fn parse(bytes: &[u8]) -> Option<Array> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (head, data) = match rest.first()? {
        1 => rest.get(4..)?.split_at_checked(usize::from(u16::from_le_bytes(rest.get(2..4)?.try_into().ok()?)))?,
        2 | 3 => rest.get(6..)?.split_at_checked(u32::from_le_bytes(rest.get(2..6)?.try_into().ok()?) as usize)?,
        _ => return None,
    };
    let head = std::str::from_utf8(head).ok()?;
    let after = |key: &str| Some(head.split_once(&format!("'{key}':"))?.1.trim_start());
    let columns_first = after("fortran_order")?.starts_with("True");
    let shape = after("shape")?.strip_prefix('(')?.split_once(')')?.0;
    let shape = shape.split(',').map(str::trim).filter(|text| !text.is_empty());
    let shape: Vec<usize> = shape.map(str::parse).collect::<Result<_, _>>().ok()?;
    let count = shape.iter().try_fold(1, |count: usize, dimension| count.checked_mul(*dimension))?;
    if shape.is_empty() || count > MOST_VALUES {
        return None;
    }
    let values: Vec<f64> = match after("descr")?.get(..5)? {
        "'<f8'" => data.chunks_exact(8).filter_map(|b| Some(f64::from_le_bytes(b.try_into().ok()?))).collect(),
        "'>f8'" => data.chunks_exact(8).filter_map(|b| Some(f64::from_be_bytes(b.try_into().ok()?))).collect(),
        "'<f4'" => data.chunks_exact(4).filter_map(|b| Some(f32::from_le_bytes(b.try_into().ok()?).into())).collect(),
        "'>f4'" => data.chunks_exact(4).filter_map(|b| Some(f32::from_be_bytes(b.try_into().ok()?).into())).collect(),
        _ => return None,
    };
    if values.len() != count {
        return None;
    }
    let values = match (columns_first, &shape[..]) {
        (false, _) | (true, [_]) => values,
        (true, &[rows, columns]) => (0..count).map(|at| values[at % columns * rows + at / columns]).collect(),
        (true, _) => return None,
    };
    Some(Array { shape, values })
}

/// Writes an array in version 1.0, of float32 where that is exact enough.
pub fn write(to: &mut impl Write, shape: &[usize], single: bool, values: &[f64]) -> io::Result<()> {
    let of = if single { "<f4" } else { "<f8" };
    // A tuple of one has a comma behind it too.
    let shape: String = shape.iter().map(|dimension| format!("{dimension}, ")).collect();
    let mut head = format!("{{'descr': '{of}', 'fortran_order': False, 'shape': ({}), }}", shape.trim_end());
    // Magic, version and length take 10 bytes; the whole head ends with a newline on a multiple of 64.
    while !(10 + head.len() + 1).is_multiple_of(64) {
        head.push(' ');
    }
    head.push('\n');
    to.write_all(b"\x93NUMPY\x01\x00")?;
    to.write_all(&(head.len() as u16).to_le_bytes())?;
    to.write_all(head.as_bytes())?;
    for value in values {
        if single {
            to.write_all(&(*value as f32).to_le_bytes())?;
        } else {
            to.write_all(&value.to_le_bytes())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(head: &str, values: &[f64]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((head.len() as u16).to_le_bytes());
        bytes.extend(head.bytes());
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        bytes
    }

    #[test]
    fn an_array_is_read_and_damage_is_refused() {
        let head = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n";
        let good = file(head, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let read = parse(&good).unwrap();
        assert_eq!((read.columns(), &read.values[..]), (3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0][..]));
        assert!((0..good.len()).all(|n| parse(&good[..n]).is_none()));
        assert_eq!(parse(&file(&head.replace("(2, 3)", "(9999999999, 9999999999)"), &[])), None);
        // As `np.save` writes the same array in Fortran's order, and on a machine of the other byte order.
        let by_columns = file(&head.replace("False", "True"), &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(parse(&by_columns).unwrap(), read);
        let mut swapped = file(&head.replace('<', ">"), &[]);
        swapped.extend(read.values.iter().flat_map(|value| value.to_be_bytes()));
        assert_eq!(parse(&swapped).unwrap(), read);
        assert_eq!(parse(&file(&head.replace("False", "True").replace("(2, 3)", "(1, 2, 3)"), &[0.0; 6])), None);
    }

    #[test]
    fn what_is_written_is_read() {
        for shape in [vec![4], vec![2, 2], vec![1, 2, 2]] {
            let mut bytes = Vec::new();
            write(&mut bytes, &shape, shape.len() > 1, &[0.5, -1.0, 2.0, 1e9]).unwrap();
            assert_eq!(parse(&bytes), Some(Array { shape, values: vec![0.5, -1.0, 2.0, 1e9] }));
        }
    }
}
