//! The number of a shard.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// More than any cluster that computes the features of one data set has machines.
const MOST: usize = 100_000;

/// One of a number of shards. As text: `I/N`, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShardNumber {
    index: usize,
    of: usize,
}

impl ShardNumber {
    /// Shard `index`, counted from 1, of `of`; none if there is no such shard.
    pub fn new(index: usize, of: usize) -> Option<Self> {
        ((1..=of).contains(&index) && of <= MOST).then_some(ShardNumber { index, of })
    }

    /// How many shards there are.
    pub fn of(self) -> usize {
        self.of
    }

    /// Which one this is, counted from 1.
    pub fn index(self) -> usize {
        self.index
    }

    /// The jobs that are its own, in their order.
    pub fn select<T>(self, jobs: &[T]) -> impl Iterator<Item = &T> {
        jobs.iter().skip(self.index - 1).step_by(self.of)
    }

    pub fn file_name(self) -> String {
        format!("shard-{:05}-of-{:05}.safetensors", self.index, self.of)
    }

    /// The shard whose file has this name.
    pub fn from_file_name(name: &str) -> Option<Self> {
        let (index, of) = name.strip_prefix("shard-")?.strip_suffix(".safetensors")?.split_once("-of-")?;
        let number = ShardNumber::new(index.parse().ok()?, of.parse().ok()?)?;
        (number.file_name() == name).then_some(number)
    }
}

impl FromStr for ShardNumber {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text
            .split_once('/')
            .and_then(|(index, of)| ShardNumber::new(index.trim().parse().ok()?, of.trim().parse().ok()?));
        parsed.ok_or_else(|| {
            format!("`{text}` is not I/N, such as 1/4 for the first of four; N is at most {MOST}")
        })
    }
}

impl TryFrom<String> for ShardNumber {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ShardNumber> for String {
    fn from(number: ShardNumber) -> String {
        number.to_string()
    }
}

impl std::fmt::Display for ShardNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_file_name_are_read_back() {
        let number: ShardNumber = "3/16".parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((number.index(), number.of(), number.to_string()), (3, 16, "3/16".to_owned()));
        assert_eq!(number.file_name(), "shard-00003-of-00016.safetensors");
        assert_eq!(ShardNumber::from_file_name(&number.file_name()), Some(number));
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for text in ["", "1", "0/4", "5/4", "-1/4", "1/0", "a/b", "1/4/2", "1/100001"] {
            assert!(text.parse::<ShardNumber>().is_err(), "{text}");
        }
        for name in
            ["shard-1-of-4.safetensors", "shard-00005-of-00004.safetensors", "shard-00001-of-00004", "x"]
        {
            assert_eq!(ShardNumber::from_file_name(name), None, "{name}");
        }
    }

    #[test]
    fn every_job_is_in_one_shard() {
        let jobs: Vec<usize> = (0..11).collect();
        let of = |index| ShardNumber { index, of: 4 }.select(&jobs).copied().collect::<Vec<_>>();
        assert_eq!([of(1), of(2), of(3), of(4)], [vec![0, 4, 8], vec![1, 5, 9], vec![2, 6, 10], vec![3, 7]]);
        assert_eq!(ShardNumber { index: 12, of: 12 }.select(&jobs).count(), 0);
    }
}
