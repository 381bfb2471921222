//! What a child is asked for, as words on its command line.

use std::fs::File;
use std::time::Duration;

use crate::decoder::DecodeLimits;

/// The first argument of a child.
pub(crate) const SUBCOMMAND: &str = "decode-child";

/// How the picture in a file is understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum View {
    /// As the file says: the film, if it says that it shows one on a light box; else the whole picture.
    #[default]
    AsMarked,
    /// The film on a light box.
    Film,
    /// The whole picture.
    Whole,
}

/// How many files a child decodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serves {
    /// The one on its standard input.
    One,
    /// Those that come one after another on its standard input.
    Many,
}

/// What a child has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChildTask {
    pub request: Request,
    pub limits: DecodeLimits,
    pub serves: Serves,
}

/// What is asked of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Request {
    /// How its picture is understood.
    pub view: View,
    /// Whether to say what a DICOM file says of patient and study.
    pub identity: bool,
}

/// Where the bytes of a file come from.
#[derive(Debug)]
pub enum Source<'a> {
    /// An open file, read from where it stands.
    File(File),
    /// Bytes that are in memory.
    Bytes(&'a [u8]),
}

impl View {
    const ALL: [(View, &'static str); 3] =
        [(View::AsMarked, "as-marked"), (View::Film, "film"), (View::Whole, "whole")];

    fn word(self) -> &'static str {
        View::ALL.into_iter().find(|(view, _)| *view == self).map_or("as-marked", |(_, word)| word)
    }

    fn from_word(word: &str) -> Option<View> {
        View::ALL.into_iter().find(|(_, known)| *known == word).map(|(view, _)| view)
    }
}

impl Serves {
    fn word(self) -> &'static str {
        match self {
            Serves::One => "one",
            Serves::Many => "many",
        }
    }
}

impl ChildTask {
    /// The arguments of a child.
    pub(crate) fn to_arguments(self) -> [String; 6] {
        let ChildTask { request, limits, serves } = self;
        [
            SUBCOMMAND.to_owned(),
            serves.word().to_owned(),
            request.view.word().to_owned(),
            if request.identity { "identity" } else { "image" }.to_owned(),
            limits.memory.to_string(),
            limits.deadline.as_secs().max(1).to_string(),
        ]
    }

    /// The task in the arguments behind the program's name; none if they are not those of a child.
    ///
    /// # Errors
    /// The words that are not understood.
    pub(crate) fn from_arguments(
        mut arguments: impl Iterator<Item = String>,
    ) -> Option<Result<ChildTask, String>> {
        (arguments.next()? == SUBCOMMAND).then(|| {
            let words: Vec<String> = arguments.take(6).collect();
            let parsed = || {
                let [serves, view, identity, memory, seconds] = words.as_slice() else { return None };
                let serves = [Serves::One, Serves::Many].into_iter().find(|known| known.word() == serves)?;
                let identity = match identity.as_str() {
                    "identity" => true,
                    "image" => false,
                    _ => return None,
                };
                let deadline = Duration::from_secs(seconds.parse().ok()?);
                let limits = DecodeLimits { memory: memory.parse().ok()?, deadline };
                let request = Request { view: View::from_word(view)?, identity };
                Some(ChildTask { request, limits, serves })
            };
            parsed().ok_or_else(|| words.join(" "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_understood_and_nothing_else_is() {
        let limits = DecodeLimits { memory: 1 << 20, deadline: Duration::from_secs(7) };
        for (view, _) in View::ALL {
            for (identity, serves) in [(false, Serves::One), (true, Serves::One), (false, Serves::Many)] {
                let task = ChildTask { request: Request { view, identity }, limits, serves };
                let arguments = task.to_arguments();
                assert_eq!(ChildTask::from_arguments(arguments.into_iter()), Some(Ok(task)));
            }
        }
        let of = |text: &str| ChildTask::from_arguments(text.split(' ').map(str::to_owned));
        assert_eq!(of("screen film"), None);
        assert_eq!(of(""), None);
        for wrong in [
            "decode-child",
            "decode-child one film image 1",
            "decode-child one film image -1 1",
            "decode-child one x image 1 1",
            "decode-child some film image 1 1",
        ] {
            assert!(matches!(of(wrong), Some(Err(_))), "{wrong}");
        }
        assert!(matches!(of("decode-child one film image 1 1 1"), Some(Err(_))));
    }
}
