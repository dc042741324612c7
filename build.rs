//! Rebuilds when a data file comes or goes: the folder is compiled in as it is.

#[expect(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]
fn main() {
    println!("cargo:rerun-if-changed=rules");
}
