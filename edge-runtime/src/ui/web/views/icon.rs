//! The shapes of signals. Each has an outline of its own, so that it is recognised without its colour.

use maud::{Markup, PreEscaped, html};

use crate::status::{Health, Signal};

/// A shape with its colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Triangle with an exclamation mark.
    Suspected,
    /// Diamond with a question mark.
    Uncertain,
    /// Circle with a tick.
    NoSign,
    /// Square with an arrow back.
    NoResult,
    /// Octagon with a cross.
    Fault,
    /// Octagon with a bar.
    Silent,
    /// Hourglass.
    Busy,
    /// A box with a question mark over it.
    ModelFound,
    /// A box with a hand's finger over it.
    ModelWaiting,
    /// A box with an arrow into it.
    ModelInstalled,
    /// A box that is crossed out.
    ModelRefused,
    /// A lying hourglass.
    Starting,
    /// Three dots.
    Ready,
    /// Arrow up over a bar.
    MayBePulled,
}

impl Shape {
    /// The shape of a signal.
    pub fn of(signal: Signal) -> Shape {
        match signal {
            Signal::Off => Shape::Starting,
            Signal::Ready => Shape::Ready,
            Signal::MayBePulled => Shape::MayBePulled,
            Signal::Busy => Shape::Busy,
            Signal::ModelFound => Shape::ModelFound,
            Signal::ModelWaiting => Shape::ModelWaiting,
            Signal::ModelInstalled => Shape::ModelInstalled,
            Signal::ModelRefused => Shape::ModelRefused,
            Signal::NoSign => Shape::NoSign,
            Signal::NoResult => Shape::NoResult,
            Signal::Uncertain => Shape::Uncertain,
            Signal::Suspected => Shape::Suspected,
            Signal::Fault => Shape::Fault,
        }
    }

    /// The shape of how the device is; while it is well, that of its signal.
    pub fn now(health: &Health, signal: Signal) -> Shape {
        match health {
            Health::Starting => Shape::Starting,
            Health::Healthy => Shape::of(signal),
            Health::Faulty(_) => Shape::Fault,
            Health::Stalled(_) => Shape::Silent,
        }
    }

    /// The class of its colours in the style.
    pub fn class(self) -> &'static str {
        match self {
            Shape::Suspected => "suspected",
            Shape::Uncertain => "uncertain",
            Shape::NoSign => "no-sign",
            Shape::NoResult => "no-result",
            Shape::Fault => "fault",
            Shape::Silent => "silent",
            Shape::Busy => "busy",
            Shape::ModelFound => "model-found",
            Shape::ModelWaiting => "model-waiting",
            Shape::ModelInstalled => "model-installed",
            Shape::ModelRefused => "model-refused",
            Shape::Starting => "starting",
            Shape::Ready => "ready",
            Shape::MayBePulled => "may-be-pulled",
        }
    }

    fn paths(self) -> &'static str {
        match self {
            Shape::Suspected => r#"<path d="M24 4 46 43H2Z"/><path d="M24 17v13"/><path d="M24 36v1"/>"#,
            Shape::Uncertain => {
                r#"<path d="M24 2 46 24 24 46 2 24Z"/><path d="M18 20a6 6 0 1 1 8 6c-2 1-2 2-2 4"/><path d="M24 35v1"/>"#
            }
            Shape::NoSign => r#"<circle cx="24" cy="24" r="20"/><path d="m14 25 7 7 13-15"/>"#,
            Shape::NoResult => {
                r#"<path d="M4 4h40v40H4Z"/><path d="M33 18a11 11 0 1 0 2 9"/><path d="M34 10v9h-9"/>"#
            }
            Shape::Fault => {
                r#"<path d="M15 3h18l12 12v18L33 45H15L3 33V15Z"/><path d="m16 16 16 16M32 16 16 32"/>"#
            }
            Shape::Silent => r#"<path d="M15 3h18l12 12v18L33 45H15L3 33V15Z"/><path d="M13 24h22"/>"#,
            Shape::Busy => {
                r#"<path d="M10 4h28M10 44h28M13 4c0 11 11 14 11 20S13 33 13 44M35 4c0 11-11 14-11 20s11 9 11 20"/>"#
            }
            Shape::ModelFound => {
                r#"<path d="M4 26v18h40V26"/><path d="M18 12a6 6 0 1 1 8 6c-2 1-2 2-2 6"/><path d="M24 33v1"/>"#
            }
            Shape::ModelWaiting => {
                r#"<path d="M4 26v18h40V26"/><path d="M20 34V8a4 4 0 0 1 8 0v26"/><path d="M14 34h20"/>"#
            }
            Shape::ModelInstalled => {
                r#"<path d="M4 26v18h40V26"/><path d="M24 4v30"/><path d="m14 24 10 10 10-10"/>"#
            }
            Shape::ModelRefused => r#"<path d="M4 26v18h40V26"/><path d="m13 6 22 22M35 6 13 28"/>"#,
            Shape::Starting => {
                r#"<path d="M4 10v28M44 10v28M4 13c11 0 14 11 20 11s9-11 20-11M4 35c11 0 14-11 20-11s9 11 20 11"/>"#
            }
            Shape::Ready => r#"<path d="M9 24h1M24 24h1M38 24h1"/>"#,
            Shape::MayBePulled => r#"<path d="M24 6 42 29H6Z"/><path d="M6 40h36"/>"#,
        }
    }

    /// The drawing. A text is always beside it, so it is hidden from screen readers.
    pub fn icon(self) -> Markup {
        html! {
            svg viewBox="0 0 48 48" fill="none" stroke="currentColor" stroke-width="4" stroke-linecap="round"
                stroke-linejoin="round" aria-hidden="true" { (PreEscaped(self.paths())) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_signals_share_a_shape_or_a_colour() {
        let shapes = Signal::ALL.map(Shape::of);
        let paths: BTreeSet<_> = shapes.iter().map(|shape| shape.paths()).collect();
        let classes: BTreeSet<_> = shapes.iter().map(|shape| shape.class()).collect();
        assert_eq!((paths.len(), classes.len()), (shapes.len(), shapes.len()));
    }

    #[test]
    fn a_fault_hides_a_result() {
        let faulty = Health::Faulty(String::new());
        assert_eq!(Shape::now(&faulty, Signal::NoSign), Shape::Fault);
        let silent = Health::Stalled(std::time::Duration::ZERO);
        assert_eq!(Shape::now(&silent, Signal::NoSign), Shape::Silent);
        assert_eq!(Shape::now(&Health::Healthy, Signal::NoSign), Shape::NoSign);
    }
}
