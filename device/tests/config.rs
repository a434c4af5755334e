//! Settings: later over earlier, and whatever is wrong is named with its place and the nearest right name.

use proptest::prelude::*;
use rasika_device::config::{CameraSource, Config, DEFAULTS, Layers, Origin, midi_port};
use std::path::Path;

fn error(text: &str) -> String {
    Config::parse("rasika.toml", text).unwrap_err().to_string()
}

fn env(layers: &mut Layers, name: &str, value: &str) -> Result<(), String> {
    layers.environment([(name.to_owned(), value.to_owned())].into_iter()).map_err(|error| error.to_string())
}

#[test]
fn the_reference_is_what_an_empty_file_means() {
    let config = Config::parse("rasika.toml", "").unwrap();
    assert_eq!(config, Config::parse("rasika.toml", DEFAULTS).unwrap());
    assert_eq!(config.camera.source, CameraSource::Device("/dev/video0".into()));
    assert_eq!(config.panel.unwrap().select, 17);
    // Every key of the reference is explained: a comment stands above it or above the keys it goes with.
    let undocumented = DEFAULTS.split("\n\n").flat_map(|part| part.lines().find(|line| !line.starts_with('[')));
    for line in undocumented {
        assert!(line.starts_with('#'), "'{line}' follows no explanation");
    }
}

#[test]
fn later_wins_and_show_says_who() {
    let mut layers = Layers::defaults().unwrap();
    layers.file("rasika.toml", "[camera]\nrate_hz = 15\nwidth = 320\nheight = 240\n").unwrap();
    env(&mut layers, "RASIKA_CAMERA_RATE_HZ", "20").unwrap();
    env(&mut layers, "RASIKA_CAMERA_WIDTH", "800").unwrap();
    layers.flag("--rate", "camera.rate_hz", "25").unwrap();
    let camera = Config::of(&layers).unwrap().camera;
    assert_eq!((camera.rate_hz, camera.width, camera.height), (25, 800, 240));
    let shown = layers.show();
    for (key, origin) in [
        ("rate_hz = 25", "--rate"),
        ("width = 800", "RASIKA_CAMERA_WIDTH"),
        ("height = 240", "rasika.toml:4"),
        ("mirror = false", "default"),
    ] {
        assert!(shown.lines().any(|line| line.starts_with(key) && line.ends_with(origin)), "{key} in {shown}");
    }
    // What is shown is a file again.
    assert_eq!(Config::parse("shown", &shown).unwrap(), Config::of(&layers).unwrap());
    assert_eq!(Config::parse("snapshot", &layers.snapshot()).unwrap(), Config::of(&layers).unwrap());
    assert!(layers.settings().iter().any(|setting| setting.origin == Origin::Flag("--rate".into())));
}

#[test]
fn wrong_names_are_told_with_line_and_the_nearest_right_one() {
    for (text, said) in [
        ("[camera]\nwidth = 640\nmiror = true\n", "rasika.toml:3: [camera] has no key 'miror'; did you mean mirror?"),
        ("\n[camra]\nwidth = 1\n", "rasika.toml:3: there is no section [camra]; did you mean camera?"),
        ("[recordnig]\n", "rasika.toml:1: there is no section [recordnig]; did you mean recording?"),
        ("width = 640\n", "rasika.toml:1: 'width' stands in no section"),
        ("[music]\nsounds = \"gn\"\n", "rasika.toml:2: music.sounds is 'gn'; did you mean gm?"),
        (
            "[midi]\nports = [\"alsa\", \"seriel:/dev/ttyAMA0\"]\n",
            "rasika.toml:2: midi.ports is 'seriel:/dev/ttyAMA0'; ",
        ),
        ("[panel]\npins = \"gpichip\"\n", "rasika.toml:2: panel.pins is 'gpichip'; did you mean gpiochip?"),
    ] {
        let error = error(text);
        assert!(error.starts_with(said), "{error}");
    }
}

