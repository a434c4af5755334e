//! `rasikad`: the box.
//!
//! ```text
//! Camera ─frame→ Watcher ─Mood→ Player ─bytes→ MIDI ports        keyboard ─Hand→ Player
//!               (perception,   (performer)    (ALSA, DIN)        Control ←JSON→ rasikad status
//!                classifier,       ↑                             Supervision → systemd
//!                smoother)      Steward ←Command─ Panel ←edges── buttons
//!                    └─Observation→ Recorder      └──patterns→ LEDs
//!                                   (takes.db) ─takes→ Laptops ─→ network, serial lines
//!                                              ←files─ (link)     Shelf: what was pushed
//! ```
//!
//! [`run`] reads the settings, opens the parts, connects them and waits. Everything else that `rasikad` can be asked to
//! do is a verb, a file each.

#![cfg_attr(
    not(test),
    deny(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "`say`, `say_lines` and `warn` show what others wrote as it is"
    )
)]

mod verbs;

use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use rasika_device::camera::Camera;
use rasika_device::clock::MinuteTeller;
use rasika_device::config::midi_port;
use rasika_device::control;
use rasika_device::hand::Listening;
use rasika_device::home;
use rasika_device::laptops::Laptops;
use rasika_device::latest::Latest;
use rasika_device::link::message::FileKind;
use rasika_device::panel::{Event, Fault};
use rasika_device::performer::player::{Absent, Outputs, Player};
use rasika_device::private;
use rasika_device::recorder::Recorder;
use rasika_device::steward::{End, Parts, Steward, TakeNotes};
use rasika_device::supervision::{Notifier, Progress, Supervision};
use rasika_device::terminal::{say, say_beside_files, sleep_in_silence, stop_signal, warn};
use rasika_device::watcher::Way;
use rasika_hardware::midi::{self, MidiIn, MidiOut};
use rasika_models::{Mood, plain};
use verbs::run::{Run, Setup};

/// Watches a performer's face and hands, tells the rasa, plays raga music of it.
#[derive(Debug, Parser)]
#[command(name = "rasikad", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Be the box: camera, panel, music, takes, as the settings say (--simulate: panel in the terminal)
    Run(Run),
    /// Watch a source and play
    Play(verbs::play::Play),
    /// Tell what is seen in every frame of a source
    See(verbs::see::See),
    /// Make a video into music to see and hear, in a folder
    Demo(verbs::demo::DemoArgs),
    /// Measure how long perception takes on a file
    Bench(verbs::bench::Bench),
    /// Tell in numbers what each rasa's music is like
    Table(verbs::table::Table),
    /// List, check and play ragas
    #[command(subcommand)]
    Raga(verbs::raga::RagaVerb),
    /// Show and check settings
    #[command(subcommand)]
    Config(verbs::config::ConfigVerb),
    /// List the kinds of MIDI port
    Ports,
    /// Examine the box: what is wrong, what it means and what to do
    Doctor(verbs::doctor::Doctor),
    /// Learn which keys of a MIDI keyboard choose the rasa
    Learn(verbs::learn::Learn),
    /// Tell how the box that runs is doing
    Status(verbs::status::Status),
    /// List the laptops that the box lets in, or let one in no longer
    Keys(verbs::keys::Keys),
    /// List what laptops pushed to the box: models, or ragas, maps, sounds, config
    Models(verbs::keys::Shelved),
    /// Put in force what was before the last push
    Rollback(verbs::keys::Rollback),
    /// Check a model package as the box does before it keeps one
    CheckModel(verbs::push::CheckModel),
    /// End whatever sounds: in the box that runs, or on ports (every key of every channel, for after a kill)
    Panic(verbs::status::Panic),
}

/// What is asked for. What cannot be is said as clap says it, but without obeying what stands in it.
fn asked() -> Cli {
    let arguments: Vec<OsString> = home::in_arguments(arguments().into_iter()).collect();
    say_beside_files(&arguments);
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
        Verb::Run(asked) => asked.setup().and_then(run),
        Verb::Play(play) => play.run(),
        Verb::See(see) => see.run(),
        Verb::Demo(demo) => demo.run(),
        Verb::Bench(bench) => bench.run(),
        Verb::Raga(raga) => raga.run(),
        Verb::Table(table) => table.run(),
        Verb::Config(config) => config.run(),
        Verb::Ports => {
            let kinds = midi::KINDS.map(|kind| kind.what);
            for line in kinds.into_iter().chain([verbs::PORT_MAPS]) {
                if let Err(error) = say(line) {
                    warn(error);
                    return ExitCode::FAILURE;
                }
            }
            Ok(())
        }
        Verb::Doctor(doctor) => doctor.run(),
        Verb::Learn(learn) => learn.run(),
        Verb::Status(status) => status.run(),
        Verb::Keys(keys) => keys.run(),
        Verb::Models(shelved) => shelved.run(),
        Verb::Rollback(rollback) => rollback.run(),
        Verb::CheckModel(check) => check.run(),
        Verb::Panic(panic) => panic.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            warn(sentence(&error));
            ExitCode::FAILURE
        }
    }
}

