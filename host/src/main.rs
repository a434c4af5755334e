//! `rasika`: the laptop companion.
//!
//! It pairs with boxes ([`boxes`]), collects their takes ([`dataset`]), learns from them ([`train`], [`eval`],
//! [`package`]) and pushes what it learned. Each verb is a file.

#![cfg_attr(
    not(test),
    deny(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "`say`, `say_lines` and `warn` show what others wrote as it is"
    )
)]

mod boxes;
mod dataset;
mod eval;
mod package;
mod place;
#[cfg(test)]
mod promises;
mod sightings;
mod train;
mod verbs;

use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rasika_device::{home, private, terminal};
use rasika_models::plain;

/// The laptop companion of Rasika: collects what boxes recorded, learns from it, and pushes what it learned.
#[derive(Debug, Parser)]
#[command(name = "rasika", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Find boxes: those in the network, and those that are paired
    Boxes(verbs::boxes::Boxes),
    /// Let this laptop and a box know each other (hold both its buttons for three seconds first)
    Pair(verbs::pair::Pair),
    /// Tell how a box is
    Status(verbs::status::Status),
    /// Show live what a box sees and plays
    Watch(verbs::status::Watch),
    /// Bring the takes of the boxes to this laptop
    Pull(verbs::pull::Pull),
    /// Delete takes on a box that this laptop holds
    Prune(verbs::pull::Prune),
    /// Look through takes, label them otherwise, drop them, undo
    Takes(verbs::kept::Takes),
    /// Put a model, a raga, a map, sounds or settings in force on a box
    Push(verbs::push::Push),
    /// List what was pushed to a box
    Models(verbs::push::Models),
    /// Put in force on a box what was before
    Rollback(verbs::push::Rollback),
    /// Read, check, push and take back the settings of a box
    Config(verbs::push::Config),
    /// Print what a box said
    Logs(verbs::status::Logs),
    /// End every note on every port of a box
    Panic(verbs::status::Panic),
    /// Examine this laptop and its boxes: what is wrong and what to do
    Doctor(verbs::doctor::Doctor),
    /// Go through the whole story with a simulated box and a film: pair, record, pull, learn, score, push
    School(verbs::school::School),
    /// Print what a shell needs to complete words
    Completions(verbs::shell::Completions),
    /// Write manual pages
    Man(verbs::shell::Man),
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
    /// Write takes as files, for other programs and other laptops
    Export(verbs::export::Export),
    /// Make takes of what other programs recorded
    #[command(subcommand)]
    Import(verbs::import::Import),
    /// Score the model on pictures whose rasa or emotion is known
    Score(verbs::score::Score),
}

/// Prints a line, whatever others wrote in it ([`plain`]). A reader that has left (`| head`) is no error; a full disk is.
fn say(line: &str) -> std::io::Result<()> {
    print(&plain::line(line))
}

/// Prints lines of our own: a table, JSON.
fn say_lines(lines: &str) -> std::io::Result<()> {
    print(&plain::lines(lines))
}

/// Says something beside the output, on standard error.
fn warn(line: impl Display) {
    // A terminal that is gone hears nothing, and that is no reason to stop.
    let _ = writeln!(std::io::stderr().lock(), "rasika: {}", plain::line(&line.to_string()));
}

fn print(lines: &str) -> std::io::Result<()> {
    let mut out = terminal::words();
    match out.write_all(format!("{lines}\n").as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// What is asked for. What cannot be is said as clap says it, but without obeying what stands in it.
fn asked() -> Cli {
    let arguments: Vec<OsString> = home::in_arguments(std::env::args_os()).collect();
    terminal::say_beside_files(&arguments);
    Cli::try_parse_from(arguments).unwrap_or_else(|error| {
        if error.use_stderr() {
            let _ = write!(std::io::stderr().lock(), "{}", plain::lines(&error.render().to_string()));
            std::process::exit(error.exit_code());
        }
        error.exit()
    })
}

fn main() -> ExitCode {
    private::by_default();
    let result = match asked().verb {
        Verb::Boxes(boxes) => boxes.run(),
        Verb::Pair(pair) => pair.run(),
        Verb::Status(status) => status.run(),
        Verb::Watch(watch) => watch.run(),
        Verb::Pull(pull) => pull.run(),
        Verb::Prune(prune) => prune.run(),
        Verb::Takes(takes) => takes.run(),
        Verb::Push(push) => push.run(),
        Verb::Models(models) => models.run(),
        Verb::Rollback(rollback) => rollback.run(),
        Verb::Config(config) => config.run(),
        Verb::Logs(logs) => logs.run(),
        Verb::Panic(panic) => panic.run(),
        Verb::Doctor(doctor) => doctor.run(),
        Verb::School(school) => school.run(),
        Verb::Completions(completions) => completions.run::<Cli>(),
        Verb::Man(man) => man.run::<Cli>(),
        Verb::Report(report) => report.run(),
        Verb::Train(train) => train.run(),
        Verb::Eval(eval) => eval.run(),
        Verb::Label(label) => label.run(),
        Verb::Package(package) => package.run(),
        Verb::Features(features) => features.run(),
        Verb::Export(export) => export.run(),
        Verb::Import(import) => import.run(),
        Verb::Score(score) => score.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            warn(format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
