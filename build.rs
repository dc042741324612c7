//! Rebuilds when a data file comes or goes: the folder is compiled in as it is.

fn main() {
    println!("cargo:rerun-if-changed=rules");
}
