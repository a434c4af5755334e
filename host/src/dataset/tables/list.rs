//! `takes.csv`: what each take is.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use rasika_device::output::Output;
use rasika_models::Rasa;
use serde::Serialize;

use super::sheet::{self, Row, Sheet};
use crate::dataset::Take;

/// Most takes in a list.
const MOST_TAKES: usize = 100_000;

/// A line of it, as it is written.
#[derive(Debug, Serialize)]
struct Line {
    take: String,
    label: String,
    #[serde(rename = "box")]
    box_name: String,
    performer: String,
    started_unix_ms: i64,
    width: u32,
    height: u32,
    mirrored: bool,
    /// Words with semicolons between.
    reconstructed: String,
}

pub fn write(path: &Path, takes: &[Take]) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut file = csv::Writer::from_writer(Output::begin(path).with_context(cannot)?);
    for take in takes.iter().cloned() {
        let line = Line {
            take: take.id,
            label: take.label.to_string(),
            box_name: take.box_id,
            performer: take.performer,
            started_unix_ms: take.started_unix_ms,
            width: take.width,
            height: take.height,
            mirrored: take.mirrored,
            reconstructed: take.reconstructed.join(";"),
        };
        file.serialize(line).with_context(cannot)?;
    }
    let output = file.into_inner().map_err(csv::IntoInnerError::into_error).with_context(cannot)?;
    output.finish().with_context(cannot)
}

/// Reads it, as we or a spreadsheet or pandas wrote it.
pub fn read(path: &Path) -> Result<Vec<Take>> {
    rows(path).with_context(|| path.display().to_string())
}

fn rows(path: &Path) -> Result<Vec<Take>> {
    let mut sheet = Sheet::open(path)?;
    let columns = Columns::of(&sheet)?;
    let mut takes: Vec<Take> = Vec::new();
    let mut lines = std::collections::HashMap::new();
    while let Some(row) = sheet.next()? {
        let take = columns.take(&row)?;
        let line = row.line;
        if let Some(other) = lines.insert(take.id.clone(), line) {
            anyhow::bail!("lines {other} and {line} are both the take {}", take.id);
        }
        takes.push(take);
        ensure!(takes.len() <= MOST_TAKES, "it lists more than {MOST_TAKES} takes");
    }
    Ok(takes)
}

/// Where the columns are; those that may be missing are `None` then.
struct Columns {
    take: usize,
    label: usize,
    width: usize,
    height: usize,
    box_name: Option<usize>,
    performer: Option<usize>,
    started: Option<usize>,
    mirrored: Option<usize>,
    reconstructed: Option<usize>,
}

impl Columns {
    fn of(sheet: &Sheet) -> Result<Self> {
        let needed = |name: &str| sheet.place(name).with_context(|| format!("it has no column {name}"));
        Ok(Self {
            take: needed("take")?,
            label: needed("label")?,
            width: needed("width")?,
            height: needed("height")?,
            box_name: sheet.place("box"),
            performer: sheet.place("performer"),
            started: sheet.place("started_unix_ms"),
            mirrored: sheet.place("mirrored"),
            reconstructed: sheet.place("reconstructed"),
        })
    }

    fn take(&self, row: &Row<'_>) -> Result<Take> {
        let text = |place: Option<usize>| match place {
            Some(place) => row.text(place).map(|text| if sheet::is_nothing(text) { "" } else { text }),
            None => Ok(""),
        };
        let id = row.text(self.take)?.to_owned();
        ensure!(!id.is_empty(), "line {}: it names no take", row.line);
        let label = row.text(self.label)?;
        let label: Rasa = label.parse().map_err(|error| anyhow::anyhow!("line {}, column label: {error}", row.line))?;
        // A box that had not seen a frame yet writes 0.
        let side = |place| match row.text(place)?.trim() {
            "0" => Ok(0),
            _ => whole(row, place, 1.0, 65_536.0).map(|side| side as u32),
        };
        let words = text(self.reconstructed)?.split(';').map(str::trim).filter(|word| !word.is_empty());
        Ok(Take {
            id,
            box_id: text(self.box_name)?.to_owned(),
            label,
            performer: text(self.performer)?.to_owned(),
            started_unix_ms: match self.started {
                Some(place) => whole(row, place, -9e15, 9e15)? as i64,
                None => 0,
            },
            width: side(self.width)?,
            height: side(self.height)?,
            mirrored: match self.mirrored {
                Some(place) => yes(row, place)?,
                None => false,
            },
            reconstructed: words.map(str::to_owned).collect(),
        })
    }
}

