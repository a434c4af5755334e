//! `rasika school`: the whole story of box and laptop, on a film and with a simulated box.
//!
//! A box is paired, records an actor's sorrow and laughter, its takes are pulled, a model is learned from them, scored on
//! takes that were left out, pushed, and told apart from the model of before. Every step is a command that anybody can
//! type; each is shown. Nothing outside the folder is touched.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use rasika_models::plain;

use crate::{say, say_lines};

/// Whatever a box is waited for comes sooner.
const LONG: Duration = Duration::from_secs(60);
/// What is recorded of the film: how often SELECT is clicked before, and from when to when, in seconds of the film.
const LESSONS: [(&str, &str, f64, f64); 4] =
    [("karuna", "sss", 2.6, 4.2), ("karuna", "", 4.6, 6.1), ("hasya", "Sss", 10.6, 13.4), ("hasya", "", 14.0, 17.4)];

/// Arguments of the verb.
#[derive(Debug, Args)]
pub struct School {
    /// The film of an actor who goes from sorrow to laughter (make demo brings it)
    film: PathBuf,

    /// Folder for everything that comes of it; what an earlier school left there is replaced
    #[arg(long, value_name = "DIR", default_value = "out/school")]
    out: PathBuf,

    /// The box's program; else the one beside this one
    #[arg(long, value_name = "FILE")]
    rasikad: Option<PathBuf>,
}

impl School {
    /// Goes through all of it.
    pub fn run(self) -> Result<()> {
        let me = std::env::current_exe().context("where is this program?")?;
        let beside = me.with_file_name("rasikad");
        let rasikad = self.rasikad.clone().unwrap_or(beside);
        ensure!(rasikad.is_file(), "{} is not there; build it, or name it with --rasikad", rasikad.display());
        ensure!(self.film.is_file(), "{} is not there; `make school` brings it", self.film.display());
        for part in ["box", "laptop"] {
            let part = self.out.join(part);
            if part.exists() {
                std::fs::remove_dir_all(&part).with_context(|| format!("cannot replace {}", part.display()))?;
            }
        }
        std::fs::create_dir_all(&self.out).with_context(|| format!("cannot make {}", self.out.display()))?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let stage = Stage { me, rasikad, film: self.film, out: self.out, port };

        stage.chapter(
            "A box, and a laptop it does not know: both buttons for three seconds, three digits, a yes on both sides",
        )?;
        stage.pair()?;
        stage.chapter("The actor performs; each press of RECORD is a take")?;
        let rasika = stage.record()?;
        stage.chapter("The takes come to the laptop")?;
        stage.rasika(&["pull"])?;
        stage.rasika(&["takes", "list"])?;
        stage.chapter("A model is learned; each take is judged by a model that has not seen it")?;
        let (model, picture) = (stage.path("model.rasika"), stage.path("confusion.png"));
        stage.rasika(&["eval", "--png", &picture])?;
        stage.rasika(&["train", "--name", "school", "-o", &model])?;
        stage.chapter("It goes to the box, is checked there, and tells the rasas from the next frame on")?;
        stage.rasika(&["push", &model])?;
        stage.rasika(&["models"])?;
        stage.rasika(&["status"])?;
        stage.chapter("And back again")?;
        stage.rasika(&["rollback"])?;
        stage.rasika(&["models"])?;
        rasika.end()?;
        let out = stage.path("");
        let out = plain::line(out.trim_end_matches('/'));
        Ok(say_lines(&format!(
            "\n{out}/confusion.png  who was taken for whom\n{out}/model.rasika   the model\n{out}/laptop         takes, keys and boxes: RASIKA_DATA={out}/laptop rasika takes list\n\
             One actor and four takes teach a box one actor. It takes a minute of each of the nine rasas, on two days, to know a dancer."
        ))?)
    }
}

/// Where it is played.
struct Stage {
    me: PathBuf,
    rasikad: PathBuf,
    film: PathBuf,
    out: PathBuf,
    port: u16,
}

impl Stage {
    fn path(&self, name: &str) -> String {
        self.out.join(name).display().to_string()
    }

