//! Takes as tables of numbers, for other programs and back: a folder of a file for each take, and `takes.csv`, which says
//! what each take is.
//!
//! | column | of each observation | |
//! |---|---|---|
//! | `frame`, `time_ms`, `width`, `height` | 1 | number and time of the frame, its size in pixels |
//! | `face_score`, `face_yaw_deg`, `face_pitch_deg`, `face_roll_deg` | 1 | the face, if there is one |
//! | `face` | 478 × 3 | landmarks in pixels of the frame |
//! | `blendshapes`, `upright_blendshapes` | 52 | as they stand in the picture, and turned upright |
//! | `hand_1_right`, `hand_1_score` | 1 | the first hand, if there is one; 1 if it is the performer's right |
//! | `hand_1`, `hand_1_world` | 21 × 3 | landmarks in pixels, and in metres |
//! | `hand_2_right` … `hand_2_world` | | the second hand |
//!
//! What was not seen is NaN in NumPy's files, an empty cell in CSV, a null in Parquet.
//!
//! What comes back may have been through pandas, pyarrow or a spreadsheet: numbers of other kinds, other compressions, lists
//! in other shapes or a column for each number (as in CSV), columns of nulls only, further columns. A table is refused
//! before it fills the memory: by its rows, and by what its parts promise or unfold to.

mod columns;
mod csv;
mod list;
mod numpy;
mod pages;
mod parquet;
#[cfg(test)]
mod python;
mod sheet;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use columns::Table;
use rasika_device::output::Output;
use rasika_models::Rasa;

use super::{Dataset, Observations, Take};

/// What the list of takes is called.
pub const LIST: &str = "takes.csv";

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A row of float64 for each observation, all columns side by side
    Npy,
    /// An array for each column
    Npz,
    /// A line for each observation, a cell for each number
    Csv,
    /// A row for each observation, lists of float32 for points and scores
    Parquet,
}

impl Format {
    const ALL: [Self; 4] = [Self::Npy, Self::Npz, Self::Csv, Self::Parquet];

    /// How the name of a file ends.
    fn ending(self) -> &'static str {
        match self {
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?;
        Self::ALL.into_iter().find(|format| ending == format.ending())
    }
}

/// Writes takes into a folder, and the list of them.
///
/// # Errors
/// They cannot be read, or the disk says no.
pub fn write(folder: &Path, format: Format, from: &dyn Dataset, mut each: impl FnMut(&Take)) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let takes = from.takes()?;
    for take in &takes {
        super::folder::ensure_plain(&take.id)?;
        let path = folder.join(format!("{}.{}", take.id, format.ending()));
        let cannot = || format!("cannot write {}", path.display());
        let seen = from.observations(take)?.collect::<Result<Vec<_>>>()?;
        let mut file = Output::begin(&path).with_context(cannot)?;
        match format {
            Format::Npy => numpy::write_npy(&mut file, &seen).with_context(cannot)?,
            Format::Npz => numpy::write_npz(&mut file, &seen).with_context(cannot)?,
            Format::Csv => csv::write(&mut file, take, &seen).with_context(cannot)?,
            Format::Parquet => parquet::write(&mut file, take, &seen).with_context(cannot)?,
        }
        file.finish().with_context(cannot)?;
        each(take);
    }
    list::write(&folder.join(LIST), &takes)
}

/// A folder of tables.
#[derive(Debug)]
pub struct Tables {
    takes: Vec<(Take, PathBuf)>,
}

impl Tables {
    /// Reads the list, and looks for the file of each take.
    ///
    /// # Errors
    /// The list cannot be read, or a take has no file.
    pub fn open(folder: &Path) -> Result<Self> {
        let list = folder.join(LIST);
        if !list.exists() && folder.join("takes.xlsx").exists() {
            anyhow::bail!("{}: a workbook is not read; save its sheet as {LIST}, 'CSV UTF-8'", folder.display());
        }
        let takes = list::read(&list)?.into_iter().map(|take| {
            super::folder::ensure_plain(&take.id).with_context(|| list.display().to_string())?;
            let paths = Format::ALL.map(|format| folder.join(format!("{}.{}", take.id, format.ending())));
            let mut there = paths.into_iter().filter(|path| path.exists());
            let path = there.next().with_context(|| {
                let file = folder.join(&take.id);
                format!(
                    "{} tells of the take {}, and there is no file {}.npz or the like",
                    list.display(),
                    take.id,
                    file.display()
                )
            })?;
            if let Some(other) = there.next() {
                anyhow::bail!("{} and {} are both the take {}; remove one", path.display(), other.display(), take.id);
            }
            Ok((take, path))
        });
        Ok(Self { takes: takes.collect::<Result<_>>()? })
    }
}

