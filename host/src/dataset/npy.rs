//! NumPy's file format, as far as numbers need it: versions 1 to 3, numbers of every kind and byte order, rows or columns
//! first. A head is believed only as far as numbers follow it.

use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

/// Most numbers that a file may hold: an hour of frames.
const MOST_VALUES: usize = 120_000 * 1020;
/// Most bytes of a head.
const MOST_HEAD: usize = 1 << 16;
/// Numbers that are read at a time.
const AT_ONCE: usize = 8192;

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
    let cannot = || format!("cannot read {}", path.display());
    ensure!(path.metadata().with_context(cannot)?.is_file(), "{} is no file", path.display());
    let mut file = io::BufReader::new(std::fs::File::open(path).with_context(cannot)?);
    array(&mut file).with_context(|| path.display().to_string())
}

/// The array that is read from somewhere to its end.
fn array(from: &mut impl Read) -> Result<Array> {
    let head = Head::read(from)?;
    ensure!(head.count()? <= MOST_VALUES, "it promises {} numbers; at most {MOST_VALUES} are read", head.count()?);
    let mut values = Vec::new();
    head.values(from, |value| values.push(value))?;
    let values = if head.columns_first { head.in_rows(&values) } else { values };
    Ok(Array { shape: head.shape, values })
}

/// What a file says of its numbers.
#[derive(Debug)]
pub struct Head {
    pub shape: Vec<usize>,
    /// Fortran's order: the first dimension changes fastest.
    pub columns_first: bool,
    kind: Kind,
}

/// A kind of number: its letter as NumPy has it, its bytes, and whether the highest comes first.
#[derive(Debug, Clone, Copy)]
struct Kind {
    letter: u8,
    size: usize,
    big: bool,
}

impl Head {
    /// Reads it.
    pub fn read(from: &mut impl Read) -> Result<Self> {
        let mut begin = [0; 8];
        let is_array = from.read_exact(&mut begin).is_ok() && begin.starts_with(b"\x93NUMPY");
        ensure!(is_array, "it is not an array that NumPy saved");
        let (mut two, mut four) = ([0; 2], [0; 4]);
        let length = match begin[6] {
            1 => from.read_exact(&mut two).map(|()| usize::from(u16::from_le_bytes(two))),
            2 | 3 => from.read_exact(&mut four).map(|()| u32::from_le_bytes(four) as usize),
            version => bail!("NumPy's format {version} is not known here"),
        };
        let length = length.context("it ends in its head")?;
        ensure!(length <= MOST_HEAD, "its head is longer than {MOST_HEAD} bytes");
        let mut head = vec![0; length];
        from.read_exact(&mut head).context("it ends in its head")?;
        let head = String::from_utf8(head).ok().context("its head makes no sense")?;
        let after = |key: &str| {
            let rest = head.split_once(&format!("'{key}':")).with_context(|| format!("its head has no {key}"))?.1;
            Ok::<_, anyhow::Error>(rest.trim_start())
        };
        let shape = after("shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let shape = shape.context("its shape makes no sense")?.0;
        let shape = shape.split(',').map(str::trim).filter(|text| !text.is_empty()).map(str::parse);
        let shape: Vec<usize> = shape.collect::<Result<_, _>>().context("its shape makes no sense")?;
        ensure!(!shape.is_empty(), "it is a single number and no array");
        Ok(Self { shape, columns_first: after("fortran_order")?.starts_with("True"), kind: Kind::of(after("descr")?)? })
    }

    /// How many numbers it promises.
    pub fn count(&self) -> Result<usize> {
        let count = self.shape.iter().try_fold(1, |count: usize, dimension| count.checked_mul(*dimension));
        count.with_context(|| format!("it promises the shape {:?}", self.shape))
    }

    /// Numbers in each row: what is not the first dimension.
    pub fn columns(&self) -> usize {
        self.shape.iter().skip(1).fold(1, |columns: usize, dimension| columns.saturating_mul(*dimension))
    }

    /// Reads the numbers, in their order in the file, which must end with them.
    pub fn values(&self, from: &mut impl Read, mut each: impl FnMut(f64)) -> Result<()> {
        let (count, size) = (self.count()?, self.kind.size);
        let mut bytes = vec![0; AT_ONCE * size];
        let mut left = count;
        while left > 0 {
            let part = &mut bytes[..left.min(AT_ONCE) * size];
            from.read_exact(part)
                .with_context(|| format!("it ends {left} numbers before the {count} that it promises"))?;
            part.chunks_exact(size).for_each(|bytes| each(self.kind.number(bytes)));
            left -= part.len() / size;
        }
        ensure!(from.read(&mut bytes[..1])? == 0, "it goes on behind the {count} numbers that it promises");
        Ok(())
    }

    /// Numbers that came with the first dimension fastest, as rows.
    pub fn in_rows<T: Copy>(&self, values: &[T]) -> Vec<T> {
        let mut strides = Vec::with_capacity(self.shape.len());
        let mut stride = 1;
        for dimension in &self.shape {
            strides.push(stride);
            stride *= dimension;
        }
        let place = |mut index: usize| {
            let mut at = 0;
            for (dimension, stride) in self.shape.iter().zip(&strides).rev() {
                at += index % dimension * stride;
                index /= dimension;
            }
            values[at]
        };
        (0..values.len()).map(place).collect()
    }
}

impl Kind {
    /// The kind that a head describes, as `'<f8'`.
    fn of(description: &str) -> Result<Self> {
        let name = description.strip_prefix('\'').and_then(|rest| rest.split_once('\''));
        let name = name.context("it is a table of several kinds of numbers; save an array of one kind")?.0;
        let unknown = || format!("its numbers are of the kind '{name}'; save float64, float32 or whole numbers");
        let [order, letter, size] = name.as_bytes() else { bail!(unknown()) };
        let size = usize::from(size.wrapping_sub(b'0'));
        let is_known = match letter {
            b'f' => matches!(size, 2 | 4 | 8),
            b'i' | b'u' => matches!(size, 1 | 2 | 4 | 8),
            b'b' => size == 1,
            _ => false,
        };
        ensure!(is_known && matches!(order, b'<' | b'>' | b'|' | b'='), unknown());
        Ok(Self { letter: *letter, size, big: *order == b'>' })
    }

