//! The figures of the epochs as an event file, which TensorBoard shows.
//!
//! An event file is a sequence of records in the framing of TFRecord: the length (8 bytes, little endian), the masked CRC-32C of
//! these bytes, the data, the masked CRC-32C of the data. The data is a message `Event` of tensorflow/core/util/event.proto.

use prost::Message;

use crate::head::Epoch;

/// The first event names the version of the format.
const VERSION: &str = "brain.Event:2";

/// One event. Times are left out, so that equal runs have equal files.
#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

/// The event file of a training and of the fine-tuning after it, whose tags begin with `fine-tune/`.
pub(super) fn event_file(head: &[Epoch], fine_tune: &[Epoch]) -> Vec<u8> {
    let mut file = Vec::new();
    record(&mut file, &Event { file_version: Some(VERSION.to_owned()), ..Event::default() });
    for (prefix, history) in [("", head), ("fine-tune/", fine_tune)] {
        history.iter().for_each(|epoch| record(&mut file, &event(prefix, epoch)));
    }
    file
}

fn event(prefix: &str, epoch: &Epoch) -> Event {
    let figures = [
        ("loss/train", Some(epoch.train_loss)),
        ("loss/validation", Some(epoch.validation_loss)),
        ("accuracy/train", Some(epoch.train_accuracy)),
        ("accuracy/validation", Some(epoch.validation_accuracy)),
        ("auroc/validation", epoch.validation_auroc),
        ("learning-rate", Some(epoch.learning_rate)),
    ];
    let value = |(tag, figure): (&str, Option<f64>)| {
        Some(Value { tag: format!("{prefix}{tag}"), simple_value: Some(figure? as f32) })
    };
    let value = figures.into_iter().filter_map(value).collect();
    Event { step: epoch.epoch as i64, file_version: None, summary: Some(Summary { value }) }
}

fn record(file: &mut Vec<u8>, event: &Event) {
    let data = event.encode_to_vec();
    let length = (data.len() as u64).to_le_bytes();
    file.extend(length);
    file.extend(masked(crc32c(&length)).to_le_bytes());
    file.extend(&data);
    file.extend(masked(crc32c(&data)).to_le_bytes());
}

/// As TFRecord stores a checksum: rotated and moved, since the checksum of data that holds checksums is weak.
fn masked(checksum: u32) -> u32 {
    checksum.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4), bit by bit: the file has a few kilobytes.
fn crc32c(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let mut checksum = u32::MAX;
    for byte in bytes {
        checksum ^= u32::from(*byte);
        for _ in 0..8 {
            let lowest = checksum & 1;
            checksum = (checksum >> 1) ^ (POLYNOMIAL * lowest);
        }
    }
    !checksum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        // RFC 3720, B.4: 32 bytes of zeros, of ones, and 0 to 31; and the usual check value.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(&(0..32).collect::<Vec<u8>>()), 0x46dd_794e);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn the_file_is_that_of_tensorboards_writer() {
        let first = Epoch {
            epoch: 1,
            train_loss: 0.75,
            train_accuracy: 0.625,
            validation_loss: 0.5,
            validation_accuracy: 0.875,
            validation_auroc: Some(0.9375),
            learning_rate: 1e-4,
        };
        let second = Epoch {
            epoch: 2,
            train_loss: 0.6,
            train_accuracy: 0.7,
            validation_loss: 0.45,
            validation_accuracy: 0.9,
            validation_auroc: None,
            learning_rate: 5e-5,
        };
        let expected = include_bytes!("../../tests/fixtures/events.tfevents");
        assert!(event_file(&[first, second], &[]) == expected);
        // The second training has tags of its own.
        let both = event_file(&[first], &[second]);
        assert_eq!(both.windows(21).filter(|bytes| bytes == b"fine-tune/loss/train\x15").count(), 1);
    }
}
