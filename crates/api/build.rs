//! Tells cargo which folders outside this crate are embedded into it, so that a new file in them rebuilds it.

fn main() {
    for folder in ["../../ui/dist", "../../tracker/dist", "src/demo"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
