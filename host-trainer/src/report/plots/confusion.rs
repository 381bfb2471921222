//! The confusion matrix.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{INK, NEGATIVE, POSITIVE, SIZE, letters, picture};
use super::{Picture, PlotError};
use crate::data::ClassNames;
use crate::metrics::Confusion;

/// The grid within the picture: left, top, and the side of a cell across and down.
const LEFT: i32 = 190;
const TOP: i32 = 120;
const ACROSS: i32 = 250;
const DOWN: i32 = 180;

/// Counts of truth against call, the shade of a cell being its part of the row.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn confusion(c: &Confusion, classes: &ClassNames, threshold: f64) -> Result<Picture, PlotError> {
    let centred = |size: u32| letters(size).pos(Pos::new(HPos::Center, VPos::Center));
    let svg = picture(|area| {
        let text = |words: &str, at: (i32, i32), style: &TextStyle<'_>| area.draw_text(words, style, at);
        let middle = LEFT + ACROSS;
        text("Confusion matrix", (SIZE.0 as i32 / 2, 30), &centred(28))?;
        text("called", (middle, 66), &centred(25))?;
        let rows = [[c.tn, c.fp], [c.fn_, c.tp]];
        for (row, (cells, truth)) in rows.iter().zip([&classes.negative, &classes.positive]).enumerate() {
            let all: u64 = cells.iter().sum();
            let y = TOP + row as i32 * DOWN;
            text(&short(truth), (LEFT / 2, y + DOWN / 2), &centred(25))?;
            text(&format!("{all} images"), (LEFT / 2, y + DOWN / 2 + 30), &centred(21))?;
            for (column, count) in cells.iter().enumerate() {
                let share = if all > 0 { *count as f64 / all as f64 } else { 0.0 };
                let x = LEFT + column as i32 * ACROSS;
                let right = row == column;
                let colour = if right { NEGATIVE } else { POSITIVE };
                let corners = [(x + 2, y + 2), (x + ACROSS - 2, y + DOWN - 2)];
                area.draw(&Rectangle::new(corners, colour.mix(0.06 + 0.9 * share).filled()))?;
                area.draw(&Rectangle::new(corners, colour.stroke_width(2)))?;
                // White letters on a dark cell.
                let ink = if share > 0.85 { WHITE } else { INK };
                let (at, word) = (x + ACROSS / 2, if right { "right" } else { "wrong" });
                text(&count.to_string(), (at, y + DOWN / 2 - 22), &centred(56).color(&ink))?;
                let part = format!("{:.1}%, {word}", 100.0 * share);
                text(&part, (at, y + DOWN / 2 + 30), &centred(25).color(&ink))?;
            }
        }
        for (column, call) in [&classes.negative, &classes.positive].into_iter().enumerate() {
            text(&short(call), (LEFT + column as i32 * ACROSS + ACROSS / 2, TOP - 22), &centred(25))?;
        }
        text("in truth", (LEFT / 2, TOP - 22), &centred(25))?;
        Ok(())
    })?;
    let caption = format!(
        "How many images of each class were called what, at the threshold {threshold:.4}. Percentages are of the row."
    );
    Ok(Picture { name: "confusion", caption, svg })
}

/// A name that fits beside the grid.
fn short(name: &str) -> String {
    const MOST: usize = 14;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    name.chars().take(MOST - 1).chain(['…']).collect()
}