    fn chapter(&self, title: &str) -> Result<()> {
        Ok(say_lines(&format!("\n— {title} —"))?)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.me);
        command.args(arguments).env("RASIKA_DATA", self.out.join("laptop"));
        command
    }

    /// Runs a verb as anybody would, and shows it.
    fn rasika(&self, arguments: &[&str]) -> Result<()> {
        say(&format!("$ rasika {}", arguments.join(" ")))?;
        let status = self.command(arguments).status().context("cannot start rasika")?;
        ensure!(status.success(), "`rasika {}` failed", arguments.join(" "));
        Ok(())
    }

    fn pair(&self) -> Result<()> {
        let mut rasika = Simulated::start(self)?;
        rasika.hears("laptops reach the box")?;
        rasika.press("B")?;
        rasika.hears("let go to pair")?;
        rasika.press("B")?;
        rasika.hears("pairing")?;
        let address = format!("127.0.0.1:{}", self.port);
        say(&format!("$ rasika pair {address} --yes -"))?;
        let mut asking = self.command(&["pair", &address, "--yes", "-"]);
        let mut asking = asking.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("cannot start rasika")?;
        let lines = asking.stdout.take().context("a pipe")?;
        let mut lines = BufReader::new(lines).lines();
        let shown = lines.next().context("the laptop shows no digits")??;
        say(&shown)?;
        let blinked = rasika.hears("RECORD if it shows ")?;
        // The laptop's owner types what the box blinks.
        let mut typed = asking.stdin.take().context("a pipe")?;
        writeln!(typed, "{blinked}").and_then(|()| typed.flush()).context("the laptop has ended")?;
        ensure!(blinked == shown, "the box blinks {blinked}, the laptop shows {shown}");
        rasika.hears("pairing asked")?;
        // The box takes RECORD for an answer only when the digits have been there for a second.
        std::thread::sleep(Duration::from_millis(1500));
        say(&format!("(the box blinks {blinked} too: that is typed, and RECORD is pressed)"))?;
        rasika.press("r")?;
        for line in lines {
            say(&line?)?;
        }
        ensure!(asking.wait()?.success(), "the laptop was not paired");
        rasika.end()
    }

    /// Records what the lessons say; the box goes on playing.
    fn record(&self) -> Result<Simulated> {
        let mut rasika = Simulated::start(self)?;
        rasika.hears("ready to record")?;
        // The first line of what is seen says where the film is.
        rasika.hears(" s  ")?;
        let begun = rasika.film_began;
        let until = |second: f64| {
            let wait = Duration::from_secs_f64(second).saturating_sub(begun.elapsed());
            std::thread::sleep(wait);
        };
        for (rasa, clicks, from_s, to_s) in LESSONS {
            for click in clicks.chars() {
                rasika.press(&click.to_string())?;
                if click.is_uppercase() {
                    // Held for a second and let go: no label, automatic.
                    std::thread::sleep(Duration::from_millis(1200));
                    rasika.press(&click.to_string())?;
                }
                std::thread::sleep(Duration::from_millis(450));
            }
            until(from_s);
            rasika.press("R")?;
            until(to_s);
            rasika.press("R")?;
            let kept = rasika.hears(" is kept: ")?;
            say(&format!("{from_s:>5.1}–{to_s:<5.1} s  {rasa}: {kept}"))?;
        }
        Ok(rasika)
    }
}

/// A simulated box at work, and what it says.
struct Simulated {
    child: Child,
    keys: ChildStdin,
    said: Receiver<String>,
    film_began: Instant,
}

impl Simulated {
    fn start(stage: &Stage) -> Result<Self> {
        let set = |setting: String| ["--set".to_owned(), setting];
        let folder = std::path::absolute(stage.out.join("box"))?;
        let mut command = Command::new(&stage.rasikad);
        command.arg("--simulate").arg(&stage.film);
        command.args(set(format!("recording.folder={}", folder.display())));
        command.args(set(format!("link.listen=[\"127.0.0.1:{}\"]", stage.port)));
        command.args(["--set", "link.mdns=false", "--set", "link.serial=[]", "--set", "box.name=school"]);
        command.args(["--set", "midi.ports=[]", "--set", "panel.count_in_beats=0", "--set", "recording.margin_mb=16"]);
        command.env("RASIKA_SOCKET", folder.with_file_name("socket")).env_remove("NOTIFY_SOCKET");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let film_began = Instant::now();
        let keys = child.stdin.take().context("a pipe")?;
        let (line, said) = channel();
        let (out, err) = (child.stdout.take().context("a pipe")?, child.stderr.take().context("a pipe")?);
        let streams: [Box<dyn std::io::Read + Send>; 2] = [Box::new(out), Box::new(err)];
        for stream in streams {
            let line = line.clone();
            std::thread::spawn(move || {
                let lines = BufReader::new(stream).lines().map_while(Result::ok);
                lines.map(|text| line.send(text)).take_while(Result::is_ok).count()
            });
        }
        Ok(Self { child, keys, said, film_began })
    }

    fn press(&mut self, key: &str) -> Result<()> {
        self.keys.write_all(key.as_bytes()).and_then(|()| self.keys.flush()).context("the box has ended")
    }

    /// Waits until the box says something; the rest of the line.
    fn hears(&mut self, words: &str) -> Result<String> {
        let begun = Instant::now();
        loop {
            let said = self.said.recv_timeout(LONG.saturating_sub(begun.elapsed()));
            match said {
                Ok(line) => {
                    // A line of what is seen begins with the time of the camera, which began with the film.
                    if let Some((seconds, _)) = line.trim_start().split_once(" s  ")
                        && let Ok(seconds) = seconds.parse::<f64>()
                        && let Some(began) = Instant::now().checked_sub(Duration::from_secs_f64(seconds.max(0.0)))
                    {
                        self.film_began = began;
                    }
                    if let Some((_, rest)) = line.split_once(words) {
                        return Ok(rest.to_owned());
                    }
                }
                Err(RecvTimeoutError::Timeout) => bail!("the box did not say '{words}' for {} s", LONG.as_secs()),
                Err(RecvTimeoutError::Disconnected) => bail!("the box has ended before it said '{words}'"),
            }
        }
    }

    fn end(mut self) -> Result<()> {
        self.press("q")?;
        let begun = Instant::now();
        while begun.elapsed() < LONG {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the box ended with an error");
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the box does not end")
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
