//! `rasika package`: a model that was trained elsewhere gets what the box needs to trust it.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use rasika_device::apart;
use rasika_models::package::{self, Card, Model, Package, SelfTest, TrainedOn};
use rasika_models::{FEATURES, FEATURES_VERSION, FeatureVector, Rasa, strangers};

use crate::train::rng::Rng;
use crate::{say, say_lines};

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct PackageArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a package of a .tflite: input float32 [1, features] as `rasika features` writes them, output float32 [1, 9]
    Make {
        /// The network
        tflite: PathBuf,

        /// Where to write the package
        #[arg(short, long, value_name = "FILE", default_value = "model.rasika")]
        out: PathBuf,

        /// Name on the model's card
        #[arg(long, default_value = "made elsewhere")]
        name: String,

        /// If no rasa is at least this likely, the model says none
        #[arg(long, default_value_t = 0.4)]
        reject: f32,

        /// In this very process, which the network may bring down
        #[arg(long, hide = true)]
        here: bool,
    },
    /// Write the model that works before any training as a package
    Default {
        /// Where to write the package
        #[arg(short, long, value_name = "FILE", default_value = "default.rasika")]
        out: PathBuf,
    },
    /// Check a package as the box does, and tell what it is
    Show {
        /// The package
        package: PathBuf,
    },
    /// Try a package in this very process, which it may bring down
    #[command(hide = true)]
    Try {
        /// The package
        package: PathBuf,
    },
}

impl PackageArgs {
    /// Makes or tells.
    pub fn run(self) -> Result<()> {
        match self.what {
            What::Make { tflite, out, name, reject, here: false } => {
                let reject = reject.to_string();
                let (name, reject) = (format!("--name={name}"), format!("--reject={reject}"));
                let mut to = std::ffi::OsString::from("--out=");
                to.push(&out);
                let arguments: [&std::ffi::OsStr; 8] = [
                    "package".as_ref(),
                    "make".as_ref(),
                    "--here".as_ref(),
                    name.as_ref(),
                    reject.as_ref(),
                    &to,
                    "--".as_ref(),
                    tflite.as_os_str(),
                ];
                Ok(say(&apart::run(&arguments).map_err(anyhow::Error::msg)?)?)
            }
            What::Make { tflite, out, name, reject, here: true } => {
                apart::bound_this_process();
                let network = std::fs::read(&tflite).with_context(|| format!("cannot read {}", tflite.display()))?;
                let card = Card {
                    format: package::FORMAT,
                    name,
                    made_by: concat!("rasika package ", env!("CARGO_PKG_VERSION")).to_owned(),
                    labels: package::labels(),
                    features_version: FEATURES_VERSION,
                    features: FEATURES,
                    trained_on: TrainedOn::default(),
                    scores: None,
                    compared: Vec::new(),
                    temperature: 1.0,
                    reject,
                    strength: None,
                };
                card.check()?;
                let package = measured(Package {
                    card,
                    self_test: SelfTest { inputs: Vec::new(), outputs: Vec::new() },
                    network,
                })
                .with_context(|| tflite.display().to_string())?;
                crate::package::save(&package, &out)?;
                Ok(say(&format!("{} written; `rasika eval --model {}` scores it", out.display(), out.display()))?)
            }
            What::Default { out } => {
                crate::package::save(&crate::package::default::package()?, &out)?;
                Ok(say(&format!("{} written; models/README.md is its card", out.display()))?)
            }
            What::Show { package } => {
                let package = crate::package::tried(&package)?;
                Ok(say_lines(&serde_json::to_string_pretty(&package.card)?)?)
            }
            What::Try { package } => {
                apart::bound_this_process();
                Model::load(&Package::read(&package)?)?;
                Ok(())
            }
        }
    }
}

/// Vectors of the self-test.
const VECTORS: usize = 16;

/// Runs the network on faces that nobody has, and writes down what it says.
fn measured(mut package: Package) -> Result<Package> {
    let mut model = Model::load(&package)?;
    let mut rng = Rng::new(1);
    for _ in 0..VECTORS {
        let mut input = [0.0; FEATURES];
        for (value, [mean, inverse, _]) in input.iter_mut().zip(strangers::measures()) {
            *value = mean + if inverse > 0.0 { rng.normal() / inverse } else { 0.0 };
        }
        let features = FeatureVector::from_values(input).context("a feature is not finite")?;
        let output: [f32; Rasa::COUNT] = model.probabilities(&features)?;
        package.self_test.inputs.push(input.to_vec());
        package.self_test.outputs.push(output);
    }
    // Once more with the self-test: it must give probabilities, and the same ones.
    Model::load(&package)?;
    Ok(package)
}
