//! Ways out for MIDI: ALSA's sequencer, serial lines, the USB gadget, files.

use super::user::join;
use super::{Access, Finding, Machine};
use rasika_hardware::midi;
use std::path::Path;

const PORTS: &str = "ports";
const ALSA: &str = "alsa";
const DIN: &str = "din";
const GADGET: &str = "gadget";
const FILE: &str = "file";

/// The gadget of device/package/gadget.
const GADGET_FOLDER: &str = "/sys/kernel/config/usb_gadget/rasika";
/// The name that the kernel gives its end of the MIDI function in ALSA's sequencer.
const GADGET_NAME: &str = "f_midi";

/// What sounds go out by.
pub fn check(machine: &Machine) -> Vec<Finding> {
    let mut findings = vec![sequencer(machine)];
    findings.extend(unknown(machine));
    findings.extend(serial(machine));
    findings.extend(files(machine));
    findings.push(gadget(machine));
    findings
}

/// Words that name no port.
fn unknown(machine: &Machine) -> impl Iterator<Item = Finding> {
    let is_known = |word: &str| {
        let kind = word.split(':').next().unwrap_or_default();
        midi::KINDS.iter().any(|known| known.word == kind)
    };
    machine.ports.iter().filter(move |word| !is_known(word)).map(|word| {
        Finding::fail(PORTS, format!("'{word}' names no kind of MIDI port"), "`rasikad ports` lists the kinds")
    })
}

/// Device of a word such as `serial:/dev/ttyAMA0@38400+whole`.
fn device(word: &str) -> Option<&str> {
    let (_, address) = word.split_once(':').filter(|(kind, _)| *kind == "serial")?;
    address.split(['@', '+']).next().filter(|device| device.starts_with('/'))
}

fn sequencer(machine: &Machine) -> Finding {
    let wanted =
        machine.ports.is_empty() || machine.ports.iter().any(|port| port.starts_with(ALSA) || port.starts_with("usb"));
    let synths: Vec<String> = machine
        .names("/dev/snd", "midiC")
        .iter()
        .filter_map(|name| name.strip_prefix("midiC")?.split('D').next()?.parse::<u32>().ok())
        .map(|card| machine.line(format!("/proc/asound/card{card}/id")).unwrap_or_else(|| format!("card {card}")))
        .collect();
    let heard = if synths.is_empty() { "no synth plugged in by USB".into() } else { synths.join(", ") };
    match machine.user.access(&machine.at("/dev/snd/seq")) {
        Access::Granted => Finding::ok(ALSA, format!("the sequencer is there; {heard}")),
        Access::Refused(gid) => Finding::fail(
            ALSA,
            format!("{} may not open /dev/snd/seq", machine.user.name),
            join(&machine.root, &machine.user, gid),
        ),
        Access::Absent if wanted => Finding::fail(
            ALSA,
            "no ALSA sequencer (/dev/snd/seq): no synth can be reached by USB or by a virtual port",
            "`sudo modprobe snd-seq`; to keep it, `echo snd-seq | sudo tee /etc/modules-load.d/snd-seq.conf`",
        ),
        Access::Absent => Finding::ok(ALSA, "no sequencer; no port asks for it"),
    }
}

fn serial(machine: &Machine) -> Vec<Finding> {
    let mut findings = Vec::new();
    for device in machine.ports.iter().filter_map(|word| device(word)) {
        findings.push(match machine.user.access(&machine.at(device)) {
            Access::Granted => Finding::ok(DIN, format!("{device} is there")),
            Access::Absent => Finding::fail(
                DIN,
                format!("{device} is not there: no MIDI on its socket"),
                "on a Pi set `enable_uart=1` in /boot/firmware/config.txt (see docs/builder.md) and start anew",
            ),
            Access::Refused(gid) => Finding::fail(
                DIN,
                format!("{} may not open {device}", machine.user.name),
                join(&machine.root, &machine.user, gid),
            ),
        });
        findings.extend(console(machine, device));
    }
    findings
}

