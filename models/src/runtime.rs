//! One neural network on LiteRT (TensorFlow Lite's successor): float tensors in, float tensors out.
//!
//! Everything that knows of LiteRT is in this file. A network runs on the thread that calls it, on one core:
//! the box has other things to do with the rest.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use litert::{CompilationOptions, CompiledModel, Environment, Model, TensorBuffer, TensorShape};

/// Why a network cannot be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The file cannot be read.
    #[error(
        "{network} cannot be read: {cause}; reinstall the package, in the source tree run `make setup`, or name the models' folder with --models"
    )]
    Absent {
        /// Path of the network.
        network: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file is no TensorFlow Lite model, or one that LiteRT cannot run.
    #[error("{network} is not a model that LiteRT can run ({source}); it may be damaged: {advice}")]
    Unusable {
        /// Path of the network.
        network: String,
        /// What to do.
        advice: &'static str,
        /// What LiteRT said.
        source: litert::Error,
    },
    /// The model is another one than expected.
    #[error("{network} has {what} {found:?} where {expected:?} is expected; {advice}")]
    Shape {
        /// Path of the network.
        network: String,
        /// What to do.
        advice: &'static str,
        /// Which tensor.
        what: &'static str,
        /// Dimensions in the file.
        found: Vec<Vec<i32>>,
        /// Dimensions that the pipeline needs.
        expected: Vec<Vec<i32>>,
    },
    /// A run failed.
    #[error("running {network} failed: {source}")]
    Run {
        /// Path of the network.
        network: String,
        /// What LiteRT said.
        source: litert::Error,
    },
}

/// What to do about a network of the pipeline.
const FETCH: &str = "reinstall the package, or in the source tree remove the file and run `make setup`";
/// What to do about a model that somebody trained.
const MAKE_ANEW: &str = "make it anew, see `rasika package make --help`";

/// A loaded network with its input and output buffers.
pub struct Network {
    name: String,
    /// Always there; an option only so that dropping it can be done quietly.
    model: Option<CompiledModel>,
    inputs: [TensorBuffer; 1],
    outputs: Vec<TensorBuffer>,
    busy: Duration,
}

impl Network {
    /// Loads a network of one input, and checks that its tensors have the shapes that the pipeline needs.
    ///
    /// The file is mapped into memory; LiteRT unpacks the weights, and the file's own pages are given back after that.
    ///
    /// `input` and `outputs` are the expected dimensions, the outputs in any order: [`Network::output`] counts in
    /// the order given here. A batch dimension of -1 in the file is taken as 1.
    ///
    /// # Errors
    /// The file cannot be read, is no model, or one of other shapes.
    pub fn load(path: &Path, input: &[i32], outputs: &[&[i32]]) -> Result<Self, RuntimeError> {
        let name = &path.display().to_string();
        let bytes = std::fs::read(path).map_err(|cause| RuntimeError::Absent { network: name.clone(), cause })?;
        let _hush = Hush::start();
        let unusable = |source| RuntimeError::Unusable { network: name.to_owned(), advice: FETCH, source };
        let environment = Environment::new().map_err(unusable)?;
        // LiteRT verifies a model that it gets as bytes, and trusts a mapped file blindly.
        drop(Model::from_bytes(bytes).map_err(unusable)?);
        let model = Model::from_file(path).map_err(unusable)?;
        let network = Self::compile(name, FETCH, environment, model, input, outputs)?;
        give_back_pages(path);
        Ok(network)
    }

    /// As [`Network::load`], from bytes that `name` tells of in errors.
    ///
    /// # Errors
    /// The bytes are no model, or one of other shapes.
    pub fn from_bytes(name: &str, bytes: Vec<u8>, input: &[i32], outputs: &[&[i32]]) -> Result<Self, RuntimeError> {
        let _hush = Hush::start();
        let unusable = |source| RuntimeError::Unusable { network: name.to_owned(), advice: MAKE_ANEW, source };
        let environment = Environment::new().map_err(unusable)?;
        let model = Model::from_bytes(bytes).map_err(unusable)?;
        Self::compile(name, MAKE_ANEW, environment, model, input, outputs)
    }

    fn compile(
        name: &str,
        advice: &'static str,
        environment: Environment,
        model: Model,
        input: &[i32],
        outputs: &[&[i32]],
    ) -> Result<Self, RuntimeError> {
        let unusable = |source| RuntimeError::Unusable { network: name.to_owned(), advice, source };
        let signature = model.signature(0).map_err(unusable)?;

        let found: Vec<TensorShape> = (0..signature.input_count().map_err(unusable)?)
            .map(|i| signature.input_shape(i).map(one_batch))
            .collect::<Result<_, _>>()
            .map_err(unusable)?;
        let mismatch = |what, found: &[TensorShape], expected: &[&[i32]]| RuntimeError::Shape {
            network: name.to_owned(),
            advice,
            what,
            found: found.iter().map(|shape| shape.dims.clone()).collect(),
            expected: expected.iter().map(|dims| dims.to_vec()).collect(),
        };
        if found.len() != 1 || found[0].dims != input {
            return Err(mismatch("input", &found, &[input]));
        }
        let input_buffer = TensorBuffer::managed_host(&environment, &found[0]).map_err(unusable)?;

        let found: Vec<TensorShape> = (0..signature.output_count().map_err(unusable)?)
            .map(|i| signature.output_shape(i).map(one_batch))
            .collect::<Result<_, _>>()
            .map_err(unusable)?;
        let same = found.len() == outputs.len() && found.iter().zip(outputs).all(|(f, e)| f.dims == *e);
        if !same {
            return Err(mismatch("outputs", &found, outputs));
        }
        let output_buffers = found
            .iter()
            .map(|shape| TensorBuffer::managed_host(&environment, shape))
            .collect::<Result<_, _>>()
            .map_err(unusable)?;

        let options = CompilationOptions::new().map_err(unusable)?;
        let model = CompiledModel::new(environment, model, &options).map_err(unusable)?;
        let mut network = Self {
            name: name.to_owned(),
            model: Some(model),
            inputs: [input_buffer],
            outputs: output_buffers,
            busy: Duration::ZERO,
        };
        // The first run prepares the kernels; it also shows here and now whether the network runs at all.
        network.run(|input| input.fill(0.0))?;
        network.busy = Duration::ZERO;
        Ok(network)
    }

