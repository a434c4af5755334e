//! NumPy's file format, as far as a table of numbers needs it: versions 1 to 3, `<f8` or `<f4`, rows first.

use std::path::Path;

use anyhow::{Context as _, Result};

/// Most numbers that a file may hold: an hour of frames.
const MOST_VALUES: usize = 120_000 * 1020;

/// A table of numbers, row after row.
#[derive(Debug, PartialEq)]
pub struct Table {
    pub columns: usize,
    pub values: Vec<f64>,
}

/// Reads a file.
pub fn read(path: &Path) -> Result<Table> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&bytes).with_context(|| {
        format!(
            "{} is not a table that NumPy saved (rows × columns of little-endian float64 or float32)",
            path.display()
        )
    })
}

/// The table that the bytes of a file are; `None` if they are none.
pub fn parse(bytes: &[u8]) -> Option<Table> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (head, data) = match rest.first()? {
        1 => rest.get(4..)?.split_at_checked(usize::from(u16::from_le_bytes(rest.get(2..4)?.try_into().ok()?)))?,
        2 | 3 => rest.get(6..)?.split_at_checked(u32::from_le_bytes(rest.get(2..6)?.try_into().ok()?) as usize)?,
        _ => return None,
    };
    let head = std::str::from_utf8(head).ok()?;
    let after = |key: &str| Some(head.split_once(&format!("'{key}':"))?.1.trim_start());
    if !after("fortran_order")?.starts_with("False") {
        return None;
    }
    let shape = after("shape")?.strip_prefix('(')?.split_once(')')?.0;
    let mut shape = shape.split(',').map(str::trim).filter(|text| !text.is_empty()).map(str::parse::<usize>);
    let (rows, columns) = (shape.next()?.ok()?, shape.next()?.ok()?);
    let count = rows.checked_mul(columns).filter(|&count| count <= MOST_VALUES && shape.next().is_none())?;
    let values: Vec<f64> = match after("descr")?.get(..5)? {
        "'<f8'" => data.chunks_exact(8).filter_map(|b| Some(f64::from_le_bytes(b.try_into().ok()?))).collect(),
        "'<f4'" => data.chunks_exact(4).filter_map(|b| Some(f32::from_le_bytes(b.try_into().ok()?).into())).collect(),
        _ => return None,
    };
    (values.len() == count && columns > 0).then_some(Table { columns, values })
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
    fn a_table_is_read_and_damage_is_refused() {
        let head = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n";
        let good = file(head, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(parse(&good), Some(Table { columns: 3, values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0] }));
        assert!((0..good.len()).all(|n| parse(&good[..n]).is_none()));
        assert_eq!(parse(&file(&head.replace("(2, 3)", "(9999999999, 9999999999)"), &[])), None);
        assert_eq!(parse(&file(&head.replace("False", "True"), &[0.0; 6])), None);
    }
}
