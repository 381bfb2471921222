//! Makes Cargo build the build dependencies that are listed in `Cargo.toml`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