#[test]
fn wrong_values_are_told_with_what_they_may_be() {
    for (text, said) in [
        (
            "[camera]\nrate_hz = \"fast\"",
            "rasika.toml:2: camera.rate_hz is \"fast\"; it must be a whole number from 1 to 240",
        ),
        (
            "[camera]\n\nexposure = 0",
            "rasika.toml:3: camera.exposure is 0; it must be \"auto\" or a whole number from 1 to 10000",
        ),
        ("[camera]\nmirror = 1", "rasika.toml:2: camera.mirror is 1; it must be true or false"),
        ("[panel]\nbrightness = 2.5", "rasika.toml:2: panel.brightness is 2.5; it must be a number from 0 to 1"),
        ("[panel]\nselect = 28", "rasika.toml:2: panel.select is 28; it must be a whole number from 0 to 27"),
        ("[panel]\nselect = 27", "rasika.toml:2: panel.select and panel.record are both GPIO27; give each its own pin"),
        ("[panel]\nmidi_led = 17", "rasika.toml:2: panel.select and panel.midi_led are both GPIO17"),
        ("[panel]\nrecord_by = \"press\"", "rasika.toml:2: panel.record_by is 'press'; there are hold, click"),
        ("[box]\nname = \"\"", "rasika.toml:2: box.name is empty"),
        ("[box]\nname = \"a\\nb\"", "rasika.toml:2: box.name is"),
        ("[link]\nlisten = [\"here\"]", "rasika.toml:2: link.listen has 'here'"),
        ("[link]\nserial = [\"/dev/ttyS0@fast\"]", "rasika.toml:2: link.serial has '/dev/ttyS0@fast'"),
        ("[link]\nserial = [\"ttyS0\"]", "rasika.toml:2: link.serial has 'ttyS0'"),
        ("[link]\nlisten = \"0.0.0.0:1\"", "rasika.toml:2: link.listen is \"0.0.0.0:1\"; it must be a list"),
        ("[recording]\nkeep_images = 1", "rasika.toml:2: recording.keep_images is 1; it must be true or false"),
        ("[recording]\nquota_mb = 0", "rasika.toml:2: recording.quota_mb is 0"),
        ("[music]\nseed = -1", "rasika.toml:2: music.seed is -1"),
        ("[box]\nname = ", "rasika.toml:2: "),
        ("[box]\nname = \"a\"\nname = \"b\"", "rasika.toml:3: "),
    ] {
        let error = error(text);
        assert!(error.starts_with(said), "{text:?} said {error}");
    }
}

#[test]
fn a_laptop_does_not_set_what_is_the_owners_to_say() {
    let own =
        "[camera]\nsource = \"libcamerasrc ! appsink\"\n[recording]\nkeep_images = true\nfolder = \"/srv/takes\"\n";
    let with = |own: &str, pushed: &str| {
        let mut layers = Layers::defaults().unwrap();
        layers.file("own.toml", own).unwrap();
        layers.pushed("pushed.toml", pushed).unwrap();
        Config::of(&layers).unwrap()
    };
    let spy = "[box]\nname = \"stage\"\n[camera]\nsource = \"v4l2src ! tcpserversink\"\n[recording]\nkeep_images = true\nfolder = \"/x\"\n";
    let config = with("", spy);
    assert_eq!(
        (config.box_name.as_str(), &config.camera.source),
        ("stage", &CameraSource::Device("/dev/video0".into()))
    );
    assert!(!config.recording.keep_images && config.recording.folder != Path::new("/x"));
    assert_eq!(Layers::stays("a", spy, None).unwrap(), ["camera.source", "recording.keep_images", "recording.folder"]);
    // What the owner has said stays, also where a laptop sends it back.
    let config = with(own, spy);
    assert_eq!(config.camera.source, CameraSource::Pipeline("libcamerasrc ! appsink".into()));
    assert!(config.recording.keep_images && config.recording.folder == Path::new("/srv/takes"));
    // A device is a device, and fewer pictures are anybody's to ask for.
    let config = with(own, "[camera]\nsource = \"/dev/video2\"\n[recording]\nkeep_images = false\n");
    assert_eq!(config.camera.source, CameraSource::Device("/dev/video2".into()));
    assert!(!config.recording.keep_images);
}

