//! Somebody between a laptop and a box.

use std::io;

use super::laptop::FakeLaptop;
use super::served::{FakeBox, Guest};
use super::wire::Key;

/// Has a handshake of its own with each of both.
pub struct Middle {
    /// What the laptop takes for the box.
    pub towards_laptop: FakeBox,
    /// The box's address.
    pub target: String,
    pub key: Key,
}

impl Middle {
    /// In front of a box, under a name and with one key towards both.
    pub async fn before(target: &str, name: &str) -> Self {
        let key = Key::draw();
        let towards_laptop = FakeBox::bind(key.clone(), name).await;
        Self { towards_laptop, target: target.to_owned(), key }
    }

    /// Where laptops are to come.
    pub fn address(&self) -> &str {
        &self.towards_laptop.address
    }

    /// A laptop has come: asks the box for the same as the laptop does.
    pub async fn join(&self) -> io::Result<(Guest, FakeLaptop)> {
        let guest = self.towards_laptop.accept().await?;
        let intent = guest.said[0].get(1).copied().unwrap_or(0);
        let laptop = FakeLaptop::knock(&self.target, &self.key, intent).await?;
        Ok((guest, laptop))
    }

    /// Carries records from the box to the laptop, as `edit` changes them, until one of them hangs up.
    pub async fn carry(
        guest: &mut Guest,
        laptop: &mut FakeLaptop,
        mut edit: impl FnMut(Vec<u8>) -> Vec<u8>,
    ) -> io::Result<()> {
        loop {
            let plain = edit(laptop.hear().await?);
            if !guest.say(&plain).await {
                return Err(io::Error::other("the laptop has left"));
            }
        }
    }
}
