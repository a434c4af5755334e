//! A raga as `rasikad raga show` prints it.

use std::fmt;

use rasika_device::performer::raga::notation::GridLine;
use rasika_device::performer::raga::{Composition, Glide};
use rasika_device::performer::{Library, Raga};

/// A raga to be printed.
pub struct Shown<'a> {
    /// The raga.
    pub raga: &'a Raga,
    /// Where the talas of its compositions are.
    pub library: &'a Library,
}

fn words<T: ToString>(notes: &[T]) -> String {
    notes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raga = self.raga;
        writeln!(f, "{} ({})", raga.name, raga.source)?;
        writeln!(f, "  up        {}", words(&raga.aroha))?;
        writeln!(f, "  down      {}", words(&raga.avaroha))?;
        writeln!(f, "  vadi      {}, samvadi {}", raga.vadi, raga.samvadi)?;
        writeln!(f, "  rests on  {}", words(&raga.nyasa))?;
        if !raga.touch.is_empty() {
            writeln!(f, "  touches   {}", words(&raga.touch))?;
        }
        match raga.hours {
            Some((from, to)) => writeln!(f, "  hours     {from} to {to}")?,
            None => writeln!(f, "  hours     any")?,
        }
        let phrases: Vec<String> = raga.phrases.iter().map(|phrase| words(phrase)).collect();
        writeln!(f, "  phrases   {}", phrases.join(", "))?;
        let glides: Vec<String> = raga.glides.iter().map(glide).collect();
        writeln!(f, "  glides    {}", if glides.is_empty() { "none".to_owned() } else { glides.join(", ") })?;
        raga.compositions.iter().try_for_each(|composition| self.composition(f, composition))
    }
}

fn glide(glide: &Glide) -> String {
    glide.path.iter().map(ToString::to_string).collect::<Vec<_>>().join("~")
}

impl Shown<'_> {
    fn composition(&self, f: &mut fmt::Formatter<'_>, composition: &Composition) -> fmt::Result {
        let Composition { name, tala, source, mukhda_matra, sthayi, antara } = composition;
        writeln!(f, "\n{name}: {tala}, from matra {mukhda_matra} ({source})")?;
        if let Some(matras) = self.library.tala(tala).map(|tala| self.library.talas[tala].matras())
            && let Some(sam) = composition.sam_note(matras)
        {
            writeln!(f, "  the mukhda lands on {sam}")?;
        }
        let part = |f: &mut fmt::Formatter<'_>, name: &str, lines: &[GridLine]| {
            lines
                .iter()
                .enumerate()
                .try_for_each(|(nth, line)| writeln!(f, "  {:<7} {line}", if nth == 0 { name } else { "" }))
        };
        part(f, "sthayi", sthayi)?;
        part(f, "antara", antara)
    }
}
