//! FlatBuffers, as far as writing a small model needs them: tables, vectors and strings, the parent before its children.
//!
//! The format: <https://flatbuffers.dev/internals/>. Offsets of children count forward from where they stand; a table
//! begins with the way back to its vtable.

/// What a field of a table holds.
#[derive(Debug, Clone)]
pub enum Value {
    Byte(i8),
    Int(i32),
    Float(f32),
    Text(String),
    Ints(Vec<i32>),
    /// Aligned to 16 bytes, as the runtime wants its weights.
    Bytes(Vec<u8>),
    Table(Vec<(u16, Value)>),
    Tables(Vec<Vec<(u16, Value)>>),
}

/// A whole file: its root table, and four letters that say what it is.
pub fn file(identifier: &[u8; 4], root: &[(u16, Value)]) -> Vec<u8> {
    let mut out = vec![0; 4];
    out.extend(identifier);
    let root = table(&mut out, root);
    patch(&mut out, 0, root);
    out
}

/// Writes the way from `place` forward to `to`.
fn patch(out: &mut [u8], place: usize, to: usize) {
    out[place..place + 4].copy_from_slice(&((to - place) as u32).to_le_bytes());
}

/// Fills up until the length is `rest` over a multiple of `of`.
fn align(out: &mut Vec<u8>, of: usize, rest: usize) {
    while out.len() % of != rest {
        out.push(0);
    }
}

fn int(out: &mut Vec<u8>, value: i32) {
    out.extend(value.to_le_bytes());
}

/// Writes a table with its children behind it; every field gets four bytes. Says where it begins.
fn table(out: &mut Vec<u8>, fields: &[(u16, Value)]) -> usize {
    let slots = fields.iter().map(|(slot, _)| usize::from(*slot) + 1).max().unwrap_or(0);
    let mut ways = vec![0_u16; slots];
    for (number, (slot, _)) in fields.iter().enumerate() {
        ways[usize::from(*slot)] = 4 + 4 * number as u16;
    }
    align(out, 4, 0);
    let vtable = out.len();
    let sizes = [4 + 2 * slots as u16, 4 + 4 * fields.len() as u16];
    sizes.iter().chain(&ways).for_each(|value| out.extend(value.to_le_bytes()));
    align(out, 4, 0);
    let begin = out.len();
    int(out, (begin - vtable) as i32);
    for (_, value) in fields {
        match value {
            Value::Byte(value) => out.extend([*value as u8, 0, 0, 0]),
            Value::Int(value) => int(out, *value),
            Value::Float(value) => out.extend(value.to_le_bytes()),
            _ => int(out, 0),
        }
    }
    for (number, (_, value)) in fields.iter().enumerate() {
        if let Some(child) = child(out, value) {
            patch(out, begin + 4 + 4 * number, child);
        }
    }
    begin
}

/// Writes what does not stand in the table itself.
fn child(out: &mut Vec<u8>, value: &Value) -> Option<usize> {
    Some(match value {
        Value::Byte(_) | Value::Int(_) | Value::Float(_) => return None,
        Value::Table(fields) => table(out, fields),
        Value::Text(text) => {
            align(out, 4, 0);
            let begin = out.len();
            int(out, text.len() as i32);
            out.extend(text.bytes().chain([0]));
            begin
        }
        Value::Ints(values) => {
            align(out, 4, 0);
            let begin = out.len();
            int(out, values.len() as i32);
            values.iter().for_each(|value| int(out, *value));
            begin
        }
        Value::Bytes(bytes) => {
            align(out, 16, 12);
            let begin = out.len();
            int(out, bytes.len() as i32);
            out.extend(bytes);
            begin
        }
        Value::Tables(tables) => {
            align(out, 4, 0);
            let begin = out.len();
            int(out, tables.len() as i32);
            out.resize(out.len() + 4 * tables.len(), 0);
            for (number, fields) in tables.iter().enumerate() {
                let one = table(out, fields);
                patch(out, begin + 4 + 4 * number, one);
            }
            begin
        }
    })
}