impl Dataset for Tables {
    fn takes(&self) -> Result<Vec<Take>> {
        Ok(self.takes.iter().map(|(take, _)| take.clone()).collect())
    }

    fn observations(&self, take: &Take) -> Result<Observations<'_>> {
        let known = self.takes.iter().find(|(known, _)| known.id == take.id);
        let (_, path) = known.with_context(|| format!("there is no take '{}'", take.id))?;
        let of = || path.display().to_string();
        let seen = read(path, &Told { take: &take.id, label: take.label }).and_then(Table::observations);
        Ok(Box::new(seen.with_context(of)?.map(move |seen| seen.with_context(of))))
    }
}

fn read(path: &Path, told: &Told<'_>) -> Result<Table> {
    match Format::of(path) {
        Some(Format::Npy) => numpy::read_npy(path),
        Some(Format::Npz) => numpy::read_npz(path),
        Some(Format::Csv) => csv::read(path, told),
        Some(Format::Parquet) => parquet::read(path, told),
        None => anyhow::bail!("it is no table"),
    }
}

/// Opens a file of numbers: a pipe or device would be waited for, or have no end.
fn open(path: &Path) -> Result<File> {
    ensure!(path.metadata()?.is_file(), "it is no file");
    Ok(File::open(path)?)
}

/// What the list tells of a take, which its table may tell too.
struct Told<'a> {
    take: &'a str,
    label: Rasa,
}

