//! The script that makes the box a USB device, on a tree of files in configfs' place.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/package/gadget/gadget");
const UDC: &str = "fe980000.usb";

struct Board(tempfile::TempDir);

impl Board {
    /// A board whose USB port has a device side.
    fn new() -> Self {
        let board = Self(tempfile::tempdir().unwrap());
        for folder in ["sys/class/udc", "sys/kernel/config/usb_gadget", "proc/device-tree", "etc"] {
            std::fs::create_dir_all(board.0.path().join(folder)).unwrap();
        }
        std::fs::write(board.0.path().join("sys/class/udc").join(UDC), "").unwrap();
        std::fs::write(board.0.path().join("proc/device-tree/serial-number"), "10000000abcdef01\0").unwrap();
        board
    }

    fn gadget(&self) -> PathBuf {
        self.0.path().join("sys/kernel/config/usb_gadget/rasika")
    }

    fn run(&self, verb: &str, network: &str) -> Output {
        let mut command = Command::new(SCRIPT);
        command.arg(verb).env("GADGET_ROOT", self.0.path()).env("GADGET_NETWORK", network);
        command.output().expect("sh runs")
    }

    #[track_caller]
    fn does(&self, verb: &str, network: &str) {
        let out = self.run(verb, network);
        assert!(out.status.success(), "{verb}: {}", String::from_utf8_lossy(&out.stderr));
    }
}

fn line(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).trim().to_owned()
}

fn functions(gadget: &Path) -> Vec<String> {
    let links = std::fs::read_dir(gadget.join("configs/c.1")).unwrap().flatten();
    let mut names: Vec<String> =
        links.filter(|e| e.path().is_symlink()).map(|e| e.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn up_makes_a_midi_device_with_a_serial_line_and_binds_it() {
    let board = Board::new();
    board.does("up", "no");
    let gadget = board.gadget();
    assert_eq!(functions(&gadget), ["acm.usb0", "midi.usb0"]);
    assert_eq!(line(&gadget.join("UDC")), UDC);
    assert_eq!(line(&gadget.join("strings/0x409/serialnumber")), "10000000abcdef01");
    assert_eq!(line(&gadget.join("functions/midi.usb0/id")), "rasika");
}

#[test]
fn up_again_changes_nothing_and_down_leaves_nothing_and_may_be_said_twice() {
    let board = Board::new();
    for _ in 0..2 {
        board.does("up", "yes");
        assert_eq!(functions(&board.gadget()), ["acm.usb0", "midi.usb0", "ncm.usb0"]);
    }
    for _ in 0..2 {
        board.does("down", "yes");
        assert!(!board.gadget().exists());
    }
    board.does("up", "no");
    assert_eq!(functions(&board.gadget()), ["acm.usb0", "midi.usb0"]);
}

#[test]
fn what_an_earlier_try_left_half_made_is_made_anew() {
    let board = Board::new();
    std::fs::create_dir_all(board.gadget().join("functions/midi.usb0")).unwrap();
    std::fs::create_dir_all(board.gadget().join("configs/c.1/strings/0x409")).unwrap();
    board.does("up", "no");
    assert_eq!(line(&board.gadget().join("UDC")), UDC);
}

#[test]
fn a_board_without_a_device_side_is_told_what_to_do() {
    let board = Board::new();
    std::fs::remove_file(board.0.path().join("sys/class/udc").join(UDC)).unwrap();
    let out = board.run("up", "no");
    assert_eq!(out.status.code(), Some(1));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(said.contains("dtoverlay=dwc2"), "{said}");
    assert!(!board.gadget().exists());
}