#[test]
fn the_environment_speaks_plainly_too() {
    let mut layers = Layers::defaults().unwrap();
    env(&mut layers, "RASIKA_MIDI_PORTS", "alsa, serial:/dev/ttyAMA0").unwrap();
    env(&mut layers, "RASIKA_LINK_LISTEN", "[::1]:80,127.0.0.1:80").unwrap();
    env(&mut layers, "RASIKA_CAMERA_EXPOSURE", "200").unwrap();
    env(&mut layers, "RASIKA_PANEL_PINS", "none").unwrap();
    env(&mut layers, "RASIKA_MODELS", "not a setting").unwrap();
    env(&mut layers, "PATH", "/bin").unwrap();
    let config = Config::of(&layers).unwrap();
    assert_eq!(config.midi.ports, ["alsa", "serial:/dev/ttyAMA0"]);
    assert_eq!((config.link.listen.len(), config.camera.exposure_100_us, config.panel), (2, Some(200), None));
    env(&mut layers, "RASIKA_LINK_LISTEN", "[\"127.0.0.1:80\"]").unwrap();
    assert_eq!(Config::of(&layers).unwrap().link.listen.len(), 1);

    let error = env(&mut layers, "RASIKA_CAMERA_WIDHT", "800").unwrap_err();
    assert_eq!(error, "RASIKA_CAMERA_WIDHT: [camera] has no key 'widht'; did you mean width?");
    let error = env(&mut layers, "RASIKA_CAMERA_WIDTH", "wide").unwrap_err();
    assert_eq!(error, "RASIKA_CAMERA_WIDTH: camera.width is 'wide'; it must be a whole number");
    env(&mut layers, "RASIKA_CAMERA_WIDTH", "9").unwrap();
    let error = Config::of(&layers).unwrap_err().to_string();
    assert!(error.starts_with("RASIKA_CAMERA_WIDTH: camera.width is 9;"), "{error}");
}

#[test]
fn what_is_wrong_costs_its_own_default_and_nothing_else() {
    let text = "[camera]\nrate_hzz = 30\nwidth = 9\nmirror = true\n[midi]\nports = [\"file:/tmp/mine.mid\"]\n\
                [link]\nlisten = []\nmdns = maybe\n[recording]\nfolder = \"/srv/takes\"\nkeep_images = maybe\n[colour]\nx = 1\n";
    let mut layers = Layers::defaults().unwrap();
    let mut said: Vec<String> = layers.file_in_part("rasika.toml", text).iter().map(ToString::to_string).collect();
    said.extend(
        layers
            .environment_in_part([("RASIKA_CAMERA_RATE_HZ".into(), "abc".into())].into_iter())
            .iter()
            .map(ToString::to_string),
    );
    let (config, wrong) = Config::of_what_can_be(layers).unwrap();
    said.extend(wrong.iter().map(ToString::to_string));
    for (line, word) in
        [("toml:2", "rate_hz?"), ("toml:3", "camera.width is 9"), ("RASIKA_CAMERA", "abc"), ("toml:9", "quoted")]
    {
        assert!(said.iter().any(|said| said.contains(line) && said.contains(word)), "{line}: {said:#?}");
    }
    let usual = Config::parse("rasika.toml", "").unwrap();
    assert_eq!((config.camera.width, config.camera.rate_hz), (usual.camera.width, usual.camera.rate_hz));
    assert!(config.camera.mirror);
    assert_eq!((config.midi.ports, config.link.listen), (vec!["file:/tmp/mine.mid".to_owned()], vec![]));
    assert_eq!(config.recording.folder, Path::new("/srv/takes"));
    assert!(!config.recording.keep_images);
}

#[test]
fn a_port_may_carry_its_own_map() {
    assert_eq!(midi_port("alsa:Synth"), ("alsa:Synth", None));
    assert_eq!(midi_port("alsa:Synth=gs"), ("alsa:Synth", Some("gs")));
    assert_eq!(midi_port("serial:/dev/ttyAMA0@38400+whole=one"), ("serial:/dev/ttyAMA0@38400+whole", Some("one")));
    assert_eq!(midi_port("alsa:a=b=maps/my.toml"), ("alsa:a=b", Some("maps/my.toml")));
    let ports = |text: &str| Config::parse("rasika.toml", &format!("[midi]\n{text}\n")).map(|config| config.midi.ports);
    assert_eq!(ports("ports = [\"usb=gs\", \"alsa=one\"]").unwrap(), ["usb=gs", "alsa=one"]);
    for (text, word) in [
        ("ports = [\"alsa:Synth=gz\"]", "there are gm, gs"),
        ("ports = [\"serial:\"]", "serial:/dev/ttyAMA0"),
        ("ports = [\"file\"]", "file:evening.mid"),
        ("midi_in = [\"usb=gs\"]", "usb=gs"),
    ] {
        let said = ports(text).unwrap_err().to_string();
        assert!(said.starts_with("rasika.toml:2:") && said.contains(word), "{said}");
    }
}