/// What else may be talking on the line.
fn console(machine: &Machine, device: &str) -> Option<Finding> {
    let target = |link: &str| {
        let link = std::fs::read_link(machine.at(link)).ok()?;
        Some(link.file_name()?.to_str()?.to_owned())
    };
    let bare = device.trim_start_matches("/dev/");
    let real = target(device).unwrap_or_else(|| bare.to_owned());
    let consoles = machine.line("/proc/cmdline").unwrap_or_default();
    let talks = consoles.split(' ').filter_map(|word| word.strip_prefix("console=")).any(|console| {
        let console = console.split(',').next().unwrap_or_default();
        console == bare || console == real || target(&format!("/dev/{console}")).is_some_and(|line| line == real)
    });
    if talks {
        return Some(Finding::fail(
            DIN,
            format!("the kernel's console talks on {device}: the synth gets its messages as MIDI"),
            "`sudo raspi-config nonint do_serial_cons 1` and start anew",
        ));
    }
    // The small UART's rate follows the processor's clock.
    (machine.is_raspberry() && real == "ttyS0").then(|| {
        Finding::warn(
            DIN,
            format!("{device} is the Pi's small UART: its rate wanders with the processor's"),
            "add `dtoverlay=disable-bt` to /boot/firmware/config.txt, start anew, and use /dev/ttyAMA0",
        )
    })
}

fn files(machine: &Machine) -> Vec<Finding> {
    let files = machine.ports.iter().filter_map(|word| word.strip_prefix("file:"));
    let finding = |file: &str| {
        let path = Path::new(file).parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = path.display();
        let advice = format!("name a file where the box keeps its takes: file:{}/evening.mid", machine.state.display());
        match machine.user.access(&machine.at(path)) {
            Access::Granted => Finding::ok(FILE, format!("the music is kept in {folder}")),
            Access::Absent => Finding::fail(FILE, format!("there is no folder {folder} for {file}"), advice),
            Access::Refused(_) => {
                Finding::fail(FILE, format!("{} may not write into {folder}", machine.user.name), advice)
            }
        }
    };
    files.map(finding).collect()
}

