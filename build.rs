//! Makes the instructions in `main.rs` that block signals the program's entry point.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let architecture = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    if matches!(architecture.as_str(), "x86_64" | "aarch64") {
        println!("cargo::rustc-link-arg-bin=podinit=-Wl,--entry=podinit_entry");
    }
}
