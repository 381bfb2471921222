//! Answers come back as they were written, and no bytes make more of it.

use dicom_dictionary_std::tags;
use proptest::prelude::*;

use super::*;

fn written(answer: &Answer) -> Vec<u8> {
    let mut bytes = Vec::new();
    answer.write(&mut bytes).expect("written");
    bytes
}

fn grey() -> DecodedImage {
    let pixels = (0..64 * 80).map(|at| (at % 251) as u8).collect();
    let radiograph = Radiograph::from_grey(64, 80, pixels).expect("an image");
    DecodedImage { radiograph, corners: Some([[0.5, 1.0], [60.0, 2.0], [61.0, 70.0], [3.0, 71.25]]) }
}

fn answers() -> Vec<Answer> {
    let mut identity = Identity::default();
    assert!(identity.add(tags::PATIENT_ID, b"17".to_vec()));
    assert!(identity.add(tags::PATIENT_NAME, vec![0xff; MAX_VALUE_BYTES]));
    let colour = Radiograph::new(64, 64, Pixels::Rgb(vec![7; 3 * 64 * 64])).expect("an image");
    let refused = DecodeError::Refused { code: "truncated", words: "cut off".to_owned() };
    let none = Identity::default;
    let confinement = Confinement::default();
    vec![
        Answer { confinement, identity: none(), image: Ok(grey()) },
        Answer {
            confinement: Confinement::from_byte(0b1111),
            identity,
            image: Ok(DecodedImage { radiograph: colour, corners: None }),
        },
        Answer { confinement, identity: none(), image: Err(refused) },
    ]
}

#[test]
fn an_answer_is_what_was_written() {
    for answer in answers() {
        assert_eq!(Answer::read(&mut written(&answer).as_slice()), Ok(answer));
    }
}

#[test]
fn what_is_shorter_or_longer_is_no_answer() {
    for answer in answers() {
        let bytes = written(&answer);
        for end in (0..bytes.len().min(1200)).chain([bytes.len() - 1]) {
            assert_eq!(Answer::read(&mut &bytes[..end]), Err(broken("it ends early")), "{end}");
        }
        let longer = [bytes.as_slice(), b"x"].concat();
        assert_eq!(Answer::read(&mut longer.as_slice()), Err(broken("it is too long")));
    }
}

#[test]
fn a_size_outside_the_limits_takes_no_memory() {
    for (width, height) in [(0, 64), (63, 64), (12_001, 64), (12_000, 12_000), (u32::MAX, u32::MAX)] {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([0, 0, 0, 0]);
        bytes.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
        bytes.extend([3, 0]);
        // It would be as long as is asked for.
        let mut endless = bytes.as_slice().chain(io::repeat(0));
        assert_eq!(Answer::read(&mut endless), Err(broken("a size outside the limits")));
    }
}

#[test]
fn words_with_control_characters_and_wrong_codes_are_none() {
    for (code, words) in [("damaged", "\u{1b}[2J"), ("damaged", ""), ("Damaged!", "x"), ("", "x")] {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([0, 0, 0, 1]);
        for text in [code, words] {
            bytes.extend(length(text.len()).expect("short"));
            bytes.extend(text.as_bytes());
        }
        assert!(Answer::read(&mut bytes.as_slice()).is_err(), "{code} {words}");
    }
}

#[test]
fn long_words_are_cut() {
    let words = "é".repeat(3000);
    let image = Err(DecodeError::Refused { code: "damaged", words });
    let answer = Answer { confinement: Confinement::default(), identity: Identity::default(), image };
    let read = Answer::read(&mut written(&answer).as_slice()).expect("an answer");
    let Err(DecodeError::Refused { words, .. }) = read.image else { panic!("refused") };
    assert_eq!(words.len(), MAX_WORDS_BYTES);
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer_or_none(bytes in prop::collection::vec(any::<u8>(), 0..400), begins: bool) {
        let start: &[u8] = if begins { &MAGIC } else { b"" };
        let bytes = [start, &bytes].concat();
        if let Ok(answer) = Answer::read(&mut bytes.as_slice()) {
            prop_assert_eq!(Answer::read(&mut written(&answer).as_slice()), Ok(answer));
        }
    }

    #[test]
    fn a_changed_answer_is_an_answer_or_none(which in 0..3usize, at in 0..200usize, byte: u8) {
        let mut bytes = written(&answers()[which]);
        let last = bytes.len() - 1;
        bytes[at.min(last)] = byte;
        if let Ok(answer) = Answer::read(&mut bytes.as_slice()) {
            prop_assert_eq!(written(&answer).len(), bytes.len());
        }
    }
}
