//! Folders of pictures as they come: an empty one, damaged pictures, hidden folders.

use std::fs;
use std::path::Path;

use crate::laptop::Laptop;

#[test]
fn folders_of_pictures_are_imported_whole_and_what_is_not_is_told() {
    let (place, laptop) = (tempfile::tempdir().unwrap(), Laptop::new());
    let face = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/files/media/single_face.jpg");
    let face = fs::read(face).unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = place.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    put("karuna/1.JPG", &face);
    put("karuna/2.jfif", &face);
    put("karuna/half.jpg", &face[..face.len() / 2]);
    put("karuna/notes.txt", b"no picture");
    put("karuna/.ipynb_checkpoints/1.jpg", &face);
    put("__MACOSX/karuna/1.jpg", &face);
    put(".trash/1.jpg", &face);
    put("beside.jpg", &face);
    put("raudra/half.jpg", &face[..face.len() / 2]);
    fs::create_dir(place.path().join("hasya")).unwrap();
    let import = |more: &[&str]| {
        let output = laptop.run(&[&["import", "images", place.path().to_str().unwrap()], more].concat());
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
        (output.status.success(), said)
    };
    let (done, said) = import(&[]);
    assert!(done, "{said}");
    for words in [
        "2 faces as karuna, 1 damaged, 1 left out",
        "notes.txt (no picture)",
        "half.jpg",
        "beside.jpg",
        "hasya: no picture with a face",
        "raudra: no picture with a face, so no take of raudra, 1 damaged",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("MACOSX") && !said.contains("ipynb") && !said.contains(".trash"), "{said}");
    let takes = laptop.takes();
    assert_eq!((takes.len(), &takes[0]["label"]), (1, &"karuna".into()));

    // What cannot be looked at leaves nothing behind, neither here nor there.
    let other = Laptop::new();
    put("shanta/1.jpg", &face);
    let broken = place.path().join("broken");
    fs::write(&broken, "#!/bin/sh\ncase \"$*\" in *shanta*) exit 1;; esac\nexec true\n").unwrap();
    fs::set_permissions(&broken, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let folder = place.path().to_str().unwrap();
    let said = other.refused(&["import", "images", folder, "--rasikad", broken.to_str().unwrap()]);
    assert!(said.contains("nothing is imported"), "{said}");
    assert!(!other.path().join("takes.db").exists());
}
