//! What `rasikad status` tells: the box as it stands at a moment.

use crate::performer::Library;
use crate::performer::player::{Gauges, Histogram, PortGauge, table};
use rasika_models::{Mood, plain};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// The word it is opened by.
    pub name: String,
    /// Whether it is open now.
    pub open: bool,
    /// How often it was lost.
    pub losses: u32,
}

/// Histograms of lateness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lateness {
    /// Of events, when they were handed to the ports.
    pub events: Histogram,
    /// Of notes' last bytes on cables with a limit.
    pub last_din_byte: Histogram,
    /// Of a bare loop beside the performer.
    pub bare_loop: Histogram,
}

/// The box at a moment. Fields are only ever added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of the box.
    pub version: String,
    /// Seconds it has played.
    pub uptime_s: u64,
    /// The part of the performance.
    pub section: String,
    /// The raga; `None` before the first.
    pub raga: Option<String>,
    /// The tala; only in a gat.
    pub tala: Option<String>,
    /// Matra of the cycle, from 1; only in a gat.
    pub matra: Option<u8>,
    /// Laya in matras a minute; only in a gat.
    pub laya_bpm: Option<u16>,
    /// The mood that is played: the face's, or the hand's.
    pub mood: Mood,
    /// Whether the hand has chosen the rasa.
    pub by_hand: bool,
    /// The laya the hand has tapped.
    pub tapped_bpm: Option<f32>,
    /// Ports that are played on.
    pub ports: Vec<Port>,
    /// Ports that are listened to.
    pub listening: Vec<Port>,
    /// Events played.
    pub events: u64,
    /// Whether the performer has real-time priority.
    pub real_time: bool,
    /// How late it was.
    pub lateness: Lateness,
    /// What is wrong, a sentence each.
    #[serde(default)]
    pub faults: Vec<String>,
}

impl Report {
    /// Reads the gauges of a performance. Only atomics are touched.
    #[must_use]
    pub fn of(gauges: &Gauges, library: &Library, listening: &[Arc<PortGauge>]) -> Self {
        let (status, hand) = (gauges.status.get(), gauges.hand.get());
        let name = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        let port =
            |port: &Arc<PortGauge>| Port { name: port.name().to_string(), open: port.is_open(), losses: port.losses() };
        let lateness = Lateness {
            events: gauges.lateness.histogram(),
            last_din_byte: gauges.cable_lateness.histogram(),
            bare_loop: gauges.bare_lateness.histogram(),
        };
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_s: gauges.begun.elapsed().as_secs(),
            section: status.section.name().to_owned(),
            raga: name(status.raga_name(library)),
            tala: name(status.tala_name(library)),
            matra: status.matra,
            laya_bpm: (status.laya_bpm > 0).then_some(status.laya_bpm),
            mood: hand.over(gauges.moods.get()),
            by_hand: hand.rasa.is_some(),
            tapped_bpm: hand.laya_bpm,
            ports: gauges.ports.iter().map(port).collect(),
            listening: listening.iter().map(port).collect(),
            events: lateness.events.count,
            real_time: gauges.real_time.load(std::sync::atomic::Ordering::Acquire),
            lateness,
            faults: Vec::new(),
        }
    }
}

impl Lateness {
    /// The histograms side by side.
    #[must_use]
    pub fn table(&self) -> String {
        table(&[("events", &self.events), ("last DIN byte", &self.last_din_byte), ("bare loop", &self.bare_loop)])
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes, seconds) = (self.uptime_s / 3600, self.uptime_s / 60 % 60, self.uptime_s % 60);
        writeln!(f, "playing    {hours}:{minutes:02}:{seconds:02}, {} events", self.events)?;
        write!(f, "music      {}", plain::line(&self.section))?;
        if let Some(raga) = &self.raga {
            write!(f, ", {}", plain::line(raga))?;
        }
        if let (Some(tala), Some(matra), Some(laya)) = (&self.tala, self.matra, self.laya_bpm) {
            write!(f, ", {}, matra {matra}, {laya} a minute", plain::line(tala))?;
        }
        match self.mood.rasa {
            Some(rasa) => {
                let hand = if self.by_hand { ", by hand" } else { "" };
                let (sure, strong) = (self.mood.confidence * 100.0, self.mood.intensity * 100.0);
                writeln!(
                    f,
                    "\nmood       {rasa} ({}), sure {sure:.0} %, intensity {strong:.0} %{hand}",
                    rasa.meaning()
                )?;
            }
            None => writeln!(f, "\nmood       none")?,
        }
        if let Some(laya) = self.tapped_bpm {
            writeln!(f, "tapped     {laya:.0} a minute")?;
        }
        for (what, ports) in [("port", &self.ports), ("listens to", &self.listening)] {
            for port in ports {
                let state = if port.open { "open" } else { "lost, tried again now and then" };
                let losses = if port.losses > 0 { format!(" (lost {} times)", port.losses) } else { String::new() };
                writeln!(f, "{what:<10} {}: {state}{losses}", plain::line(&port.name))?;
            }
        }
        self.faults.iter().try_for_each(|fault| writeln!(f, "fault      {fault}"))?;
        let priority = if self.real_time { "real-time" } else { "ordinary" };
        write!(f, "priority   {priority}\n{}", self.lateness.table())
    }
}