impl Told<'_> {
    /// Compares the take that a row of the table names.
    fn check_take(&self, text: &str, row: fmt::Arguments<'_>) -> Result<()> {
        ensure!(
            text.is_empty() || text == self.take,
            "{row} is of the take '{text}', and {LIST} calls it '{}'",
            self.take
        );
        Ok(())
    }

    /// Compares the label of a row of the table.
    fn check_label(&self, text: &str, row: fmt::Arguments<'_>) -> Result<()> {
        if text.is_empty() || text == self.label.name() {
            return Ok(());
        }
        let label: Rasa = text.parse().map_err(|error| anyhow::anyhow!("{row}, column label: {error}"))?;
        let here = self.label;
        ensure!(label == here, "{row} is labelled {label}, and {LIST} says {here}; write the right one in both");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasika_models::Observation;
    use rasika_models::observation::{Face, Hand, Side};

    /// Takes in memory.
    pub struct Several(pub Vec<(Take, Vec<Observation>)>);

    impl Dataset for Several {
        fn takes(&self) -> Result<Vec<Take>> {
            Ok(self.0.iter().map(|(take, _)| take.clone()).collect())
        }

        fn observations(&self, take: &Take) -> Result<Observations<'_>> {
            let (_, seen) = self.0.iter().find(|(known, _)| known.id == take.id).unwrap();
            Ok(Box::new(seen.iter().cloned().map(Ok)))
        }
    }

    /// No face in the second, and ever more hands.
    pub fn seen(frame: u64) -> Observation {
        let at = |index: usize| (index as f32 * 0.37 + frame as f32) / 3.0;
        let points = |count| (0..count).map(|index| [at(index), -at(index), at(index) / 7.0]).collect::<Vec<_>>();
        let face = Face {
            landmarks: points(478),
            blendshapes: (0..52).map(|index| at(index) / 100.0).collect(),
            // Recordings of elsewhere may lack them.
            upright_blendshapes: if frame == 2 { Vec::new() } else { vec![0.1; 52] },
            yaw_deg: 1.5,
            pitch_deg: -2.25,
            roll_deg: 0.1,
            score: 0.99,
        };
        let hand = |side| Hand { side, score: 0.7, landmarks: points(21), world: points(21) };
        Observation {
            frame,
            time_ms: frame as f64 * 100.0 / 3.0,
            width: 640,
            height: 480,
            face: (frame != 1).then_some(face),
            hands: [Side::Right, Side::Left].into_iter().take(frame as usize).map(hand).collect(),
        }
    }

    pub fn take(id: &str, label: Rasa) -> Take {
        Take {
            id: id.to_owned(),
            box_id: "stage, \"left\"".to_owned(),
            label,
            performer: "Ānanda and friend".to_owned(),
            started_unix_ms: 1_795_000_000_123,
            width: 640,
            height: 480,
            mirrored: true,
            reconstructed: vec!["depth".to_owned(), "irises".to_owned()],
        }
    }

    fn seen_in(path: &Path, take: &Take) -> Result<Vec<Observation>> {
        read(path, &Told { take: &take.id, label: take.label })?.observations()?.collect()
    }

    #[test]
    fn every_format_gives_back_what_it_was_given() {
        let mut take = take("a-1", Rasa::from_index(4).unwrap());
        take.performer = "Ānanda\nand friend".to_owned();
        let given = Several(vec![(take.clone(), (0..3).map(seen).collect())]);
        for format in Format::ALL {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), format, &given, |_| {}).unwrap();
            let tables = Tables::open(folder.path()).unwrap();
            assert_eq!(tables.takes().unwrap(), std::slice::from_ref(&take), "{format:?}");
            let back = tables.observations(&take).unwrap().collect::<Result<Vec<_>>>().unwrap();
            assert_eq!(back, given.0[0].1, "{format:?}");
        }
    }

    #[test]
    fn damaged_files_are_refused() {
        let take = take("a", Rasa::from_index(0).unwrap());
        let given = Several(vec![(take.clone(), vec![seen(0), seen(2)])]);
        for format in Format::ALL {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), format, &given, |_| {}).unwrap();
            let path = folder.path().join(format!("a.{}", format.ending()));
            let whole = std::fs::read(&path).unwrap();
            // A CSV that ends in the middle of its last number is a whole one.
            let last = if format == Format::Csv { whole.len() - 2000 } else { whole.len() - 9 };
            for cut in [0, 1, 9, 70, whole.len() / 2, last] {
                std::fs::write(&path, &whole[..cut]).unwrap();
                assert!(seen_in(&path, &take).is_err(), "{format:?} cut at {cut}");
            }
            for at in (0..whole.len()).step_by(whole.len() / 200 + 1) {
                let mut bytes = whole.clone();
                bytes[at] ^= 0x55;
                std::fs::write(&path, &bytes).unwrap();
                // Numbers may be other numbers; nothing panics.
                let _ = seen_in(&path, &take);
            }
        }
    }

    #[test]
    fn promises_of_gigabytes_are_refused_before_they_are_read() {
        use std::io::Write as _;
        let take = take("a", Rasa::from_index(0).unwrap());
        let given = Several(vec![(take.clone(), vec![seen(2)])]);
        let folder = tempfile::tempdir().unwrap();
        let path = |ending: &str| folder.path().join(format!("a.{ending}"));
        let refused = |ending: &str, words: &str| {
            let said = format!("{:#}", seen_in(&path(ending), &take).unwrap_err());
            assert!(said.contains(words), "{said}");
        };
        // An array of one column says a billion rows, or more of them than another.
        for (shape, words) in
            [("(1000000000,)", "promises 1000000000 rows"), ("(100000, 478, 3)", "100000 rows, and frame has 1")]
        {
            write(folder.path(), Format::Npz, &given, |_| {}).unwrap();
            let mut whole = zip::ZipArchive::new(File::open(path("npz")).unwrap()).unwrap();
            let mut other = zip::ZipWriter::new(File::create(path("other")).unwrap());
            let name = if shape.contains("478") { "face.npy" } else { "frame.npy" };
            for index in 0..whole.len() {
                let file = whole.by_index_raw(index).unwrap();
                if file.name() != name {
                    other.raw_copy_file(file).unwrap();
                }
            }
            other.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            let head = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
            other.write_all(b"\x93NUMPY\x01\x00").unwrap();
            other.write_all(&(head.len() as u16).to_le_bytes()).unwrap();
            other.write_all(head.as_bytes()).unwrap();
            other.write_all(&vec![0; 1 << 24]).unwrap();
            other.finish().unwrap();
            std::fs::rename(path("other"), path("npz")).unwrap();
            refused("npz", words);
        }
        // A device has no end.
        std::os::unix::fs::symlink("/dev/zero", path("csv")).unwrap();
        refused("csv", "it is no file");
    }
}
