//! The kernel's GPIO device, where there is one to try: inside the rig, which drives the far ends of a simulated Pi's
//! lines through sysfs. `RASIKA_RIG_GPIO` names that folder (`/sys/devices/platform/gpio-sim.0/gpiochip0`); without it
//! these tests say that they were skipped.

use rasika_hardware::buttons::{Button, Gesture, Recogniser, Times};
use rasika_hardware::pins::{self, Bcm, PinError, Pull};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

struct FarEnd(PathBuf);

impl FarEnd {
    fn find() -> Option<Self> {
        let folder = std::env::var_os("RASIKA_RIG_GPIO");
        if folder.is_none() {
            println!("skipped: no GPIO chip to try here; the rig sets RASIKA_RIG_GPIO");
        }
        folder.map(|folder| Self(folder.into()))
    }

    fn pull(&self, pin: u8, high: bool) {
        let to = if high { "pull-up" } else { "pull-down" };
        std::fs::write(self.0.join(format!("sim_gpio{pin}/pull")), to).unwrap();
    }

    fn reads(&self, pin: u8) -> bool {
        std::fs::read_to_string(self.0.join(format!("sim_gpio{pin}/value"))).unwrap().trim() == "1"
    }
}

#[test]
fn every_edge_comes_with_the_kernels_time_and_makes_its_gesture() {
    let Some(far) = FarEnd::find() else { return };
    far.pull(17, true);
    let (sender, edges) = mpsc::channel();
    let mut pins = pins::open("gpiochip").unwrap();
    let heard = Box::new(move |edge| sender.send(edge).unwrap());
    let mut input = pins.input(Bcm(17), Pull::Up, heard).unwrap();
    assert!(input.is_high().unwrap());
    let mut recogniser = Recogniser::new(Times::default(), [false; 2]);
    let (mut made, mut before) = (Vec::new(), pins::now());
    for press in 0..100 {
        far.pull(17, press % 2 == 1);
        let edge = edges.recv_timeout(Duration::from_secs(5)).expect("an edge").unwrap();
        assert_eq!((edge.pin, edge.high), (Bcm(17), press % 2 == 1));
        assert!(edge.time >= before && edge.time <= pins::now(), "{edge:?} after {before:?}");
        before = edge.time;
        recogniser.level(edge.time, Button::Select, !edge.high, &mut made);
        std::thread::sleep(Duration::from_millis(20));
    }
    recogniser.tick(pins::now(), &mut made);
    let clicks = made.iter().filter(|(_, gesture)| *gesture == Gesture::Click(Button::Select)).count();
    assert!(input.is_high().unwrap());
    assert_eq!(clicks, 50);
}

#[test]
fn a_light_drives_its_line_and_gives_it_back() {
    let Some(far) = FarEnd::find() else { return };
    far.pull(22, false);
    let mut pins = pins::open("auto").unwrap();
    let mut light = pins.light(Bcm(22)).unwrap();
    assert_eq!((light.max_duty_cycle(), far.reads(22)), (1, false));
    light.set_duty_cycle_fully_on().unwrap();
    assert!(far.reads(22));
    drop(light);
    assert!(!far.reads(22));
    far.pull(22, true);
    assert!(far.reads(22), "an input again, following whoever drives it");
    far.pull(22, false);
}

#[test]
fn a_pin_that_cannot_be_had_is_named_with_who_has_it() {
    let Some(_far) = FarEnd::find() else { return };
    let mut pins = pins::open("gpiochip:/dev/gpiochip0").unwrap();
    let light = pins.light(Bcm(23)).unwrap();
    let busy = pins.light(Bcm(23)).err().unwrap();
    assert_eq!(busy, PinError::Busy { pin: Bcm(23), holder: "'rasikad'".to_owned() });
    drop(light);
    assert!(pins.light(Bcm(23)).is_ok());
    let missing = pins.light(Bcm(58)).err().unwrap().to_string();
    assert!(missing.contains("GPIO58") && missing.contains("58 pins") && missing.contains("gpiochip0"), "{missing}");
}
