//! `rasika`: the laptop companion.
//!
//! It reads what `rasikad see --json` writes: so far to tell a stream's story and to score the model on labelled
//! pictures; collecting, training and pushing follow.

mod dataset;
mod eval;
mod package;
#[cfg(test)]
mod promises;
mod sightings;
mod train;
mod verbs;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The laptop companion of Rasika: looks at what the box saw.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Tell how long each rasa stood in a stream, and whether the mood flickered
    Report(verbs::report::Report),
    /// Write the features of takes as CSV, to train a model elsewhere
    Features(verbs::features::Features),
    /// Learn from takes, and write a model package
    Train(verbs::train::Train),
    /// Tell how well a model does on takes that it was not trained on
    Eval(verbs::eval::Eval),
    /// Find takes that may be labelled wrong, and what to record next
    Label(verbs::label::Label),
    /// Make a package of a .tflite that was trained elsewhere, or tell what a package is
    Package(verbs::package::PackageArgs),
    /// Make takes of what other programs recorded
    #[command(subcommand)]
    Import(verbs::import::Import),
    /// Score the model on pictures whose rasa or emotion is known
    Score(verbs::score::Score),
}

/// Prints lines. A reader that has left (`| head`) is no error; a full disk is.
fn say(lines: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{lines}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().verb {
        Verb::Report(report) => report.run(),
        Verb::Train(train) => train.run(),
        Verb::Eval(eval) => eval.run(),
        Verb::Label(label) => label.run(),
        Verb::Package(package) => package.run(),
        Verb::Features(features) => features.run(),
        Verb::Import(import) => import.run(),
        Verb::Score(score) => score.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rasika: {error:#}");
            ExitCode::FAILURE
        }
    }
}