    /// A number of so many bytes.
    fn number(self, bytes: &[u8]) -> f64 {
        let mut low = [0; 8];
        for (to, from) in low.iter_mut().zip(bytes) {
            *to = *from;
        }
        if self.big {
            low[..self.size].reverse();
        }
        let bits = u64::from_le_bytes(low);
        // What is not of this number was shifted out, with the sign as it comes in.
        let unused = 64 - 8 * self.size as u32;
        match (self.letter, self.size) {
            (b'f', 8) => f64::from_bits(bits),
            (b'f', 4) => f32::from_bits(bits as u32).into(),
            (b'f', _) => half(bits as u16),
            (b'i', _) => (((bits << unused) as i64) >> unused) as f64,
            _ => bits as f64,
        }
    }
}

/// A number of IEEE 754's 16 bits.
pub fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff) / 1024.0);
    sign * match exponent {
        0 => fraction * 2.0_f64.powi(-14),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1.0 + fraction) * 2.0_f64.powi(exponent - 15),
    }
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

    fn parse(mut bytes: &[u8]) -> Result<Array> {
        array(&mut bytes)
    }

    fn file(head: &str, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(head.len()).unwrap().to_le_bytes();
        [b"\x93NUMPY\x01\x00", &length[..], head.as_bytes(), data].concat()
    }

    fn doubles(values: &[f64]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    const HEAD: &str = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n";

    #[test]
    fn an_array_is_read_in_every_order_and_damage_is_refused() {
        let good = file(HEAD, &doubles(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        let read = parse(&good).unwrap();
        assert_eq!((read.columns(), &read.values[..]), (3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0][..]));
        assert!((0..good.len()).all(|n| parse(&good[..n]).is_err()));
        // As `np.save` writes the same array in Fortran's order, and on a machine of the other byte order.
        let by_columns = file(&HEAD.replace("False", "True"), &doubles(&[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]));
        assert_eq!(parse(&by_columns).unwrap(), read);
        let swapped: Vec<u8> = read.values.iter().flat_map(|value| value.to_be_bytes()).collect();
        assert_eq!(parse(&file(&HEAD.replace('<', ">"), &swapped)).unwrap(), read);
        // Three dimensions: np.asfortranarray(np.arange(12).reshape(2, 3, 2)).
        let deep = HEAD.replace("False", "True").replace("(2, 3)", "(2, 3, 2)");
        let deep = parse(&file(&deep, &doubles(&[0., 6., 2., 8., 4., 10., 1., 7., 3., 9., 5., 11.]))).unwrap();
        assert_eq!(deep.values, (0..12).map(f64::from).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_of_every_kind_are_read() {
        for (kind, bytes, number) in [
            ("<f4", &1.5_f32.to_le_bytes()[..], 1.5),
            (">f4", &(-1.5_f32).to_be_bytes(), -1.5),
            ("<f2", &[0x00, 0xc1], -2.5),
            ("|i1", &[0xff], -1.0),
            ("|u1", &[0xff], 255.0),
            ("|b1", &[1], 1.0),
            ("<i2", &[0xfe, 0xff], -2.0),
            (">i4", &(-70_000_i32).to_be_bytes(), -70_000.0),
            ("<u4", &3_000_000_000_u32.to_le_bytes(), 3e9),
            ("<i8", &(-5_i64).to_le_bytes(), -5.0),
            ("<u8", &7_u64.to_le_bytes(), 7.0),
        ] {
            let head = HEAD.replace("<f8", kind).replace("(2, 3)", "(1,)");
            assert_eq!(parse(&file(&head, bytes)).unwrap().values, [number], "{kind}");
        }
        for (half_bits, number) in [(0x3c00, 1.0), (0x0001, 2.0_f64.powi(-24)), (0x7bff, 65_504.0)] {
            assert_eq!(half(half_bits), number);
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_by_its_reason() {
        for (head, words) in [
            (HEAD.replace("(2, 3)", "(9999999999, 9999999999)"), "promises the shape"),
            (HEAD.replace("(2, 3)", "(999999999,)"), "promises 999999999 numbers"),
            (HEAD.replace("(2, 3)", "(100, 3)"), "ends 300 numbers before the 300"),
            (HEAD.replace("(2, 3)", "()"), "single number"),
            (HEAD.replace("<f8", "|O"), "'|O'"),
            (HEAD.replace("<f8", "<U8"), "'<U8'"),
            (HEAD.replace("'<f8'", "[('a', '<f8')]"), "several kinds"),
        ] {
            let said = format!("{:#}", parse(&file(&head, &[])).unwrap_err());
            assert!(said.contains(words), "{said}");
        }
        let more = file(HEAD, &doubles(&[0.0; 7]));
        assert!(parse(&more).unwrap_err().to_string().contains("goes on behind"));
    }

    #[test]
    fn what_is_written_is_read() {
        for shape in [vec![4], vec![2, 2], vec![1, 2, 2]] {
            let mut bytes = Vec::new();
            write(&mut bytes, &shape, shape.len() > 1, &[0.5, -1.0, 2.0, 1e9]).unwrap();
            assert_eq!(parse(&bytes).unwrap(), Array { shape, values: vec![0.5, -1.0, 2.0, 1e9] });
        }
    }
}
