//! A graph as a TensorFlow Lite file.
//!
//! Slots and numbers are those of `tensorflow/compiler/mlir/lite/schema/schema.fbs` (version 3). Written by hand: a dozen
//! operations need a hundred lines, where a generated schema has twenty thousand and tract's writer adds minutes of build.

use super::flat::{self, Value};
use super::graph::{Graph, Step, Tensor, Values, What};

/// Version of the schema, and the letters in front.
const SCHEMA: i32 = 3;
const IDENTIFIER: &[u8; 4] = b"TFL3";
/// TensorType.
const FLOAT32: i8 = 0;
const INT32: i8 = 2;
/// ActivationFunctionType.
const RELU: i8 = 1;

/// BuiltinOperator and BuiltinOptions of an operation, and its options.
fn builtin(what: What) -> (i8, i8, Vec<(u16, Value)>) {
    match what {
        What::Add => (0, 11, Vec::new()),
        What::Concatenate => (2, 10, vec![(0, Value::Int(1))]),
        What::FullyConnected { relu } => (9, 8, vec![(0, Value::Byte(if relu { RELU } else { 0 }))]),
        What::Multiply => (18, 21, Vec::new()),
        What::Softmax => (25, 9, vec![(0, Value::Float(1.0))]),
        What::Subtract => (41, 28, Vec::new()),
        What::Maximum => (55, 39, Vec::new()),
        What::Minimum => (57, 39, Vec::new()),
        What::Slice => (65, 48, Vec::new()),
    }
}

/// The file's bytes.
pub fn write(graph: &Graph) -> Vec<u8> {
    let mut codes: Vec<i8> = graph.steps.iter().map(|step| builtin(step.what).0).collect();
    codes.sort_unstable();
    codes.dedup();
    // The first buffer is the empty one, of tensors that change.
    let mut buffers = vec![Vec::new()];
    let tensors = graph.tensors.iter().map(|tensor| self::tensor(tensor, &mut buffers)).collect();
    let operators = graph.steps.iter().map(|step| operator(step, &codes)).collect();
    let subgraph = vec![
        (0, Value::Tables(tensors)),
        (1, Value::Ints(vec![0])),
        (2, Value::Ints(vec![graph.output as i32])),
        (3, Value::Tables(operators)),
        (4, Value::Text("main".to_owned())),
    ];
    let code = |code: &i8| vec![(0, Value::Byte(*code)), (2, Value::Int(1)), (3, Value::Int(i32::from(*code)))];
    flat::file(
        IDENTIFIER,
        &[
            (0, Value::Int(SCHEMA)),
            (1, Value::Tables(codes.iter().map(code).collect())),
            (2, Value::Tables(vec![subgraph])),
            (3, Value::Text(concat!("rasika ", env!("CARGO_PKG_VERSION")).to_owned())),
            (4, Value::Tables(buffers)),
        ],
    )
}

fn tensor(tensor: &Tensor, buffers: &mut Vec<Vec<(u16, Value)>>) -> Vec<(u16, Value)> {
    let (kind, bytes): (i8, Option<Vec<u8>>) = match &tensor.values {
        None => (FLOAT32, None),
        Some(Values::Floats(values)) => (FLOAT32, Some(values.iter().flat_map(|v| v.to_le_bytes()).collect())),
        Some(Values::Ints(values)) => (INT32, Some(values.iter().flat_map(|v| v.to_le_bytes()).collect())),
    };
    let buffer = bytes.map_or(0, |bytes| {
        buffers.push(vec![(0, Value::Bytes(bytes))]);
        buffers.len() - 1
    });
    vec![
        (0, Value::Ints(tensor.shape.iter().map(|size| *size as i32).collect())),
        (1, Value::Byte(kind)),
        (2, Value::Int(buffer as i32)),
        (3, Value::Text(tensor.name.clone())),
    ]
}

fn operator(step: &Step, codes: &[i8]) -> Vec<(u16, Value)> {
    let (code, options_kind, options) = builtin(step.what);
    let place = codes.iter().position(|known| *known == code).unwrap_or_default();
    vec![
        (0, Value::Int(place as i32)),
        (1, Value::Ints(step.inputs.iter().map(|id| *id as i32).collect())),
        (2, Value::Ints(vec![step.output as i32])),
        (3, Value::Byte(options_kind)),
        (4, Value::Table(options)),
    ]
}
