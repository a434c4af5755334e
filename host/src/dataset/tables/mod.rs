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

mod columns;
mod csv;
mod list;
mod numpy;
mod parquet;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use rasika_models::Observation;

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
        let mut file = BufWriter::new(File::create(&path).with_context(cannot)?);
        match format {
            Format::Npy => numpy::write_npy(&mut file, &seen).with_context(cannot)?,
            Format::Npz => numpy::write_npz(&mut file, &seen).with_context(cannot)?,
            Format::Csv => csv::write(&mut file, take, &seen).with_context(cannot)?,
            Format::Parquet => parquet::write(&mut file, take, &seen).with_context(cannot)?,
        }
        file.flush().with_context(cannot)?;
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
        let takes = list::read(&list)?.into_iter().map(|take| {
            let paths = Format::ALL.map(|format| folder.join(format!("{}.{}", take.id, format.ending())));
            let path = paths.into_iter().find(|path| path.exists()).with_context(|| {
                format!(
                    "{} tells of the take {}, and there is no file {0}/{1}.npz or the like",
                    list.display(),
                    take.id
                )
            })?;
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
        Ok(Box::new(read(path).with_context(|| path.display().to_string())?.into_iter().map(Ok)))
    }
}

fn read(path: &Path) -> Result<Vec<Observation>> {
    let table = match Format::of(path) {
        Some(Format::Npy) => numpy::read_npy(path)?,
        Some(Format::Npz) => numpy::read_npz(path)?,
        Some(Format::Csv) => csv::read(path)?,
        Some(Format::Parquet) => parquet::read(path)?,
        None => anyhow::bail!("it is no table"),
    };
    let seen = columns::observations(&table)?;
    ensure!(!seen.is_empty(), "it has no rows");
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasika_models::Rasa;
    use rasika_models::observation::{Face, Hand, Side};

    struct One(Take, Vec<Observation>);

    impl Dataset for One {
        fn takes(&self) -> Result<Vec<Take>> {
            Ok(vec![self.0.clone()])
        }

        fn observations(&self, _: &Take) -> Result<Observations<'_>> {
            Ok(Box::new(self.1.iter().cloned().map(Ok)))
        }
    }

    fn seen(frame: u64) -> Observation {
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

    #[test]
    fn every_format_gives_back_what_it_was_given() {
        let take = Take {
            id: "a-1".to_owned(),
            box_id: "stage, \"left\"".to_owned(),
            label: Rasa::from_index(4).unwrap(),
            performer: "Ānanda\nand friend".to_owned(),
            started_unix_ms: 1_795_000_000_123,
            width: 640,
            height: 480,
            mirrored: true,
            reconstructed: vec!["depth".to_owned(), "irises".to_owned()],
        };
        let given = One(take.clone(), (0..3).map(seen).collect());
        for format in Format::ALL {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), format, &given, |_| {}).unwrap();
            let tables = Tables::open(folder.path()).unwrap();
            assert_eq!(tables.takes().unwrap(), std::slice::from_ref(&take), "{format:?}");
            let back = tables.observations(&take).unwrap().collect::<Result<Vec<_>>>().unwrap();
            assert_eq!(back, given.1, "{format:?}");
        }
    }

    #[test]
    fn damaged_files_are_refused() {
        let given = One(
            Take {
                id: "a".to_owned(),
                box_id: String::new(),
                label: Rasa::from_index(0).unwrap(),
                performer: String::new(),
                started_unix_ms: 0,
                width: 1,
                height: 1,
                mirrored: false,
                reconstructed: Vec::new(),
            },
            vec![seen(0), seen(2)],
        );
        for format in Format::ALL {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), format, &given, |_| {}).unwrap();
            let path = folder.path().join(format!("a.{}", format.ending()));
            let whole = std::fs::read(&path).unwrap();
            // A CSV that ends in the middle of its last number is a whole one.
            let last = if format == Format::Csv { whole.len() - 2000 } else { whole.len() - 9 };
            for cut in [0, 1, 9, 70, whole.len() / 2, last] {
                std::fs::write(&path, &whole[..cut]).unwrap();
                assert!(read(&path).is_err(), "{format:?} cut at {cut}");
            }
            for at in (0..whole.len()).step_by(whole.len() / 200 + 1) {
                let mut bytes = whole.clone();
                bytes[at] ^= 0x55;
                std::fs::write(&path, &bytes).unwrap();
                // Numbers may be other numbers; nothing panics.
                let _ = read(&path);
            }
        }
    }
}
