//! What a screening is.
pub mod engine;
pub mod package;
pub mod preprocess;

/// Lower-case hexadecimal digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
