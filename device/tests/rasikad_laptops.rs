//! A laptop and the whole box, over a real connection: paired at the panel, takes pulled, files pushed and taken back.

mod cable;
mod rasika;
mod synth;

use cable::Cable;
use rasika::{Rasika, film};
use rasika_device::laptops::pulling::Pulling;
use rasika_device::link::message::{FileKind, FileName, Hash, Label, Proof, Reason};
use rasika_device::link::{Client, Expect, Identity, LaptopSide as _, LinkError, NotLetIn, Pace, serial};
use rasika_device::store::Store;
use rasika_models::Rasa;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use synth::Terminal;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

const RAGA: &str = include_str!("../ragas/yaman.toml");

fn start(folder: &Path, synth: &Terminal, more: &[&str]) -> (Rasika, String) {
    let film = film("WolfgangLanger_Pexels.mp4");
    let mut arguments = vec![film.as_str(), "--midi", &synth.name];
    arguments.extend(more);
    let rasika = Rasika::start(folder, &arguments);
    let port = rasika.hears_line("laptops reach the box at port ");
    (rasika, format!("127.0.0.1:{port}"))
}

async fn pair(rasika: &mut Rasika, address: &str, me: &Identity, accept: bool) -> Result<Client, LinkError> {
    let stream = TcpStream::connect(address).await.unwrap();
    pair_on(rasika, stream, Pace::NETWORK, me, accept).await
}

async fn pair_on<S>(
    rasika: &mut Rasika,
    stream: S,
    pace: Pace,
    me: &Identity,
    accept: bool,
) -> Result<Client, LinkError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    rasika.press("B");
    rasika.hears("let go to pair");
    rasika.press("B");
    rasika.hears("pairing");
    let (shown, mut digits) = tokio::sync::mpsc::channel(1);
    let (blinked, blinks) = tokio::sync::watch::channel(None);
    // The laptop's owner says yes when the box blinks what the laptop shows.
    let owner = |digits: [u8; 3]| {
        let (shown, mut blinks) = (shown.clone(), blinks.clone());
        async move {
            shown.send(()).await.unwrap();
            let [a, b, c] = digits;
            *blinks.wait_for(Option::is_some).await.unwrap() == Some(format!("{a} {b} {c}"))
        }
    };
    let asking = Client::pair(stream, pace, me, "test laptop", owner);
    let person = async {
        digits.recv().await.unwrap();
        let line = tokio::task::block_in_place(|| rasika.hears_line("a laptop asks to be paired: RECORD if it shows "));
        blinked.send(Some(line)).unwrap();
        tokio::task::block_in_place(|| rasika.hears("pairing asked"));
        // RECORD counts only after the digits have been there for a second.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        rasika.press(if accept { "r" } else { "s" });
    };
    tokio::join!(asking, person).0
}

