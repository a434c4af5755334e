//! Tells the linker where `rasika` finds the LiteRT library: beside it, in ../lib (as packaged), or where
//! `make setup` put it in this source tree.

fn main() {
    let manifest = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo:rerun-if-changed=build.rs");
    for place in ["$ORIGIN", "$ORIGIN/../lib/rasika", &format!("{manifest}/../models/files/lib")] {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{place}");
    }
}
