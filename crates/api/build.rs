//! Rebuilds this crate when a file of an embedded folder comes or goes.

fn main() {
    for folder in ["../../ui/dist", "../../tracker/dist", "src/demo"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
