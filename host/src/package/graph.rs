//! A classifier as a graph of a few operations: run here in plain Rust, and written as `.tflite` for the box.

/// A tensor: shape, and its values if they never change.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Option<Values>,
}

/// Values of a constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    Floats(Vec<f32>),
    Ints(Vec<i32>),
}

/// A tensor's place in the graph.
pub type Id = usize;

/// What is computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    /// `x · weightsᵀ + bias`, weights [out, in]; then negative values become 0 if `relu`.
    FullyConnected {
        relu: bool,
    },
    /// Element by element; the second is spread over the first.
    Add,
    Subtract,
    Multiply,
    Maximum,
    Minimum,
    /// One row behind the other.
    Concatenate,
    /// Exponentials that sum to 1.
    Softmax,
    /// A part of a row: where it begins, how long it is.
    Slice,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub what: What,
    pub inputs: Vec<Id>,
    pub output: Id,
}

/// Steps from one row to another. Tensor 0 is the input.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    pub tensors: Vec<Tensor>,
    pub steps: Vec<Step>,
    pub output: Id,
}

impl Graph {
    /// Begins with an input of one row.
    pub fn new(input: &str, width: usize) -> Self {
        let input = Tensor { name: input.to_owned(), shape: vec![1, width], values: None };
        Self { tensors: vec![input], steps: Vec::new(), output: 0 }
    }

    /// A row of constants.
    pub fn row(&mut self, name: &str, values: Vec<f32>) -> Id {
        self.constant(name, vec![1, values.len()], Values::Floats(values))
    }

    fn constant(&mut self, name: &str, shape: Vec<usize>, values: Values) -> Id {
        self.tensors.push(Tensor { name: name.to_owned(), shape, values: Some(values) });
        self.tensors.len() - 1
    }

    fn step(&mut self, name: &str, what: What, inputs: Vec<Id>, width: usize) -> Id {
        self.tensors.push(Tensor { name: name.to_owned(), shape: vec![1, width], values: None });
        let output = self.tensors.len() - 1;
        self.steps.push(Step { what, inputs, output });
        self.output = output;
        output
    }

    fn width(&self, id: Id) -> usize {
        self.tensors[id].shape[1]
    }

    /// Element by element, with a row or a single value on the right.
    pub fn with(&mut self, name: &str, what: What, left: Id, right: Id) -> Id {
        self.step(name, what, vec![left, right], self.width(left))
    }

    /// A layer; `weights` are one row after the other, as many as there are biases.
    pub fn layer(&mut self, name: &str, input: Id, weights: Vec<f32>, bias: Vec<f32>, relu: bool) -> Id {
        let out = bias.len();
        let shape = vec![out, self.width(input)];
        let weights = self.constant(&format!("{name}/weights"), shape, Values::Floats(weights));
        let bias = self.constant(&format!("{name}/bias"), vec![out], Values::Floats(bias));
        self.step(name, What::FullyConnected { relu }, vec![input, weights, bias], out)
    }

    /// Two rows behind each other.
    pub fn join(&mut self, name: &str, left: Id, right: Id) -> Id {
        self.step(name, What::Concatenate, vec![left, right], self.width(left) + self.width(right))
    }

    /// Probabilities.
    pub fn softmax(&mut self, name: &str, input: Id) -> Id {
        self.step(name, What::Softmax, vec![input], self.width(input))
    }

    /// The first values of a row.
    pub fn first(&mut self, name: &str, input: Id, width: usize) -> Id {
        let begin = self.constant(&format!("{name}/begin"), vec![2], Values::Ints(vec![0, 0]));
        let size = self.constant(&format!("{name}/size"), vec![2], Values::Ints(vec![1, width as i32]));
        self.step(name, What::Slice, vec![input, begin, size], width)
    }

    /// Runs the graph on a row.
    pub fn run(&self, row: &[f32]) -> Vec<f32> {
        let mut live: Vec<Vec<f32>> = vec![Vec::new(); self.tensors.len()];
        live[0] = row.to_vec();
        for step in &self.steps {
            let at = |place: usize| -> &[f32] {
                let id = step.inputs[place];
                match &self.tensors[id].values {
                    Some(Values::Floats(values)) => values,
                    _ => &live[id],
                }
            };
            let pair = |f: fn(f32, f32) -> f32| -> Vec<f32> {
                at(0).iter().zip(at(1).iter().cycle()).map(|(a, b)| f(*a, *b)).collect()
            };
            let result = match step.what {
                What::FullyConnected { relu } => {
                    let (x, weights, bias) = (at(0), at(1), at(2));
                    let rows = weights.chunks_exact(x.len()).zip(bias);
                    rows.map(|(row, bias)| {
                        let sum = bias + row.iter().zip(x).map(|(w, v)| w * v).sum::<f32>();
                        if relu { sum.max(0.0) } else { sum }
                    })
                    .collect()
                }
                What::Add => pair(|a, b| a + b),
                What::Subtract => pair(|a, b| a - b),
                What::Multiply => pair(|a, b| a * b),
                What::Maximum => pair(f32::max),
                What::Minimum => pair(f32::min),
                What::Concatenate => [at(0), at(1)].concat(),
                What::Softmax => {
                    let top = at(0).iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    let parts: Vec<f32> = at(0).iter().map(|v| (v - top).exp()).collect();
                    let sum: f32 = parts.iter().sum();
                    parts.iter().map(|part| part / sum).collect()
                }
                What::Slice => at(0)[..self.tensors[step.output].shape[1]].to_vec(),
            };
            live[step.output] = result;
        }
        std::mem::take(&mut live[self.output])
    }
}
