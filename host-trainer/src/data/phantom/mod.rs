//! Drawn chest X-rays.