proptest! {
    #[test]
    fn any_text_is_settings_or_an_error(text in "(\\[(box|camera|panel|link|x)\\]\n)?([a-z_]{0,8} ?= ?(\"[^\"]{0,9}\"|-?[0-9]{1,20}|\\[\\]|\\{ a = 1 \\}|true|1979-05-27)\n){0,4}\\PC{0,20}") {
        if let Err(error) = Config::parse("any.toml", &text) {
            prop_assert!(error.to_string().starts_with("any.toml:"), "{}", error);
        }
    }
}

#[test]
fn settings_have_an_end_as_they_go_with_each_take() {
    let many = format!("[midi]\nports = [{}]\n", "\"alsa\", ".repeat(40_000));
    assert!(error(&many).contains("midi.ports is too long"), "{}", error(&many));
    let long = format!("[midi]\nmidi_in = [\"alsa:{}\"]\n", "x".repeat(100_000));
    assert!(error(&long).contains("midi.midi_in is too long"), "{}", error(&long));
    let text = format!("[recording]\nperformer = \"{}\"\n", "x".repeat(100_000));
    assert!(error(&text).contains("performer") && error(&text).len() < 1000, "{}", error(&text));
    // Each alone would do.
    let port = format!("\"alsa:{}\", ", "x".repeat(500)).repeat(32);
    let all = format!("[midi]\nports = [{port}]\nmidi_in = [{port}]\n");
    assert!(error(&all).contains("all settings together"), "{}", error(&all));
    let mut layers = Layers::defaults().unwrap();
    assert_eq!(layers.file_in_part("rasika.toml", &all), []);
    let (config, errors) = Config::of_what_can_be(layers).unwrap();
    assert!(config.text.len() <= 16 * 1024 && errors.len() == 2, "{errors:?}");
}

#[test]
fn a_laptops_settings_reach_no_further_than_devices_of_their_kind_and_the_boxs_folder() {
    let with = |pushed: &str| {
        let mut layers = Layers::defaults().unwrap();
        layers.file("own.toml", "[recording]\nfolder = \"/srv/takes\"\n").unwrap();
        layers.pushed("pushed.toml", pushed).unwrap();
        Config::of(&layers).unwrap()
    };
    let usual = with("");
    for pushed in [
        "[midi]\nports = [\"alsa\", \"file:/etc/cron.d/x.mid\"]",
        "[midi]\nports = [\"file:evening.mid\"]",
        "[midi]\nports = [\"file:/srv/takes/../x.mid=gs\"]",
        "[midi]\nports = [\"file:/srv/takes/shelf/files/x.mid\"]",
        "[midi]\nports = [\"serial:/dev/sda\"]",
        "[midi]\nports = [\"serial:/dev/watchdog\"]",
        "[midi]\nmidi_in = [\"serial:/dev/tty/../sda\"]",
        "[camera]\nsource = \"/dev/zero\"",
        "[camera]\nsource = \"http://example.org/film\"",
        "[camera]\nsource = \"/dev/video/../../tmp/pipe\"",
        "[panel]\npins = \"gpiochip:/tmp/pipe\"",
        "[link]\nserial = [\"/dev/watchdog\"]",
        "[link]\nproving_s = 3600",
    ] {
        let text = with(pushed).text;
        assert_eq!(text, usual.text, "{pushed}");
        let stays = Layers::stays("pushed.toml", pushed, Some(Path::new("/srv/takes"))).unwrap();
        assert_eq!(stays.len(), 1, "{pushed}");
    }
    let fine = with(
        "[midi]\nports = [\"file:/srv/takes/x.mid=gs\", \"serial:/dev/ttyUSB0\"]\n[link]\nserial = [\"/dev/ttyS1\"]\n\
         [camera]\nsource = \"/dev/v4l/by-id/cam\"\n[panel]\npins = \"gpiochip:/dev/gpiochip4\"",
    );
    assert_eq!((fine.midi.ports.len(), fine.link.serial.len()), (2, 1));
}
