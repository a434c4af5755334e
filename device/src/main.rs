//! `rasikad`: the box.

mod verbs;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Watches a performer's face and hands, tells the rasa, plays raga music of it.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Tell what is seen in every frame of a source
    See(verbs::see::See),
    /// Measure how long perception takes on a file
    Bench(verbs::bench::Bench),
}

fn main() -> ExitCode {
    quieten_opencv();
    let result = match Cli::parse().verb {
        Verb::See(see) => see.run(),
        Verb::Bench(bench) => bench.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rasikad: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// OpenCV and FFmpeg talk to the terminal of their own accord; our own errors say what matters.
fn quieten_opencv() {
    // SAFETY: no other thread runs yet.
    unsafe {
        for (name, value) in
            [("OPENCV_LOG_LEVEL", "SILENT"), ("OPENCV_FFMPEG_LOGLEVEL", "-8"), ("OPENCV_VIDEOIO_DEBUG", "0")]
        {
            if std::env::var_os(name).is_none() {
                std::env::set_var(name, value);
            }
        }
    }
}
