//! Cameras: USB ones through V4L2, modules through libcamera.

use super::user::join;
use super::{Access, Finding, Machine};

const ABOUT: &str = "camera";
/// Video devices of a Pi that are no cameras: codecs, scalers, and the raw ends of the camera module's socket.
const NOT_CAMERAS: [&str; 8] =
    ["bcm2835-codec", "bcm2835-isp", "rpi-hevc", "rpivid", "pispbe", "rp1-cfe", "unicam", "rpi-"];
/// Names of the sensors of camera modules begin with their makers' letters.
const SENSORS: [&str; 5] = ["imx", "ov", "arducam", "ar0", "gc"];
/// GStreamer's way to libcamera.
const PLUGINS: [&str; 2] = [
    "/usr/lib/aarch64-linux-gnu/gstreamer-1.0/libgstlibcamera.so",
    "/usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstlibcamera.so",
];

/// What sees.
pub fn check(machine: &Machine) -> Vec<Finding> {
    if let Some(asked) = machine.camera.as_deref() {
        let device =
            if asked.bytes().all(|b| b.is_ascii_digit()) { format!("/dev/video{asked}") } else { asked.into() };
        return vec![opens(machine, &device)];
    }
    let named = |device: &String| {
        let name = machine.line(format!("/sys/class/video4linux/{device}/name")).unwrap_or_default();
        // The second device of a USB camera gives no pictures but data about them.
        let first = machine.line(format!("/sys/class/video4linux/{device}/index")).is_none_or(|index| index == "0");
        (first && !NOT_CAMERAS.iter().any(|no| name.starts_with(no))).then(|| format!("/dev/{device}"))
    };
    let cameras: Vec<String> = machine.names("/dev", "video").iter().filter_map(named).collect();
    let mut findings: Vec<Finding> = cameras.iter().map(|device| opens(machine, device)).collect();
    findings.extend(module(machine));
    if findings.is_empty() {
        findings.push(Finding::fail(
            ABOUT,
            "no camera: the box plays the drone alone",
            "plug in a USB camera, or a camera module with the power off; then `ls /dev/video*` or `rpicam-hello --list-cameras`",
        ));
    }
    findings
}

fn opens(machine: &Machine, device: &str) -> Finding {
    let bare = device.trim_start_matches("/dev/");
    let name = machine.line(format!("/sys/class/video4linux/{bare}/name")).unwrap_or_else(|| "camera".into());
    match machine.user.access(&machine.at(device)) {
        Access::Granted => Finding::ok(ABOUT, format!("{device}: {name}")),
        Access::Absent => {
            Finding::fail(ABOUT, format!("{device} is not there"), "plug it in, or name another (`ls /dev/video*`)")
        }
        Access::Refused(gid) => Finding::fail(
            ABOUT,
            format!("{device}: {name}, which {} may not open", machine.user.name),
            join(&machine.root, &machine.user, gid),
        ),
    }
}

/// A camera module, and whether GStreamer can read it.
fn module(machine: &Machine) -> Option<Finding> {
    let sensor = machine.names("/sys/class/video4linux", "v4l-subdev").into_iter().find_map(|device| {
        let name = machine.line(format!("/sys/class/video4linux/{device}/name"))?;
        SENSORS.iter().any(|maker| name.starts_with(maker)).then_some(name)
    })?;
    Some(if PLUGINS.iter().any(|plugin| machine.at(plugin).exists()) {
        Finding::ok(ABOUT, format!("camera module {sensor}, through libcamerasrc"))
    } else {
        Finding::fail(
            ABOUT,
            format!("camera module {sensor}, but GStreamer cannot read it"),
            "`sudo apt install gstreamer1.0-libcamera gstreamer1.0-plugins-base`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::doctor::tree::{Tree, says};

    fn video(tree: &Tree, number: u32, name: &str, index: u32, mode: u32) {
        tree.device(&format!("/dev/video{number}"), mode);
        tree.file(&format!("/sys/class/video4linux/video{number}/name"), format!("{name}\n"));
        tree.file(&format!("/sys/class/video4linux/video{number}/index"), format!("{index}\n"));
    }

    #[test]
    fn a_usb_camera_is_one_camera_and_a_pis_codecs_are_none() {
        let tree = Tree::new();
        video(&tree, 0, "HD Webcam: HD Webcam", 0, 0o666);
        video(&tree, 1, "HD Webcam: HD Webcam", 1, 0o666);
        video(&tree, 10, "bcm2835-codec-decode", 0, 0o666);
        video(&tree, 19, "rpi-hevc-dec", 0, 0o666);
        let found = check(&tree.machine());
        assert_eq!(found.len(), 1, "{found:#?}");
        says(&found, Verdict::Ok, &["/dev/video0", "HD Webcam"]);
    }

    #[test]
    fn no_camera_and_one_that_may_not_be_opened_are_told_apart() {
        let tree = Tree::new();
        video(&tree, 10, "bcm2835-codec-decode", 0, 0o666);
        says(&check(&tree.machine()), Verdict::Fail, &["no camera", "plug in"]);
        video(&tree, 0, "Cam", 0, 0o600);
        says(&check(&tree.machine()), Verdict::Fail, &["/dev/video0", "rasika may not open"]);
    }

    #[test]
    fn the_camera_that_is_asked_for_is_the_one_that_is_looked_at() {
        let tree = Tree::new();
        video(&tree, 0, "Cam", 0, 0o666);
        let found = check(&crate::doctor::Machine { camera: Some("2".into()), ..tree.machine() });
        says(&found, Verdict::Fail, &["/dev/video2 is not there"]);
    }

    #[test]
    fn a_camera_module_needs_gstreamers_plugin() {
        let tree = Tree::new();
        video(&tree, 0, "unicam", 0, 0o666);
        tree.file("/sys/class/video4linux/v4l-subdev0/name", "imx708 10-001a\n");
        says(&check(&tree.machine()), Verdict::Fail, &["imx708", "gstreamer1.0-libcamera"]);
        tree.file(PLUGINS[0], "");
        says(&check(&tree.machine()), Verdict::Ok, &["imx708"]);
    }
}
