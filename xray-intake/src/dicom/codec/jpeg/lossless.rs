//! Lossless JPEG, process 14 (annex H): each sample as its difference to what its neighbours predict.

use super::super::super::DicomProblem;
use super::headers::Headers;
use super::{NAME, damaged};
use crate::IntakeProblem;
use crate::jpeg::huffman::{BitReader, Huffman};

/// The samples, row by row, the components of a pixel together.
///
/// # Errors
/// [`IntakeProblem::Truncated`] if a sample is missing, [`IntakeProblem::Damaged`] if it cannot be.
pub(super) fn decode(headers: &Headers<'_>) -> Result<Vec<u16>, IntakeProblem> {
    let (frame, scan) = (&headers.frame, &headers.scan);
    let components = scan.components.len();
    if frame
        .components
        .iter()
        .any(|c| (c.across, c.down) != (frame.components[0].across, frame.components[0].down))
    {
        return Err(DicomProblem::Coding { name: "lossless JPEG with subsampled colours" }.into());
    }
    if scan.shift != 0 {
        return Err(DicomProblem::Coding { name: "lossless JPEG with a point transform" }.into());
    }
    if !(1..=7).contains(&scan.start) {
        return Err(damaged(NAME, "its predictor is not valid"));
    }
    if scan.components.iter().enumerate().any(|(index, coded)| coded.component != index) {
        return Err(damaged(NAME, "its scan does not hold each component once"));
    }
    let (width, height) = (usize::from(frame.width), usize::from(frame.height));
    // H.1.1: a restart interval is a number of whole rows.
    if !headers.restart.is_multiple_of(width.max(1)) {
        return Err(damaged(NAME, "a restart interval ends within a row"));
    }
    let rows_between = headers.restart / width.max(1);
    let tables = scan.components.iter().map(|coded| headers.dc(coded)).collect::<Result<Vec<_>, _>>()?;
    let start = 1_u16 << (frame.precision - 1);
    let row = width * components;
    let mut samples = vec![0_u16; row * height];
    let mut bits = headers.bits();
    let mut first_row = true;
    for y in 0..height {
        if rows_between > 0 && y > 0 && y % rows_between == 0 {
            bits.restart(((y / rows_between - 1) % 8) as u8)?;
            first_row = true;
        }
        let (above, current) = samples.split_at_mut(y * row);
        let above = if first_row { None } else { above.get((y - 1) * row..) };
        for at in 0..row {
            let component = at % components;
            let left = at.checked_sub(components);
            let prediction = match (above, left) {
                (None, None) => start,
                (None, Some(left)) => current[left],
                (Some(above), None) => above[at],
                (Some(above), Some(left)) => predict(scan.start, current[left], above[at], above[left]),
            };
            current[at] = prediction.wrapping_add(difference(tables[component], &mut bits)?);
        }
        first_row = false;
    }
    Ok(samples)
}

/// Table H.1, modulo 2¹⁶.
fn predict(predictor: u8, left: u16, above: u16, corner: u16) -> u16 {
    let (a, b, c) = (i32::from(left), i32::from(above), i32::from(corner));
    let prediction = match predictor {
        1 => a,
        2 => b,
        3 => c,
        4 => a + b - c,
        5 => a + ((b - c) >> 1),
        6 => b + ((a - c) >> 1),
        _ => (a + b) >> 1,
    };
    prediction as u16
}

/// H.1.2.2: a category, then as many bits; category 16 is 32768 and has none.
fn difference(table: &Huffman, bits: &mut BitReader<'_>) -> Result<u16, IntakeProblem> {
    let category = u32::from(table.decode(bits)?);
    match category {
        0 => Ok(0),
        1..=15 => {
            let value = bits.take(category)?;
            // Values whose first bit is zero are negative (F.2.2.1, EXTEND).
            let negative = value >> (category - 1) == 0;
            Ok(if negative { (value + 1).wrapping_sub(1 << category) } else { value } as u16)
        }
        16 => Ok(1 << 15),
        _ => Err(damaged(NAME, "a difference is too large")),
    }
}
