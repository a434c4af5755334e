//! Whose home `~` is, and where programs keep their data in it.

use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The home of somebody else, whose settings are looked at.
static OTHERS: OnceLock<PathBuf> = OnceLock::new();

/// From now on `~` is this folder: `rasikad doctor` looks at the settings as the service's user has them.
pub fn is(folder: PathBuf) {
    // Said once, at the start of the verb.
    let _ = OTHERS.set(folder);
}

/// The home of whoever runs this program: `HOME`, else as the system's list of users has it.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    OTHERS.get().cloned().or(named).or_else(|| of_user(None))
}

/// A folder that a variable names. XDG's specification says that a relative one is to be ignored.
#[must_use]
pub fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_absolute())
}

/// A path whose `~` or `~user` at the beginning is a home; any other is as it was.
///
/// # Errors
/// There is no such home; a sentence that says so.
pub fn expanded(path: &Path) -> Result<PathBuf, String> {
    let bytes = path.as_os_str().as_bytes();
    let Some(rest) = bytes.strip_prefix(b"~") else { return Ok(path.to_owned()) };
    let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
    let (user, rest) = rest.split_at(end);
    let home = if user.is_empty() { folder() } else { of_user(Some(OsStr::from_bytes(user))) };
    let wrong = || format!("'{}' names a home that nobody has here; write the whole path", path.display());
    let home = home.ok_or_else(wrong)?;
    Ok(home.join(OsStr::from_bytes(rest.strip_prefix(b"/").unwrap_or(rest))))
}

/// For the parser of arguments: a path, with its `~` expanded.
///
/// # Errors
/// As [`expanded`].
pub fn path(text: &str) -> Result<PathBuf, String> {
    expanded(Path::new(text))
}

/// The program's arguments with `~` expanded where a shell leaves it: behind `=`, in `file:~/…`, in quotes. One that names no
/// home is as it was.
pub fn in_arguments(arguments: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    arguments.map(|argument| {
        let bytes = argument.as_bytes();
        let option = bytes.starts_with(b"--").then(|| bytes.iter().position(|byte| *byte == b'=')).flatten();
        let from = option.map_or(0, |at| at + 1);
        let from = from + if bytes[from..].starts_with(b"file:~/") { "file:".len() } else { 0 };
        let (before, path) = bytes.split_at(from);
        if path != b"~" && !path.starts_with(b"~/") {
            return argument;
        }
        let home = expanded(Path::new(OsStr::from_bytes(path)));
        home.map_or(argument.clone(), |home| OsString::from_vec([before, home.as_os_str().as_bytes()].concat()))
    })
}

/// The home of a user.
#[must_use]
pub fn of(user: &str) -> Option<PathBuf> {
    of_user(Some(OsStr::new(user)))
}

/// The home of a user by name, or of whoever runs this program.
fn of_user(name: Option<&OsStr>) -> Option<PathBuf> {
    let name = name.map(|name| CString::new(name.as_bytes())).transpose().ok()?;
    let mut text = vec![0_u8; 16 << 10];
    // SAFETY: pointers and numbers of this plain C structure may be zero.
    let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
    let mut found = std::ptr::null_mut();
    let (room, length) = (text.as_mut_ptr().cast(), text.len());
    // SAFETY: every pointer is to something that lives longer than the call, and `text` is as long as is said.
    unsafe {
        match &name {
            Some(name) => libc::getpwnam_r(name.as_ptr(), &raw mut entry, room, length, &raw mut found),
            None => libc::getpwuid_r(libc::geteuid(), &raw mut entry, room, length, &raw mut found),
        }
    };
    if found.is_null() || entry.pw_dir.is_null() {
        return None;
    }
    // SAFETY: where a user was found their home is a text in `text`, ended by a zero.
    let home = unsafe { CStr::from_ptr(entry.pw_dir) };
    Some(PathBuf::from(OsStr::from_bytes(home.to_bytes()))).filter(|home| home.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_a_home_and_only_at_the_beginning() {
        let home = folder().unwrap();
        assert_eq!(path("~"), Ok(home.join("")));
        assert_eq!(path("~/takes"), Ok(home.join("takes")));
        assert_eq!(path("~root/x"), Ok(of_user(Some(OsStr::new("root"))).unwrap().join("x")));
        assert_eq!(path("/a/~/b"), Ok(PathBuf::from("/a/~/b")));
        assert!(path("~nobody-of-this-name/x").unwrap_err().contains("whole path"));
        assert!(of_user(None).is_some_and(|home| home.is_absolute()));
    }

    #[test]
    fn arguments_are_expanded_where_shells_do_not() {
        let home = folder().unwrap();
        let given = ["x", "--data=~/d", "~/e", "file:~/f.mid", "--set", "a.b=~/g", "~x", "--midi=file:~/h.mid"];
        let given = in_arguments(given.into_iter().map(OsString::from)).map(|it| it.into_string().unwrap());
        let home = home.display();
        let wanted = [
            "x".to_owned(),
            format!("--data={home}/d"),
            format!("{home}/e"),
            format!("file:{home}/f.mid"),
            "--set".to_owned(),
            "a.b=~/g".to_owned(),
            "~x".to_owned(),
            format!("--midi=file:{home}/h.mid"),
        ];
        assert_eq!(given.collect::<Vec<_>>(), wanted);
    }
}
