//! Parquet: `take` and `label` as strings, single numbers as they are, the others as lists; null is what was not seen.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use rasika_models::Observation;

use super::columns::{COLUMNS, Column, Table};
use crate::dataset::Take;

/// Observations in a row group.
const GROUP: usize = 4096;
/// Columns in front of [`COLUMNS`].
const TEXTS: [&str; 2] = ["take", "label"];

/// Definition levels: a number that is there, and one in a list that is there.
const THERE: i16 = 1;
const IN_LIST: i16 = 2;

fn schema() -> Result<TypePtr> {
    let text = |name: &&str| {
        let text = Type::primitive_type_builder(name, Physical::BYTE_ARRAY);
        text.with_repetition(Repetition::REQUIRED).with_logical_type(Some(LogicalType::String)).build()
    };
    let column = |column: &Column| {
        let physical = if column.single { Physical::FLOAT } else { Physical::DOUBLE };
        if column.shape.is_empty() {
            return Type::primitive_type_builder(column.name, physical).with_repetition(Repetition::OPTIONAL).build();
        }
        let element =
            Type::primitive_type_builder("element", physical).with_repetition(Repetition::REQUIRED).build()?;
        let list = Type::group_type_builder("list").with_repetition(Repetition::REPEATED);
        let list = list.with_fields(vec![Arc::new(element)]).build()?;
        let outer = Type::group_type_builder(column.name).with_repetition(Repetition::OPTIONAL);
        outer.with_logical_type(Some(LogicalType::List)).with_fields(vec![Arc::new(list)]).build()
    };
    let fields = TEXTS.iter().map(text).chain(COLUMNS.iter().map(column));
    let fields = fields.map(|field| field.map(Arc::new)).collect::<Result<_, _>>()?;
    Ok(Arc::new(Type::group_type_builder("take").with_fields(fields).build()?))
}

pub fn write(to: &mut (impl Write + Send), take: &Take, seen: &[Observation]) -> Result<()> {
    let mut file = SerializedFileWriter::new(to, schema()?, Arc::new(WriterProperties::default()))?;
    for seen in seen.chunks(GROUP) {
        let mut group = file.next_row_group()?;
        for text in [take.id.as_str(), take.label.name()] {
            let mut column = group.next_column()?.context("the schema has a column for each text")?;
            let texts = vec![ByteArray::from(text); seen.len()];
            column.typed::<ByteArrayType>().write_batch(&texts, None, None)?;
            column.close()?;
        }
        for column in &COLUMNS {
            let writer = group.next_column()?.context("the schema has a column for each of ours")?;
            write_column(writer, column, seen)?;
        }
        group.close()?;
    }
    file.close()?;
    Ok(())
}

fn write_column(mut writer: SerializedColumnWriter, column: &Column, seen: &[Observation]) -> Result<()> {
    let is_list = !column.shape.is_empty();
    let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
    for seen in seen {
        let cell = column.of(seen);
        if cell.first().is_none_or(|value| value.is_nan()) {
            defined.push(0);
            repeated.push(0);
            continue;
        }
        defined.extend(cell.iter().map(|_| if is_list { IN_LIST } else { THERE }));
        repeated.extend((0..cell.len()).map(|index| i16::from(index > 0)));
        values.extend(cell);
    }
    let repeated = is_list.then_some(&repeated[..]);
    if column.single {
        let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
        writer.typed::<FloatType>().write_batch(&values, Some(&defined), repeated)?;
    } else {
        writer.typed::<DoubleType>().write_batch(&values, Some(&defined), repeated)?;
    }
    Ok(writer.close()?)
}

pub fn read(path: &Path) -> Result<Table> {
    // The library takes some numbers of a damaged file for granted, and panics.
    std::panic::catch_unwind(|| read_file(path)).unwrap_or_else(|_| bail!("the file is damaged"))
}

fn read_file(path: &Path) -> Result<Table> {
    let file = SerializedFileReader::new(File::open(path)?).context("it is not a Parquet file")?;
    let mut table = vec![Vec::new(); COLUMNS.len()];
    for number in 0..file.num_row_groups() {
        let group = file.get_row_group(number)?;
        for (column, values) in COLUMNS.iter().zip(&mut table) {
            let is_ours = |index: &usize| {
                group.metadata().column(*index).column_path().parts().first().is_some_and(|name| name == column.name)
            };
            let index = (0..group.num_columns()).find(is_ours);
            let index = index.with_context(|| format!("it has no column {}", column.name))?;
            let part = group.metadata().column(index);
            let begins = [Some(part.data_page_offset()), part.dictionary_page_offset(), Some(part.compressed_size())];
            ensure!(begins.iter().flatten().all(|number| *number >= 0), "the file is damaged");
            let rows = usize::try_from(group.metadata().num_rows())?;
            let read = match group.get_column_reader(index)? {
                ColumnReader::FloatColumnReader(reader) => read_column(reader, column, rows, |value| f64::from(*value)),
                ColumnReader::DoubleColumnReader(reader) => read_column(reader, column, rows, |value| *value),
                _ => bail!("the column {} is not of float or double numbers", column.name),
            };
            values.extend(read.with_context(|| format!("the column {}", column.name))?);
        }
    }
    Ok(table)
}

fn read_column<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    column: &Column,
    rows: usize,
    number: impl Fn(&T::T) -> f64,
) -> Result<Vec<f64>> {
    let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
    let most = if column.shape.is_empty() { THERE } else { IN_LIST };
    while let (1.., ..) = reader.read_records(GROUP, Some(&mut defined), Some(&mut repeated), &mut values)? {}
    let (mut values, mut table) = (values.iter().map(number), Vec::new());
    // What is not a list has no repetitions to tell.
    for (level, there) in defined.iter().enumerate() {
        let begins = repeated.get(level).is_none_or(|repeated| *repeated == 0);
        ensure!(!begins || table.len().is_multiple_of(column.width()), "a row has not {} numbers", column.width());
        if *there < most {
            table.extend(std::iter::repeat_n(f64::NAN, column.width()));
        } else {
            table.push(values.next().context("numbers are missing")?);
        }
    }
    ensure!(table.len() == rows * column.width(), "a row has not {} numbers", column.width());
    Ok(table)
}
