//! Tells the linker where `rasikad` finds the LiteRT library: beside it, in ../lib (as packaged), or, for this machine,
//! where `make setup` put it in this source tree.

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
}
