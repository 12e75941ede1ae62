//! How the program is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    // A program that is loaded anywhere names every place that holds an address. Packed, that list
    // is a tenth as long: 3 MB less to read at each start, which otherwise stay in memory. Understood
    // since glibc 2.36, which is that of Debian 12; other linkers only warn.
    if target("OS") == "linux" && target("ARCH") == "x86_64" && target("ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
