//! Parquet: `take` and `label` as strings, single numbers as they are, the others as lists; null is what was not seen.

mod read;

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, FloatType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use rasika_models::Observation;

pub use read::read;

use super::columns::{COLUMNS, Column};
use crate::dataset::Take;

/// Observations in a row group, and records that are read at a time.
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
