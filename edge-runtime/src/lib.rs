//! edge-runtime
