//! A picture of any format, as it comes from a stick.

use xray_intake::{IntakeProblem, Pixels, Radiograph, decode_film_photograph, decode_whole_image};

pub(super) fn check(bytes: &[u8]) {
    let whole = decoded(bytes);
    if let Ok(radiograph) = &whole {
        assert_eq!(whole, decode_whole_image(bytes), "the same bytes give another picture");
        // Cutting out a film takes time; of large pictures nothing new is learnt.
        if radiograph.width().max(radiograph.height()) <= 512 {
            checked(&decode_film_photograph(bytes));
        }
    }
}

/// What decoding gives.
pub(super) fn decoded(bytes: &[u8]) -> Result<Radiograph, IntakeProblem> {
    let result = decode_whole_image(bytes);
    checked(&result);
    result
}

/// What must hold of every answer.
fn checked(result: &Result<Radiograph, IntakeProblem>) {
    match result {
        Ok(radiograph) => {
            let pixels = radiograph.width() as usize * radiograph.height() as usize;
            let (levels, channels) = match radiograph.pixels() {
                Pixels::Grey(levels) => (levels.len(), 1),
                Pixels::Rgb(levels) => (levels.len(), 3),
            };
            assert_eq!(levels, pixels * channels);
            assert!(radiograph.width() >= 64 && radiograph.height() >= 64);
        }
        Err(problem) => {
            assert!(
                !problem.code().is_empty()
                    && problem.code().bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            );
            assert!(problem.to_string().len() < 1024, "a reason that nobody reads");
        }
    }
}
