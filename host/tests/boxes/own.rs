//! What is the user's own: files with faces and keys are closed to others, homes are found, files come whole or not at all.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rasika_device::store::Store;
use rasika_models::Rasa;

use crate::laptop::Laptop;
use crate::stage::Stage;
use crate::takes;

/// `rasika` under a umask, as a shell starts it.
fn under(umask: &str, laptop: &Laptop, args: &[&str]) -> Output {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("umask {umask}; exec \"$0\" \"$@\"")).arg(env!("CARGO_BIN_EXE_rasika")).args(args);
    shell.env("RASIKA_DATA", laptop.path().join("data")).stdin(Stdio::null()).output().unwrap()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// Every file and folder below, with its mode.
fn all(folder: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = vec![(folder.to_owned(), mode(folder))];
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.is_dir() { found.extend(all(&file)) } else { found.push((file.clone(), mode(&file))) }
    }
    found
}

#[track_caller]
fn is_closed(folder: &Path) {
    let open: Vec<_> = all(folder).into_iter().filter(|(_, mode)| mode & 0o077 != 0).collect();
    assert!(open.is_empty(), "open to others: {open:?}");
}

fn take(folder: &Path) -> String {
    let (mut store, _) = Store::open_box(&folder.join("takes.db"), "stage").unwrap();
    takes::record(&mut store, Rasa::Hasya, 2).id.to_string()
}

#[test]
fn faces_and_keys_are_closed_to_others_whatever_the_umask() {
    for umask in ["0", "077"] {
        let (stage, laptop) = (Stage::new("box"), Laptop::new());
        stage.record(2, 2);
        let data = laptop.path().join("data");
        let said = |output: Output| {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        said(under(umask, &laptop, &["takes", "list"]));
        stage.pair(&laptop, &["--data", data.to_str().unwrap()]);
        said(under(umask, &laptop, &["pull"]));
        is_closed(&data);
        let out = laptop.path().join("out");
        for format in ["takes", "npy", "npz", "csv", "parquet"] {
            let folder = out.join(format);
            said(under(umask, &laptop, &["export", folder.to_str().unwrap(), "--as", format]));
            assert!(folder.join("takes.csv").exists() || format == "takes");
        }
        let list = Store::open(&data.join("takes.db")).unwrap().takes().unwrap();
        let picture = out.join("take.png");
        said(under(umask, &laptop, &["takes", "show", &list[0].id.to_string(), "-o", picture.to_str().unwrap()]));
        is_closed(&out);
        // What an older program left is mended.
        for (path, _) in all(&data).iter().filter(|(path, _)| !path.ends_with("key")) {
            let open = if path.is_dir() { 0o755 } else { 0o644 };
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(open)).unwrap();
        }
        said(under(umask, &laptop, &["pull"]));
        is_closed(&data);
        // Manuals are for everybody that the user lets read files.
        let manuals = laptop.path().join("man");
        said(under(umask, &laptop, &["man", manuals.to_str().unwrap()]));
        let wanted = if umask == "0" { [0o777, 0o666] } else { [0o700, 0o600] };
        assert_eq!([mode(&manuals), mode(&manuals.join("rasika.1"))], wanted);
    }
}

#[test]
fn a_home_is_found_in_every_way() {
    let laptop = Laptop::new();
    let home = laptop.path().join("home");
    std::fs::create_dir(&home).unwrap();
    take(&home.join("data"));
    let rasika = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rasika"));
        command.args(args).env_clear().env("HOME", &home).envs(variables.iter().copied()).current_dir(laptop.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (args, variables) in [
        (&["takes", "list", "--data=~/data"][..], &[][..]),
        (&["takes", "list", "--data", "~/data"], &[]),
        (&["takes", "list"], &[("RASIKA_DATA", "~/data")]),
    ] {
        let (said, wrong) = rasika(args, variables);
        assert!(said.contains("hasya") && wrong.is_empty(), "{args:?}: {said}{wrong}");
    }
    // A relative folder of XDG's is as none.
    rasika(&["takes", "list"], &[("XDG_DATA_HOME", "relative")]);
    assert!(home.join(".local/share/rasika/takes.db").exists() && !laptop.path().join("relative").exists());
    assert!(!laptop.path().join("~").exists());
    let (_, wrong) = rasika(&["takes", "list"], &[("RASIKA_DATA", "~nobody-of-this-name/x")]);
    assert!(wrong.contains("write the whole path"), "{wrong}");
}

#[test]
fn a_file_can_go_to_standard_output_and_words_go_beside_it() {
    let laptop = Laptop::new();
    let id = take(laptop.path());
    for args in
        [&["package", "default", "-o", "-"][..], &["package", "default", "--out=-"], &["takes", "show", &id, "-o", "-"]]
    {
        let output = laptop.run(args);
        assert!(output.status.success(), "{args:?}");
        assert!(output.stdout.starts_with(b"PK") || output.stdout.starts_with(b"\x89PNG"), "{args:?}");
        assert!(!output.stderr.is_empty());
    }
    assert!(!laptop.path().join("-").exists() && !Path::new("-").exists());
}

#[test]
fn what_training_cannot_read_is_not_imported() {
    let laptop = Laptop::new();
    take(laptop.path());
    let folder = laptop.path().join("out");
    let at = folder.to_str().unwrap();
    laptop.ok(&["export", at]);
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::read_to_string(&file).unwrap();
    let other = Laptop::new();
    for wrong in ["1e30", "-1e30", "1e39", "null"] {
        let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
        let mut seen: serde_json::Value = serde_json::from_str(&lines[3]).unwrap();
        seen["face"]["landmarks"][7][0] = serde_json::Value::from(4242.0);
        lines[3] = seen.to_string().replacen("4242.0", wrong, 1);
        std::fs::write(&file, lines.join("\n")).unwrap();
        let said = other.refused(&["import", "takes", at]);
        assert!(said.contains("observation"), "{wrong}: {said}");
        assert!(other.takes().is_empty(), "{wrong} was imported");
    }
    std::fs::write(&file, &whole).unwrap();
    other.ok(&["import", "takes", at]);
    assert_eq!(other.takes().len(), 1);
}

#[test]
fn an_export_that_stops_half_way_has_no_final_name() {
    let laptop = Laptop::new();
    take(laptop.path());
    let folder = laptop.path().join("out");
    for format in ["takes", "npy", "npz", "csv", "parquet"] {
        // No file may grow beyond a block: as on a disk that is full.
        let mut shell = Command::new("sh");
        shell.arg("-c").arg("trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"").arg(env!("CARGO_BIN_EXE_rasika"));
        shell.args(["export", folder.to_str().unwrap(), "--as", format]).env("RASIKA_DATA", laptop.path());
        let output = shell.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.lines().count() == 1 && said.starts_with("rasika: "),
            "{format}: {said}"
        );
        let left = std::fs::read_dir(&folder).map_or(0, Iterator::count);
        assert_eq!(left, 0, "{format} left {left} files");
    }
}
