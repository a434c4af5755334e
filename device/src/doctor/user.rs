//! Who is to play, and what they may open.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A user as the machine's own files know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: String,
    /// Number.
    pub uid: u32,
    /// Numbers of all groups they are in.
    pub gids: Vec<u32>,
}

/// Whether a file can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// There is none.
    Absent,
    /// It may not be read and written; the number of the group that may.
    Refused(u32),
    /// It may be.
    Granted,
}

impl User {
    /// A user by name, from /etc/passwd and /etc/group below `root`.
    #[must_use]
    pub fn named(root: &Path, name: &str) -> Option<Self> {
        let passwd = read(root, "etc/passwd");
        let entry = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = entry.split(':').skip(2).map(str::parse);
        let (uid, gid) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        let member = |group: &Group| group.members.iter().any(|member| member == name);
        let mut gids = vec![gid];
        gids.extend(groups(root).iter().filter(|group| member(group)).map(|group| group.gid));
        Some(Self { name: name.to_owned(), uid, gids })
    }

    /// Whoever runs this program, with the groups of this very process.
    #[must_use]
    pub fn caller(root: &Path) -> Self {
        let mut gids = vec![0; 256];
        // SAFETY: the list has room for as many as are said; the calls only write to it and return numbers.
        let (uid, gid) = unsafe {
            let count = libc::getgroups(gids.len() as libc::c_int, gids.as_mut_ptr());
            gids.truncate(usize::try_from(count).unwrap_or(0));
            (libc::geteuid(), libc::getegid())
        };
        gids.push(gid);
        let passwd = read(root, "etc/passwd");
        let entry = passwd.lines().find(|line| line.split(':').nth(2).and_then(|n| n.parse().ok()) == Some(uid));
        let name = entry.and_then(|line| line.split(':').next()).map_or_else(|| uid.to_string(), str::to_owned);
        Self { name, uid, gids }
    }

    /// Whether they may read and write a file or device.
    #[must_use]
    pub fn access(&self, path: &Path) -> Access {
        match path.metadata() {
            Err(_) => Access::Absent,
            Ok(there) if self.may(&there) => Access::Granted,
            Ok(there) => Access::Refused(there.gid()),
        }
    }

    /// Whether they may make files in a folder below `root`: every folder that leads to it lets them through.
    #[must_use]
    pub fn may_write_in(&self, root: &Path, folder: &Path) -> bool {
        let on_the_way = folder.ancestors().take_while(|path| path.starts_with(root) && *path != root);
        let has = |path: &Path, wanted: u32| path.metadata().is_ok_and(|there| self.bits(&there) & wanted == wanted);
        self.uid == 0 || (has(folder, 0o3) && on_the_way.skip(1).all(|path| has(path, 0o1)))
    }

    fn may(&self, there: &Metadata) -> bool {
        self.uid == 0 || self.bits(there) & 0o6 == 0o6
    }

    /// What they may do with it: read 4, write 2, run or pass through 1.
    fn bits(&self, there: &Metadata) -> u32 {
        let bits = if self.uid == there.uid() {
            there.mode() >> 6
        } else if self.gids.contains(&there.gid()) {
            there.mode() >> 3
        } else {
            there.mode()
        };
        bits & 0o7
    }
}

/// A line of /etc/group.
pub struct Group {
    pub name: String,
    pub gid: u32,
    members: Vec<String>,
}

/// The groups there are.
pub fn groups(root: &Path) -> Vec<Group> {
    let parse = |line: &str| {
        let mut fields = line.split(':');
        let (name, gid) = (fields.next()?.to_owned(), fields.nth(1)?.parse().ok()?);
        let members = fields.next().unwrap_or_default().split(',').map(str::to_owned).collect();
        Some(Group { name, gid, members })
    };
    read(root, "etc/group").lines().filter_map(parse).collect()
}

/// What to do so that a user may open something of a group.
pub fn join(root: &Path, user: &User, gid: u32) -> String {
    match groups(root).into_iter().find(|group| group.gid == gid) {
        Some(group) if gid != 0 => {
            format!("`sudo usermod -aG {} {}`, then log in anew or restart the service", group.name, user.name)
        }
        _ => "install the package's udev rules (`sudo apt install --reinstall rasika`) and plug it in again".to_owned(),
    }
}

fn read(root: &Path, path: &str) -> String {
    std::fs::read(root.join(path)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::tree::Tree;

    #[test]
    fn a_user_is_in_the_groups_that_name_them_and_in_their_own() {
        let tree = Tree::new();
        tree.file("/etc/passwd", "root:x:0:0::/root:/bin/sh\nrasika:x:990:980::/var/lib/rasika:/usr/sbin/nologin\n");
        tree.file("/etc/group", "audio:x:29:pulse,rasika\nvideo:x:44:\ngpio:x:997:rasika\nrasika:x:980:\nbroken\n");
        let user = User::named(tree.root(), "rasika").unwrap();
        assert_eq!((user.uid, user.gids), (990, vec![980, 29, 997]));
        assert_eq!(User::named(tree.root(), "nobody"), None);
    }

    #[test]
    fn a_device_opens_for_its_owner_its_group_and_root() {
        let tree = Tree::new();
        tree.device("/dev/thing", 0o660);
        let path = tree.root().join("dev/thing");
        let there = path.metadata().unwrap();
        let user = |uid, gids: &[u32]| User { name: "x".into(), uid, gids: gids.to_vec() };
        let (stranger, group) = (there.uid() + 4321, there.gid());
        assert_eq!(user(there.uid(), &[]).access(&path), Access::Granted);
        assert_eq!(user(stranger, &[group]).access(&path), Access::Granted);
        assert_eq!(user(stranger, &[group + 1]).access(&path), Access::Refused(group));
        assert_eq!(user(0, &[]).access(&path), Access::Granted);
        assert_eq!(user(0, &[]).access(&tree.root().join("dev/none")), Access::Absent);
        tree.device("/dev/thing", 0o606);
        assert_eq!(user(stranger, &[group]).access(&path), Access::Refused(group), "the group's own bits count first");
    }
}