/// A whole number, also as 640.0 or 1.795E+12; 0 where nothing is written and 0 is allowed.
fn whole(row: &Row<'_>, place: usize, least: f64, most: f64) -> Result<f64> {
    let number = row.number(place)?;
    let number = if number.is_nan() && least <= 0.0 { 0.0 } else { number };
    ensure!(
        number.fract() == 0.0 && (least..=most).contains(&number),
        "line {}, column {}: '{}' is no whole number from {least} to {most}",
        row.line,
        row.name(place),
        row.text(place)?
    );
    Ok(number)
}

/// TRUE, true, 1, 1.0, yes; and their opposites, and nothing.
fn yes(row: &Row<'_>, place: usize) -> Result<bool> {
    let text = row.text(place)?.to_lowercase();
    match text.as_str() {
        "yes" | "y" | "wahr" | "vrai" => Ok(true),
        "no" | "n" | "falsch" | "faux" => Ok(false),
        text => match sheet::number(text, true) {
            Some(1.0) => Ok(true),
            Some(number) if number == 0.0 || number.is_nan() => Ok(false),
            _ => anyhow::bail!("line {}, column {}: '{text}' is neither true nor false", row.line, row.name(place)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "take,label,box,performer,started_unix_ms,width,height,mirrored,reconstructed";

    fn list(text: &str) -> Result<Vec<Take>> {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("takes.csv");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn spreadsheets_and_pandas_write_it_in_many_ways() {
        let plain =
            list(&format!("{HEAD}\na-1,karuna,stage,Ānanda,1795000000123,640,480,true,depth;irises\n")).unwrap();
        assert!(plain[0].mirrored && plain[0].reconstructed.len() == 2);
        for (head, line) in [
            (HEAD, "a-1,karuna,stage,Ānanda,1795000000123,640,480,TRUE,depth;irises"),
            (HEAD, "a-1,Karuna,stage,Ānanda,1795000000123.0,640.0,480.0,True,depth;irises"),
            (HEAD, "a-1,KARUNA,stage,Ānanda,1.795000000123E+12,640,480,1,depth; irises"),
            (HEAD, "a-1,karuna,stage,Ānanda,1795000000123,640,480,1.0,depth;irises\r\n,,,,,,,,\r\n"),
            (&HEAD.replace(',', ";"), "a-1;karuna;stage;Ānanda;1795000000123;640,0;480;WAHR;\"depth;irises\""),
            (&format!("\u{feff},{HEAD}"), "0,a-1,karuna,stage,Ānanda,1795000000123,640,480,yes,depth;irises"),
        ] {
            assert_eq!(list(&format!("{head}\n{line}")).unwrap(), plain, "{line}");
        }
        let bare = list("take,label,width,height\na-1,karuna,640,480\n").unwrap();
        let nothing = list(&format!("{HEAD}\na-1,karuna,,nan,,640,480,,\n")).unwrap();
        assert_eq!(bare, nothing);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_column() {
        for (line, words) in [
            ("a,nobody,,,0,640,480,true,", &["takes.csv", "line 2", "label"][..]),
            ("a,karuna,,,0,640.5,480,true,", &["line 2", "width", "640.5"]),
            ("a,karuna,,,0,640,,true,", &["line 2", "height"]),
            ("a,karuna,,,0,640,480,perhaps,", &["line 2", "mirrored", "perhaps"]),
            ("a,karuna,,,0,640,480,2,", &["mirrored", "'2'"]),
            ("a,karuna,,,0,640,480,true,\nb,hasya,,,0,1,1,,\na,hasya,,,0,1,1,,", &["lines 2 and 4", "take a"]),
            ("a,karuna,,,0", &["line 2 has 5 cells"]),
        ] {
            let said = format!("{:#}", list(&format!("{HEAD}\n{line}\n")).unwrap_err());
            assert!(words.iter().all(|word| said.contains(word)), "{said}");
        }
    }
}
