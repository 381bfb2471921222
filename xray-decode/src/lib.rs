//! Files of unknown origin, decoded in a process of their own.
//!
//! A decoder is a large piece of code that reads bytes which anybody may have written. Here it runs in a child: one for each
//! image, the same program started once more, which gives up its rights, bounds its memory and time, decodes, answers and
//! ends. Whatever a file does to it, the process that has the records, the lights and the page goes on.
//!
//! ```text
//! Decoder::decode ─open file or bytes→ child: Confinement::apply, xray_intake ─answer on a pipe→ Radiograph or DecodeError
//! ```
//!
//! A program that reads thousands of images, as a training does, keeps its children ([`DecoderPool`]).
//!
//! The parent does not trust the child: an answer is checked as if the file itself had written it ([`Answer::read`]).
//!
//! The program must hand its start over, before it does anything else:
//!
//! ```
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     if let Some(status) = xray_decode::run_child() {
//!         return status;
//!     }
//!     println!("this process was not started to decode an image");
//!     ExitCode::SUCCESS
//! }
//! ```

#![forbid(unsafe_code)]

mod answer;
mod child;
mod code;
mod confine;
mod decoder;
mod error;
mod identity;
mod pool;
mod request;
mod running;

pub use answer::{Answer, DecodedImage};
pub use child::{run_child, serve};
pub use confine::Confinement;
pub use decoder::{DecodeLimits, Decoder};
pub use error::{DecodeError, StopReason};
pub use identity::Identity;
pub use pool::DecoderPool;
pub use request::{Request, Source, View};