async fn session(address: &str, me: &Identity, box_key: &Client) -> Result<Client, LinkError> {
    let expect = Expect { name: "box".to_owned(), key: box_key.key() };
    Client::connect_tcp(address, me, "test laptop", &expect).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laptop_is_paired_pulls_relabels_and_prunes() {
    let folder = tempfile::tempdir().unwrap();
    let synth = Terminal::new(Arc::default());
    let (mut rasika, address) = start(folder.path(), &synth, &["--set", "box.name=stage"]);
    rasika.hears("ready to record");
    let me = Identity::draw().unwrap();
    let stranger = Identity::draw().unwrap();
    let client = pair(&mut rasika, &address, &me, true).await.unwrap();
    rasika.hears("the laptop is paired");
    let refused = session(&address, &stranger, &client).await.map(drop);
    assert_eq!(refused.unwrap_err(), LinkError::NotLetIn(NotLetIn::Unknown));

    let status = client.status().await.unwrap();
    assert_eq!((status.name.as_str(), status.takes, status.recording), ("stage", 0, false));
    assert!(status.ports.len() == 1 && status.model.starts_with("knowledge"), "{status:?}");

    // Nothing to pull; then a take is recorded, and comes by itself.
    let dataset = Store::open(&folder.path().join("laptop/takes.db")).unwrap();
    let (dataset, pulled) = client.pull(Pulling(dataset), 0, false, |_| {}).await.unwrap();
    assert_eq!(pulled.changes, 0);
    rasika.press("s");
    rasika.hears("label shringara");
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    rasika.press("R");
    rasika.hears("recording take");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    rasika.press("R");
    rasika.hears("of shringara is kept");
    let mut changes = client.changes(0, 1, true).await.unwrap();
    let take = tokio::time::timeout(Duration::from_secs(20), changes.next()).await.unwrap().unwrap().unwrap();
    assert_eq!((take.label, take.discarded), (Label(Some(Rasa::Shringara)), false));
    assert!(take.recorded.model.starts_with("knowledge") && take.observations > 3, "{take:?}");
    let (dataset, pulled) = client.pull(dataset, 0, false, |_| {}).await.unwrap();
    assert_eq!((pulled.takes, pulled.bytes), (1, take.bytes));
    // The hash that the box lists itself proves nothing.
    let echo = Proof { id: take.id, answer: take.hash };
    assert_eq!(client.held(&[echo]).await.unwrap(), 0);
    assert!(client.prune(&[echo]).await.unwrap()[0].kept.is_some());
    let mut dataset = client.prove(dataset).await.unwrap();
    assert_eq!(dataset.unproved(take.id.box_id), Ok(vec![]));
    let key = client.proof_key().await.unwrap();
    let proofs = dataset.proofs(&[take.id], &key).unwrap();
    assert_eq!(client.held(&proofs).await.unwrap(), 1);
    let here = dataset.0.takes().unwrap();
    assert_eq!(dataset.0.observations(here[0].id).unwrap().len() as u64, take.observations);
    assert_eq!(dataset.0.rehash(here[0].id).unwrap().0, take.hash);

    // A change on the box travels; what nobody holds is not pruned.
    client.relabel(take.id, Label(Some(Rasa::Karuna))).await.unwrap();
    let (dataset, pulled) = client.pull(dataset, take.change, false, |_| {}).await.unwrap();
    assert_eq!((pulled.changes, pulled.takes), (1, 0));
    assert_eq!(dataset.0.takes().unwrap()[0].rasa(), Rasa::Karuna);
    let pruned = client.prune(&proofs).await.unwrap();
    assert_eq!(pruned[0].kept, None);
    assert_eq!(client.status().await.unwrap().takes, 0);
    let (dataset, _) = client.pull(dataset, take.change + 1, false, |_| {}).await.unwrap();
    assert_eq!(
        dataset.0.observations(here[0].id).unwrap().len() as u64,
        take.observations,
        "the laptop keeps its copy"
    );

    client.panic().await.unwrap();
    let mut logs = client.logs(1000, false).await.unwrap();
    let mut lines = Vec::new();
    while let Some(line) = logs.next().await.unwrap() {
        lines.push(line);
    }
    assert!(lines.iter().any(|line| line.contains("recording take")), "{lines:?}");

    // The key is revoked at the box: the session ends, and none begins.
    let revoked = rasika.ask(&["keys", "revoke", "test laptop"]);
    assert!(revoked.contains("let in no longer"), "{revoked}");
    client.over().await;
    let refused = session(&address, &me, &client).await.map(drop);
    assert_eq!(refused.unwrap_err(), LinkError::NotLetIn(NotLetIn::Unknown));
    rasika.ends();
}

#[tokio::test(flavor = "multi_thread")]
async fn laptops_see_the_new_file_of_takes_where_the_old_one_was_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let synth = Terminal::new(Arc::default());
    let (mut rasika, address) = start(folder.path(), &synth, &[]);
    rasika.hears("ready to record");
    let me = Identity::draw().unwrap();
    let client = pair(&mut rasika, &address, &me, true).await.unwrap();
    let old = client.status().await.unwrap();
    std::fs::remove_file(folder.path().join("takes/takes.db")).unwrap();
    rasika.press("s");
    rasika.hears("label shringara");
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    rasika.press("R");
    rasika.hears("was deleted");
    rasika.press("R");
    rasika.hears("ready to record");
    rasika.press("R");
    rasika.hears("recording take");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    rasika.press("R");
    rasika.hears("of shringara is kept");
    let status = client.status().await.unwrap();
    assert_eq!(status.takes, 1);
    assert_ne!(status.box_id, old.box_id);
    let client = session(&address, &me, &client).await.unwrap();
    let dataset = Store::open(&folder.path().join("laptop/takes.db")).unwrap();
    let (_, pulled) = client.pull(Pulling(dataset), 0, false, |_| {}).await.unwrap();
    assert_eq!(pulled.takes, 1);
    rasika.ends();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serial_line_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let synth = Terminal::new(Arc::default());
    let cable = Cable::new(921_600);
    let line = format!("link.serial=[\"{}@921600\"]", cable.ends[0]);
    let (mut rasika, _) = start(folder.path(), &synth, &["--set", &line]);
    rasika.hears("ready to record");
    let me = Identity::draw().unwrap();
    let near = serial::connect(serial::open(&cable.ends[1], 921_600).unwrap()).await.unwrap();
    // The box waits ten seconds for the handshake that begins when the window is open, in four.
    let client = pair_on(&mut rasika, near, Pace::SERIAL, &me, true).await.unwrap();
    rasika.hears("the laptop is paired");
    rasika.press("s");
    rasika.hears("label shringara");
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    rasika.press("R");
    rasika.hears("recording take");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    rasika.press("R");
    rasika.hears("of shringara is kept");
    assert_eq!(client.status().await.unwrap().takes, 1);
    let dataset = Store::open(&folder.path().join("laptop/takes.db")).unwrap();
    let (dataset, pulled) = client.pull(Pulling(dataset), 0, false, |_| {}).await.unwrap();
    let here = dataset.0.takes().unwrap();
    assert!(pulled.takes == 1 && here.len() == 1, "{here:?}");
    assert_eq!(dataset.0.rehash(here[0].id).unwrap(), here[0].hash.unwrap());
    let name = FileName::new("yaman.toml").unwrap();
    let pushed = client.push(FileKind::Raga, &name, RAGA.as_bytes(), |_| {}).await.unwrap();
    assert!(pushed.about.contains("Yaman"), "{pushed:?}");
    let mut back = Vec::new();
    client.fetch(FileKind::Raga, &name, &mut back, |_| {}).await.unwrap();
    assert_eq!(back, RAGA.as_bytes());
    rasika.ends();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_is_checked_comes_in_force_and_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let synth = Terminal::new(Arc::default());
    let (mut rasika, address) = start(folder.path(), &synth, &[]);
    let me = Identity::draw().unwrap();
    let declined = pair(&mut rasika, &address, &me, false).await.map(drop);
    assert_eq!(declined.unwrap_err(), LinkError::NotLetIn(NotLetIn::Declined));
    let client = pair(&mut rasika, &address, &me, true).await.unwrap();
    let name = |name: &str| FileName::new(name).unwrap();
    let refused = |kind, file: &'static str, text: &'static [u8]| {
        let (client, name) = (&client, name(file));
        async move {
            match client.push(kind, &name, text, |_| {}).await {
                Err(LinkError::Refused(refusal)) => refusal,
                other => panic!("{file}: {other:?}"),
            }
        }
    };
    let raga = refused(FileKind::Raga, "wrong.toml", b"name = \"Wrong\"\naroha = 3\n").await;
    assert!(raga.reason == Reason::Invalid && raga.what.contains("wrong.toml:"), "{raga:?}");
    let config = refused(FileKind::Config, "box.toml", b"[camera]\nmiror = true\n").await;
    assert!(config.what.contains("box.toml:2") && config.what.contains("mirror"), "{config:?}");
    let model = refused(FileKind::Model, "none.rasika", b"this is no package").await;
    assert!(model.what.contains("not a model package"), "{model:?}");
    let nothing = client.roll_back(FileKind::Model).await.unwrap_err();
    assert!(nothing.to_string().contains("nothing was in force before"), "{nothing}");

    // A raga of one's own: the box starts anew with it, keeps its pairing, and goes back.
    let text = RAGA.replacen("name = \"Yaman\"", "name = \"Yaman Kalyan\"", 1);
    let hash = Hash::of(text.as_bytes());
    let pushed = client.push(FileKind::Raga, &name("yaman_kalyan.toml"), text.as_bytes(), |_| {}).await.unwrap();
    assert!(pushed.about.contains("Yaman Kalyan"), "{pushed:?}");
    client.activate(FileKind::Raga, &name("yaman_kalyan.toml"), hash).await.unwrap();
    client.over().await;
    let port = rasika.hears_line("laptops reach the box at port ");
    let client = session(&format!("127.0.0.1:{port}"), &me, &client).await.unwrap();
    let ragas = client.list(FileKind::Raga).await.unwrap();
    assert!(ragas[0].active && ragas[0].hash == hash, "{ragas:?}");
    let back = client.roll_back(FileKind::Raga).await.unwrap();
    assert_eq!(back.name.as_str(), "built-in");
    client.over().await;
    let port = rasika.hears_line("laptops reach the box at port ");
    let client = session(&format!("127.0.0.1:{port}"), &me, &client).await.unwrap();
    assert!(!client.list(FileKind::Raga).await.unwrap()[0].active);

    // A raga that is in force when the box is killed at once is not in force after it.
    client.activate(FileKind::Raga, &name("yaman_kalyan.toml"), hash).await.unwrap();
    client.over().await;
    rasika.hears("laptops reach the box at port ");
    rasika.kill();
    let film = film("WolfgangLanger_Pexels.mp4");
    let rasika = Rasika::start(folder.path(), &[&film, "--midi", &synth.name]);
    rasika.hears("died within 30 s of a new raga");
    rasika.hears("laptops reach the box at port ");
    assert!(rasika.ask(&["models", "raga"]).contains("in force  built-in"));
    rasika.ends();
}