fn gadget(machine: &Machine) -> Finding {
    let controllers = machine.names("/sys/class/udc", "");
    let bound = machine.line(format!("{GADGET_FOLDER}/UDC")).filter(|udc| !udc.is_empty());
    let wanted = machine.ports.iter().any(|port| port.contains(GADGET_NAME));
    match bound {
        Some(udc) => match machine.line(format!("/sys/class/udc/{udc}/state")).as_deref() {
            Some("configured") => Finding::ok(GADGET, "a computer has taken the box as a MIDI device"),
            _ => Finding::ok(GADGET, "ready: a computer on the USB-C or data port will find a MIDI device"),
        },
        None if !wanted => Finding::ok(GADGET, "not set up, and no port asks for it"),
        None if controllers.is_empty() => Finding::fail(
            GADGET,
            "this board's USB is no device side: a computer cannot find the box",
            "add `dtoverlay=dwc2,dr_mode=peripheral` to /boot/firmware/config.txt and start anew (Zero 2 W, 4, 5)",
        ),
        None => Finding::fail(
            GADGET,
            format!("{} is there, but no gadget is on it", controllers.join(", ")),
            "`sudo systemctl enable --now rasika-gadget`, and look at `systemctl status rasika-gadget`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::doctor::tree::{Tree, says};
    use std::os::unix::fs::PermissionsExt as _;

    fn with(tree: &Tree, ports: &[&str]) -> Machine {
        Machine { ports: ports.iter().map(|&port| port.to_owned()).collect(), ..tree.machine() }
    }

    #[test]
    fn a_file_needs_a_folder() {
        let tree = Tree::new();
        says(&check(&with(&tree, &["file:/srv/music/a.mid"])), Verdict::Fail, &["no folder /srv/music", "file:/"]);
        tree.file("/srv/music/other", "");
        let machine = with(&tree, &["file:/srv/music/a.mid"]);
        says(&check(&machine), Verdict::Fail, &["rasika may not write into /srv/music"]);
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(machine.at("/srv/music"), open).unwrap();
        says(&check(&machine), Verdict::Ok, &["kept in /srv/music"]);
    }

    #[test]
    fn a_sequencer_is_needed_unless_other_ports_are_asked_for() {
        let tree = Tree::new();
        says(&check(&with(&tree, &[])), Verdict::Fail, &["/dev/snd/seq", "modprobe"]);
        says(&check(&with(&tree, &["file:/a.mid"])), Verdict::Ok, &["no port asks"]);
        tree.device("/dev/snd/seq", 0o666);
        tree.device("/dev/snd/midiC3D0", 0o660);
        tree.file("/proc/asound/card3/id", "JV1010\n");
        says(&check(&with(&tree, &["alsa"])), Verdict::Ok, &["JV1010"]);
        tree.device("/dev/snd/seq", 0o660);
        says(&check(&with(&tree, &["alsa"])), Verdict::Fail, &["rasika may not open /dev/snd/seq"]);
    }

    #[test]
    fn a_word_that_names_no_port_is_found() {
        says(
            &check(&with(&Tree::new(), &["serail:/dev/ttyS0"])),
            Verdict::Fail,
            &["serail:/dev/ttyS0", "rasikad ports"],
        );
        // Words that the box does not open, whatever stands on its sockets.
        for word in ["din:/dev/ttyAMA0", "gadget", "gadget:0"] {
            says(&check(&with(&Tree::new(), &[word])), Verdict::Fail, &[word, "rasikad ports"]);
        }
    }

    #[test]
    fn a_line_is_found_by_its_word() {
        assert_eq!(device("serial:/dev/ttyAMA0@38400+whole"), Some("/dev/ttyAMA0"));
        assert_eq!(device("alsa:/dev/x"), None);
        let tree = Tree::new();
        says(&check(&with(&tree, &["serial:/dev/ttyAMA0@38400"])), Verdict::Fail, &["/dev/ttyAMA0", "enable_uart"]);
        tree.device("/dev/ttyAMA0", 0o666);
        says(&check(&with(&tree, &["serial:/dev/ttyAMA0@38400"])), Verdict::Ok, &["/dev/ttyAMA0 is there"]);
    }

    #[test]
    fn a_console_on_the_line_is_found_under_its_other_name() {
        let tree = Tree::new();
        tree.device("/dev/ttyAMA0", 0o666);
        tree.link("/dev/serial0", "ttyAMA0");
        tree.file("/proc/cmdline", "console=tty1 root=/dev/mmcblk0p2\n");
        let talks = |tree: &Tree, port| check(&with(tree, &[port])).iter().any(|f| f.found.contains("console"));
        assert!(!talks(&tree, "serial:/dev/ttyAMA0"));
        tree.file("/proc/cmdline", "console=serial0,115200 console=tty1\n");
        assert!(talks(&tree, "serial:/dev/ttyAMA0"));
        assert!(talks(&tree, "serial:/dev/serial0"));
    }

    #[test]
    fn the_small_uart_of_a_pi_is_a_warning_and_a_pcs_first_line_is_not() {
        let tree = Tree::new();
        tree.device("/dev/ttyS0", 0o666);
        let small = |tree: &Tree| check(&with(tree, &["serial:/dev/ttyS0"])).iter().any(|f| f.found.contains("small"));
        assert!(!small(&tree));
        tree.file("/proc/device-tree/model", "Raspberry Pi Zero 2 W Rev 1.0\0");
        assert!(small(&tree));
    }

    #[test]
    fn a_gadget_that_is_asked_for_needs_its_controller_and_its_unit() {
        let tree = Tree::new();
        says(&check(&with(&tree, &["alsa:f_midi"])), Verdict::Fail, &["dtoverlay=dwc2"]);
        tree.file("/sys/class/udc/fe980000.usb/state", "not attached\n");
        says(&check(&with(&tree, &["alsa:f_midi"])), Verdict::Fail, &["rasika-gadget"]);
        tree.file(&format!("{GADGET_FOLDER}/UDC"), "fe980000.usb\n");
        says(&check(&with(&tree, &["alsa:f_midi"])), Verdict::Ok, &["ready"]);
        tree.file("/sys/class/udc/fe980000.usb/state", "configured\n");
        says(&check(&with(&tree, &["alsa:f_midi"])), Verdict::Ok, &["has taken"]);
    }
}
