//! Settings that a laptop pushes to the whole box: those that would lock laptops out are taken back, those that name what
//! never ends are not waited for, and none ends a take that is being recorded.

mod rasika;
mod synth;

use rasika::{Rasika, film};
use rasika_device::link::message::{FileKind, FileName, Hash, Reason};
use rasika_device::link::{Client, Expect, Identity, KeyRing, LinkError};
use std::sync::Arc;
use std::time::Duration;
use synth::Terminal;
use tokio::time::{sleep, timeout};

const PORT: &str = "laptops reach the box at port ";
const LONG: Duration = Duration::from_secs(60);

struct Stage {
    folder: tempfile::TempDir,
    me: Identity,
    synth: Terminal,
}

impl Stage {
    /// A box whose own settings stand in a file, and a laptop that it lets in.
    fn new(own: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let me = Identity::draw().unwrap();
        let ring = KeyRing::open(&folder.path().join("takes/link/laptops.toml")).unwrap();
        ring.add("laptop", me.public()).unwrap();
        std::fs::write(folder.path().join("own.toml"), own).unwrap();
        Self { folder, me, synth: Terminal::new(Arc::default()) }
    }

    fn start(&self) -> Rasika {
        let own = self.folder.path().join("own.toml").display().to_string();
        let film = film("WolfgangLanger_Pexels.mp4");
        Rasika::start(self.folder.path(), &[&film, "--midi", &self.synth.name, "--config", &own])
    }

    /// A session at the port that the box says next.
    async fn session(&self, rasika: &Rasika) -> Client {
        let address = format!("127.0.0.1:{}", rasika.hears_line(PORT));
        let key = Identity::open(&self.folder.path().join("takes/link/key")).unwrap().public();
        let expect = Expect { name: "box".to_owned(), key };
        Client::connect_tcp(&address, &self.me, "laptop", &expect).await.unwrap()
    }
}

const OWN: &str = "[link]\nlisten = [\"127.0.0.1:0\"]\nserial = []\nmdns = false\nproving_s = 8\n";

async fn push(client: &Client, text: &str) -> Result<(), LinkError> {
    let name = FileName::new("box.toml").unwrap();
    client.push(FileKind::Config, &name, text.as_bytes(), |_| {}).await?;
    client.activate(FileKind::Config, &name, Hash::of(text.as_bytes())).await
}

fn in_force(rasika: &Rasika) -> String {
    rasika.ask(&["models", "config"])
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_through_which_no_laptop_comes_are_taken_back() {
    let stage = Stage::new(OWN);
    let rasika = stage.start();
    let client = stage.session(&rasika).await;
    // An address that is no computer's.
    let nowhere = "[link]\nlisten = [\"192.0.2.1:7337\"]\nserial = []\nmdns = false\n";
    push(&client, nowhere).await.unwrap();
    assert_eq!(timeout(LONG, client.over()).await.unwrap(), LinkError::StartsAnew);
    rasika.hears("no laptop can reach 192.0.2.1:7337");
    rasika.hears("no laptop came through the new settings of the link");
    let client = stage.session(&rasika).await;
    assert!(in_force(&rasika).contains("in force  built-in"), "{}", in_force(&rasika));

    // A power cut while they are on trial does the same.
    push(&client, nowhere).await.unwrap();
    rasika.hears("no laptop can reach 192.0.2.1:7337");
    let mut rasika = rasika;
    rasika.kill();
    let rasika = stage.start();
    rasika.hears("ended before a new config had proved itself");
    let client = stage.session(&rasika).await;

    // And so does an ordinary end.
    push(&client, nowhere).await.unwrap();
    rasika.hears("no laptop can reach 192.0.2.1:7337");
    rasika.ends();
    let rasika = stage.start();
    rasika.hears("ended before a new config had proved itself");
    let client = stage.session(&rasika).await;

    // Those through which a laptop comes stay.
    push(&client, &OWN.replace("\"127.0.0.1:0\"", "\"127.0.0.1:0\", \"127.0.0.2:0\"")).await.unwrap();
    let client = stage.session(&rasika).await;
    sleep(Duration::from_secs(10)).await;
    client.status().await.unwrap();
    assert!(in_force(&rasika).contains("in force  box.toml"), "{}", in_force(&rasika));
    rasika.ends();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_name_of_something_endless_is_told_and_passed_over() {
    let stage = Stage::new(OWN);
    let pipe = stage.folder.path().join("pipe.toml");
    let name = std::ffi::CString::new(pipe.to_str().unwrap()).unwrap();
    // SAFETY: the name ends in a zero and lives as long as the call.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    let mut rasika = stage.start();
    let mut client = stage.session(&rasika).await;
    let pipe = pipe.display();
    for setting in [
        format!("[midi]\nkeys = \"{pipe}\"\n"),
        "[midi]\nkeys = \"/dev/zero\"\n".to_owned(),
        format!("[music]\nsounds = \"{pipe}\"\nmap = \"{pipe}\"\n"),
        format!("[panel]\nlights = \"{pipe}\"\n"),
    ] {
        push(&client, &setting).await.unwrap();
        // On a terminal wrong settings are the end of a box; as a service it plays on the default.
        rasika.hears("it is no plain file");
        rasika.kill();
        rasika = stage.start();
        client = stage.session(&rasika).await;
    }
    rasika.ends();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_push_ends_a_take_that_is_being_recorded() {
    let stage = Stage::new(OWN);
    let mut rasika = stage.start();
    let client = stage.session(&rasika).await;
    rasika.press("s");
    rasika.hears("label shringara");
    sleep(Duration::from_millis(1_200)).await;
    rasika.press("R");
    rasika.hears("recording take");
    let seed = "[music]\nseed = 7\n";
    match push(&client, seed).await {
        Err(LinkError::Refused(refusal)) => {
            assert_eq!(refusal.reason, Reason::Busy);
            assert!(refusal.what.contains("a take is being recorded"), "{refusal:?}");
        }
        other => panic!("{other:?}"),
    }
    let rolled = rasika.ask(&["rollback", "config"]);
    assert!(rolled.contains("a take is being recorded"), "{rolled}");
    sleep(Duration::from_millis(800)).await;
    rasika.press("R");
    rasika.hears("of shringara is kept");
    push(&client, seed).await.unwrap();
    assert_eq!(timeout(LONG, client.over()).await.unwrap(), LinkError::StartsAnew);
    let client = stage.session(&rasika).await;
    assert_eq!(client.status().await.unwrap().takes, 1);
    rasika.ends();
}
