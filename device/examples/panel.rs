//! The panel in the terminal, with a pretended box behind it: no camera, no MIDI port, no disk.
//!
//! `cargo run --no-default-features --example panel [hold|click]`. Takes are saved after half a second; three seconds
//! after pairing opens a laptop asks with the digits 4, 0, 7. The
//! camera is absent for the first eight seconds.

use rasika_device::panel::terminal::SimulatedPanel;
use rasika_device::panel::{Command, Event, Fault, RecordBy, Settings};
use rasika_device::terminal::stop_signal;
use std::io::{IsTerminal, Write};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

fn main() -> anyhow::Result<()> {
    let record_by = match std::env::args().nth(1).as_deref() {
        None | Some("hold") => RecordBy::Hold,
        Some("click") => RecordBy::Click,
        Some(other) => anyhow::bail!("'{other}' is not hold or click"),
    };
    let stop = stop_signal()?;
    let simulated = SimulatedPanel::start(Settings { record_by, ..Settings::default() })?;
    let (panel, teller) = (simulated.panel(), simulated.panel().teller());
    let (begun, terminal) = (Instant::now(), std::io::stdout().is_terminal());
    // What happens later: when, and what.
    let mut later = vec![
        (Duration::from_millis(10), Event::Fault(Fault::Camera)),
        (Duration::from_secs(2), Event::Ready),
        (Duration::from_secs(8), Event::FaultGone(Fault::Camera)),
        (Duration::from_secs(9), Event::FaceSeen(true)),
    ];
    let mut drawn = 0;
    let mut last = String::new();
    let mut out = std::io::stdout();
    while !stop.load(Ordering::Acquire) && !simulated.wants_to_quit() {
        let now = begun.elapsed();
        let (due, waiting): (Vec<_>, Vec<_>) = later.into_iter().partition(|(at, _)| *at <= now);
        later = waiting;
        due.into_iter().for_each(|(_, event)| teller.tell(event));
        if now.as_millis() % 700 < 40 {
            teller.tell(Event::MidiActivity);
        }
        for report in panel.reports().try_iter() {
            writeln!(out, "\r\x1b[2K{report}")?;
            drawn = 0;
        }
        for command in panel.commands().try_iter() {
            drawn = 0;
            writeln!(out, "{:6.2} s  {command:?}", now.as_secs_f64())?;
            match command {
                Command::StopRecording => later.push((now + Duration::from_millis(500), Event::TakeSaved)),
                Command::OpenPairing => later.push((now + Duration::from_secs(3), Event::PairingAsked([4, 0, 7]))),
                Command::AcceptPairing(_) => later.push((now + Duration::from_secs(1), Event::PairingDone(true))),
                Command::ShutDown => stop.store(true, Ordering::Release),
                _ => {}
            }
        }
        let lines = simulated.lines(terminal).join("\n");
        if terminal {
            let up = if drawn > 0 { format!("\x1b[{drawn}A") } else { String::new() };
            writeln!(out, "{up}\r\x1b[2K{}", lines.replace('\n', "\n\x1b[2K"))?;
            drawn = 4;
        } else if lines != last {
            let seen: Vec<&str> = lines.lines().take(2).collect();
            writeln!(out, "{:6.2} s{}", now.as_secs_f64(), seen.join(""))?;
            last = lines;
        }
        out.flush()?;
        std::thread::sleep(Duration::from_millis(40));
    }
    Ok(())
}
