//! Tells the linker where `rasikad` finds the LiteRT library: beside it, in ../lib (as packaged), or, for this machine,
//! where `make setup` put it in this source tree. Compiles the few calls of FFmpeg's libraries that films are read by.

fn main() {
    let variable = |name| std::env::var(name).unwrap_or_default();
    println!("cargo:rerun-if-changed=build.rs");
    let mut places = vec!["$ORIGIN".to_owned(), "$ORIGIN/../lib/rasika".to_owned()];
    // A program that goes to another machine does not carry a path of this one.
    if variable("HOST") == variable("TARGET") {
        places.push(format!("{}/../models/files/lib", variable("CARGO_MANIFEST_DIR")));
    }
    for place in places {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{place}");
    }
    if std::env::var_os("CARGO_FEATURE_PERCEPTION").is_some() {
        reel();
    }
}

/// FFmpeg's structures differ from release to release: what touches them is compiled against the installed headers.
fn reel() {
    const SOURCE: &str = "src/source/reel";
    println!("cargo:rerun-if-changed={SOURCE}/reel.c");
    println!("cargo:rerun-if-changed={SOURCE}/reel.h");
    let find = |library: &str| pkg_config::Config::new().cargo_metadata(false).probe(library);
    let mut reel = cc::Build::new();
    reel.file(format!("{SOURCE}/reel.c"));
    let mut linked = Vec::new();
    for library in ["libavformat", "libavcodec", "libswscale", "libavutil"] {
        match find(library) {
            Ok(found) => {
                reel.includes(&found.include_paths);
                linked.extend(found.link_paths.iter().map(|path| format!("search=native={}", path.display())));
                linked.extend(found.libs.iter().map(|name| format!("lib={name}")));
            }
            Err(error) => {
                println!("cargo:warning={library} is missing: run `models/setup/packages.sh build`");
                panic!("{error}");
            }
        }
    }
    // The archive comes first: the linker looks for what it lacks in those that follow.
    reel.compile("reel");
    for line in linked {
        let (kind, value) = line.split_once('=').unwrap_or(("lib", &line));
        println!("cargo:rustc-link-{kind}={value}");
    }
}
