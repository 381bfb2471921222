//! The kernels of xray-core alone, without tract and without threads (some builds of qemu-user hang when a
//! program starts one, as Rust's test harness does): every kernel against the scalar specification.
#![allow(dead_code)]

#[path = "."]
mod engine {
    #[path = "../../xray-core/src/engine/kernels/mod.rs"]
    pub(crate) mod kernels;
}

fn main() -> std::process::ExitCode {
    let cases = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(60);
    match engine::kernels::check_kernels(cases) {
        Ok(names) => println!("{cases} cases, bit-equal: {}", names.join(", ")),
        Err(reason) => {
            eprintln!("{reason}");
            return std::process::ExitCode::FAILURE;
        }
    }
    std::process::ExitCode::SUCCESS
}