    /// Fills the input in place with `fill`, then runs the network.
    ///
    /// # Errors
    /// LiteRT refused the buffers or the run.
    pub fn run(&mut self, fill: impl FnOnce(&mut [f32])) -> Result<(), RuntimeError> {
        let failed = |source| RuntimeError::Run { network: self.name.clone(), source };
        fill(&mut self.inputs[0].lock_for_write::<f32>().map_err(failed)?);
        let start = Instant::now();
        if let Some(model) = &self.model {
            model.run(&mut self.inputs, &mut self.outputs).map_err(failed)?;
        }
        self.busy += start.elapsed();
        Ok(())
    }

    /// Reads output `index` of the last run.
    ///
    /// # Errors
    /// LiteRT refused the buffer.
    pub fn output<R>(&self, index: usize, read: impl FnOnce(&[f32]) -> R) -> Result<R, RuntimeError> {
        let failed = |source| RuntimeError::Run { network: self.name.clone(), source };
        Ok(read(&self.outputs[index].lock_for_read::<f32>().map_err(failed)?))
    }

    /// Time spent in the bare runs since the last call.
    pub fn take_busy(&mut self) -> Duration {
        std::mem::take(&mut self.busy)
    }
}

/// MediaPipe's face landmark model says batch -1.
fn one_batch(mut shape: TensorShape) -> TensorShape {
    if shape.dims.first() == Some(&-1) {
        shape.dims[0] = 1;
    }
    shape
}

/// Takes a loaded model's file pages off this process' memory: its weights are unpacked by now, and the little that is
/// read again comes back from the file by itself. That is 11 MiB for the five networks, which a small board can use.
fn give_back_pages(path: &Path) {
    let (Ok(path), Ok(maps)) = (path.canonicalize(), std::fs::read_to_string("/proc/self/maps")) else { return };
    let path = path.display().to_string();
    for line in maps.lines().filter(|line| line.ends_with(&path) && line.contains(" r--")) {
        let range = line.split(' ').next().and_then(|range| range.split_once('-'));
        let bounds = range
            .and_then(|(from, to)| Some((usize::from_str_radix(from, 16).ok()?, usize::from_str_radix(to, 16).ok()?)));
        if let Some((from, to)) = bounds {
            // SAFETY: the range is a read-only mapping of a file, whose pages are read anew from the file on the next
            // access; no memory changes what it says.
            unsafe { libc::madvise(from as *mut libc::c_void, to - from, libc::MADV_DONTNEED) };
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _hush = Hush::start();
        self.model = None;
    }
}

/// Keeps LiteRT from telling the terminal, at every load and unload, of the accelerators it did not find.
///
/// The published library exports no control of its logger and ignores the option for it, so standard error itself
/// is turned away while this value lives: a few milliseconds at start and at the end.
struct Hush;

/// How many hushes there are, over all threads, and the descriptor that standard error had before the first.
static HUSHED: Mutex<(usize, Option<OwnedFd>)> = Mutex::new((0, None));

impl Hush {
    fn start() -> Self {
        let mut hushed = HUSHED.lock().unwrap_or_else(PoisonError::into_inner);
        hushed.0 += 1;
        if hushed.0 == 1 {
            let saved = std::io::stderr().as_fd().try_clone_to_owned().ok();
            let nowhere = std::fs::OpenOptions::new().write(true).open("/dev/null").ok();
            hushed.1 = saved.zip(nowhere).and_then(|(saved, nowhere)| {
                // SAFETY: both descriptors are open; 2 is only given another meaning.
                let done = unsafe { libc::dup2(nowhere.as_raw_fd(), libc::STDERR_FILENO) };
                (done >= 0).then_some(saved)
            });
        }
        Self
    }
}

impl Drop for Hush {
    fn drop(&mut self) {
        let mut hushed = HUSHED.lock().unwrap_or_else(PoisonError::into_inner);
        hushed.0 -= 1;
        if hushed.0 == 0
            && let Some(stderr) = hushed.1.take()
        {
            // SAFETY: the saved descriptor is open; 2 gets its old meaning back.
            unsafe { libc::dup2(stderr.as_raw_fd(), libc::STDERR_FILENO) };
        }
    }
}