/// The box: opens its parts, connects them and waits until it is told to end.
fn run(setup: Setup) -> Result<()> {
    let Setup { config, engine, source, front, models, unsound, sounds, own_sounds, .. } = setup;
    let (keys, link_on_trial, shelf, news) = (setup.keys, setup.link_on_trial, setup.shelf, setup.told);
    let stop = stop_signal()?;
    let library = Arc::clone(engine.library());
    let minute = MinuteTeller::new(engine.told_minute());

    let moods = Arc::new(Latest::<Mood>::default());
    let mut outputs = Outputs::new(config.midi.ports.iter().map(|word| port(word)).collect());
    outputs.sounds = sounds;
    outputs.own_sounds = own_sounds;
    outputs.clock = config.midi.clock;
    outputs.active_sensing = config.midi.active_sensing;
    let sent = Arc::clone(&outputs.sent);
    let player = Player::start(engine, Arc::clone(&moods), outputs)?;
    signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::clone(player.panic()))
        .context("cannot listen for signals")?;
    sleep_in_silence(Arc::clone(player.panic())).context("cannot listen for signals")?;

    let (hand, panic) = (Arc::clone(player.hand()), Arc::clone(player.panic()));
    let ears = config.midi.midi_in.iter().map(|word| ear(word)).collect();
    let listening = Listening::start(ears, midi::open_in, keys, &sent, hand, panic)?;

    let recorder = Recorder::start(verbs::run::recorder(&config))?;
    let camera = Camera::expect(source, config.camera.mirror, verbs::run::wish(&config))?;
    if unsound {
        front.teller().tell(Event::Fault(Fault::Config));
    }
    let link = verbs::laptops::serve(&config, link_on_trial, &shelf, &player, &library, &listening);
    news.iter().for_each(|line| link.tell(line));
    let control = told(control::serve(verbs::laptops::verbs(&link, &shelf, &player, &library, &listening)));

    let rounds = Progress::default();
    let vitals = vec![Arc::clone(player.progress()), Arc::clone(camera.progress()), Arc::clone(&rounds)];
    let supervision = Supervision::start(Notifier::from_environment().context("NOTIFY_SOCKET")?, vitals)?;

    let steward = Steward::new(Parts {
        camera,
        way: Way { models, every_frame: false, live: true },
        player: &player,
        moods: Arc::clone(&moods),
        listening: &listening,
        recorder,
        front,
        supervision: &supervision,
        rounds,
        minute,
        link,
        library: &library,
        take: TakeNotes {
            performer: config.recording.performer.clone(),
            config: config.text.clone(),
            mirrored: config.camera.mirror,
        },
    });
    let (end, laptops) = steward.run(&stop);

    drop((control, listening, supervision));
    if let Ok(shelf) = &shelf {
        let lost = link_on_trial && laptops.as_ref().is_none_or(Laptops::is_lost);
        shelf.settle(lost.then_some(FileKind::Config));
    }
    // The melody ends its phrase before the music does.
    moods.set(Mood::default());
    player.conclude();
    verbs::rest(&stop);
    player.stop();
    // Until now they have told laptops that the box starts anew.
    drop(laptops);
    match end {
        End::Asked => Ok(()),
        End::Died => anyhow::bail!("the performer has died; start again"),
        End::ShutDown => switch_off(),
        End::Restart => begin_anew(),
    }
}

/// A port to play on; one that is not there is opened as soon as it is.
fn port(word: &str) -> Box<dyn MidiOut> {
    let (name, _) = midi_port(word);
    told(midi::open(name)).unwrap_or_else(|| Box::new(Absent::new(name)))
}

/// A port to listen to, likewise.
fn ear(word: &str) -> Box<dyn MidiIn> {
    told(midi::open_in(word)).unwrap_or_else(|| Box::new(Absent::new(word)))
}

/// What worked; what did not is told, and the box goes on without it.
fn told<T, E: std::fmt::Display>(result: Result<T, E>) -> Option<T> {
    result.inspect_err(|error| warn(error)).ok()
}

/// The same program in the same process, as the service manager knows it.
fn begin_anew() -> Result<()> {
    let program = std::env::current_exe().context("the box has ended; start it again")?;
    let error = Command::new(program).args(std::env::args_os().skip(1)).exec();
    Err(error).context("the box has ended and cannot start itself; start it again")
}

/// Asks the system to switch the board off.
fn switch_off() -> Result<()> {
    let asked = Command::new("systemctl").arg("poweroff").status();
    anyhow::ensure!(
        asked.is_ok_and(|status| status.success()),
        "the box has ended, but the system does not switch itself off; it is safe to do it by hand"
    );
    Ok(())
}

/// The program's arguments; `rasikad --simulate` is short for `rasikad run --simulate`.
fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == "--simulate") {
        arguments.insert(1, "run".into());
    }
    arguments
}

/// An error and its causes, each said once.
fn sentence(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| match text.as_str() {
        "" => cause,
        said if said.contains(&cause) => text,
        _ => format!("{text}: {cause}"),
    })
}
