//! The program and its parts as their users meet them. One binary: nothing here needs a process of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

mod integration {
    #[cfg(unix)]
    mod canary;
    #[cfg(unix)]
    mod daemon;
    #[cfg(unix)]
    mod installed_model;
    mod lights;
    mod model_choice;
    mod models;
    #[cfg(unix)]
    mod page;
    #[cfg(unix)]
    mod run;
    mod screen;
    #[cfg(unix)]
    mod stick_options;
    #[cfg(unix)]
    mod sticks;
    #[cfg(target_os = "linux")]
    mod store_faults;
}
