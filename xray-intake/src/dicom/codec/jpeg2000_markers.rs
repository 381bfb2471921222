//! The markers of a JPEG 2000 code stream (ITU-T T.800, annex A), checked before the decoder makes tables from them: a
//! few hundred bytes can name millions of tiles, precincts and code blocks.

use super::super::pixel_format::PixelFormat;
use super::damaged;
use crate::IntakeProblem;

const NAME: &str = "JPEG 2000";

/// Precincts and code blocks of all tiles and components together. Twenty megapixels in blocks of 32 × 32 have 30,000.
const MOST_BLOCKS: u64 = 1 << 18;

/// The same, times quality layers.
const MOST_LAYERED: u64 = 1 << 21;

/// Tiles of an image.
const MOST_TILES: u64 = 1 << 14;

const SOC: u16 = 0xff4f;
const SIZ: u16 = 0xff51;
const COD: u16 = 0xff52;
const COC: u16 = 0xff53;
const QCD: u16 = 0xff5c;
const SOT: u16 = 0xff90;
const SOD: u16 = 0xff93;
const EOC: u16 = 0xffd9;

/// What the size marker says.
struct Size {
    tile: (u64, u64),
    tiles: u64,
    components: u64,
}

/// How a tile is divided: what a COD or COC segment says.
struct Division<'a> {
    levels: u32,
    /// Exponents of the code block's sides.
    block: (u32, u32),
    /// A byte a resolution with the exponents of the precinct's sides; none where precincts are as large as can be.
    precincts: Option<&'a [u8]>,
}

/// The stream up to and with its end marker, without the zeros that fill a fragment.
///
/// # Errors
/// [`IntakeProblem::Truncated`] without its end or with tiles missing; [`IntakeProblem::Damaged`] for markers that cannot
/// be, that do not go with `format`, or that divide the image into more parts than any writer does.
pub(super) fn check<'a>(format: &PixelFormat, bytes: &'a [u8]) -> Result<&'a [u8], IntakeProblem> {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let bytes = &bytes[..end];
    if word(bytes, 0) != Some(SOC) || word(bytes, 2) != Some(SIZ) {
        return Err(damaged(NAME, "it does not begin as a code stream does"));
    }
    if !bytes.ends_with(&EOC.to_be_bytes()) {
        return Err(IntakeProblem::Truncated);
    }
    let (size, mut at) = read_size(format, bytes)?;
    let mut layers = None;
    let mut quantisation = false;
    loop {
        let marker = word(bytes, at).ok_or(IntakeProblem::Truncated)?;
        match marker {
            SOT => break,
            0xff30..=0xff3f => {
                at += 2;
                continue;
            }
            SOC | SIZ | SOD | EOC => return Err(damaged(NAME, "a marker stands where none may")),
            COD if layers.is_some() => return Err(damaged(NAME, "it says twice how it is coded")),
            QCD if quantisation => return Err(damaged(NAME, "it says twice how it is quantised")),
            _ => {}
        }
        let body = segment(bytes, at)?;
        quantisation |= marker == QCD;
        layers = check_division(&size, marker, body, layers)?.or(layers);
        at += 4 + body.len();
    }
    if layers.is_none() || !quantisation {
        return Err(damaged(NAME, "it does not say how it is coded"));
    }
    check_tiles(&size, bytes, at, layers)?;
    Ok(bytes)
}

/// Size, tiles and components, and where the next segment begins.
fn read_size(format: &PixelFormat, bytes: &[u8]) -> Result<(Size, usize), IntakeProblem> {
    let invalid = |reason| damaged(NAME, reason);
    let body = segment(bytes, 2)?;
    let field = |at: usize| long(body, at).ok_or_else(|| invalid("its size is not valid"));
    let [x, y, x0, y0] = [field(2)?, field(6)?, field(10)?, field(14)?];
    let [tile_x, tile_y, tile_x0, tile_y0] = [field(18)?, field(22)?, field(26)?, field(30)?];
    let components = u64::from(word(body, 34).unwrap_or(0));
    if body.len() as u64 != 36 + 3 * components || components != format.photometric.samples() as u64 {
        return Err(invalid("it has another number of colours than the DICOM header says"));
    }
    if body[36..].chunks_exact(3).any(|component| component[1] != 1 || component[2] != 1) {
        return Err(invalid("its colours are subsampled"));
    }
    if body[36..].chunks_exact(3).any(|component| component[0] & 0x7f > 15) {
        return Err(super::DicomProblem::Coding { name: "JPEG 2000 of more than 16 bits" }.into());
    }
    let (width, height) = (x.saturating_sub(x0), y.saturating_sub(y0));
    if (width, height) != (u64::from(format.width), u64::from(format.height)) {
        return Err(invalid("its size is not the one that the DICOM header says"));
    }
    let valid = tile_x > 0 && tile_y > 0 && tile_x0 <= x0 && tile_y0 <= y0;
    if !valid || tile_x0 + tile_x <= x0 || tile_y0 + tile_y <= y0 {
        return Err(invalid("its tiles are not valid"));
    }
    let tiles = (x - tile_x0).div_ceil(tile_x) * (y - tile_y0).div_ceil(tile_y);
    if tiles > MOST_TILES {
        return Err(invalid("it has more tiles than any writer makes"));
    }
    let tile = (tile_x.min(width), tile_y.min(height));
    Ok((Size { tile, tiles, components }, 6 + body.len()))
}

/// Checks a COD or COC segment; gives the number of layers that a COD names. `layers` are those that hold for a COC.
fn check_division(
    size: &Size,
    marker: u16,
    body: &[u8],
    layers: Option<u64>,
) -> Result<Option<u64>, IntakeProblem> {
    let invalid = || damaged(NAME, "how it is coded is not valid");
    // Of a COC, the number of the component has one byte or two.
    let (style, parameters, named) = match marker {
        COD => (body.first(), body.get(5..), body.get(2..4).map(|b| u64::from(b[0]) << 8 | u64::from(b[1]))),
        COC => {
            let at = if size.components < 257 { 1 } else { 2 };
            (body.get(at), body.get(at + 1..), None)
        }
        _ => return Ok(None),
    };
    let (style, parameters) = (style.ok_or_else(invalid)?, parameters.ok_or_else(invalid)?);
    let (&[levels, across, down, _, _], rest) = parameters.split_first_chunk::<5>().ok_or_else(invalid)?;
    let precincts = (style & 1 == 1).then_some(rest);
    let valid = levels <= 32 && across <= 8 && down <= 8 && across + down <= 8;
    if !valid || precincts.is_some_and(|sizes| sizes.len() != usize::from(levels) + 1) {
        return Err(invalid());
    }
    let division = Division {
        levels: u32::from(levels),
        block: (u32::from(across) + 2, u32::from(down) + 2),
        precincts,
    };
    let blocks = division.blocks(size);
    let count = named.or(layers).unwrap_or(1);
    if count == 0 {
        return Err(invalid());
    }
    if blocks > MOST_BLOCKS || blocks.saturating_mul(count) > MOST_LAYERED {
        return Err(damaged(NAME, "it is divided into more parts than any writer makes"));
    }
    Ok(named)
}

impl Division<'_> {
    /// Precincts and code blocks of all tiles and components, if all were divided so; rather too many than too few.
    fn blocks(&self, size: &Size) -> u64 {
        let mut sum = 0_u64;
        for resolution in 0..=self.levels {
            let shrink = self.levels - resolution;
            let side = |pixels: u64| (pixels >> shrink.min(63)) + 1;
            let (width, height) = (side(size.tile.0), side(size.tile.1));
            let exponents = self.precincts.map_or(0xff, |sizes| sizes[resolution as usize]);
            let precinct = (u32::from(exponents & 15), u32::from(exponents >> 4));
            let parts = |pixels: u64, exponent: u32| (pixels >> exponent) + 2;
            let precincts = parts(width, precinct.0) * parts(height, precinct.1);
            // Bands of higher resolutions have half the size, and so have their precincts.
            let half = u32::from(resolution > 0);
            let bands = if resolution > 0 { 3 } else { 1 };
            let block = |exponent: u32, precinct: u32| exponent.min(precinct.saturating_sub(half));
            let blocks = parts(width >> half, block(self.block.0, precinct.0))
                * parts(height >> half, block(self.block.1, precinct.1));
            sum = sum.saturating_add(precincts.saturating_add(bands * blocks));
        }
        sum.saturating_mul(size.tiles).saturating_mul(size.components)
    }
}

/// Walks the tile-parts from the first, which begins at `at`, to the end marker.
fn check_tiles(size: &Size, bytes: &[u8], mut at: usize, layers: Option<u64>) -> Result<(), IntakeProblem> {
    let invalid = || damaged(NAME, "a part of a tile is not valid");
    let end = bytes.len() - 2;
    let mut seen = vec![false; size.tiles as usize];
    while at < end {
        if word(bytes, at) != Some(SOT) {
            return Err(invalid());
        }
        let body = segment(bytes, at)?;
        let (&[t1, t0, l3, l2, l1, l0, _, _], []) = body.split_first_chunk::<8>().ok_or_else(invalid)? else {
            return Err(invalid());
        };
        let tile = usize::from(u16::from_be_bytes([t1, t0]));
        let length = u32::from_be_bytes([l3, l2, l1, l0]) as usize;
        // Zero for the last part, which reaches to the end marker.
        let next = if length == 0 { end } else { at.checked_add(length).ok_or_else(invalid)? };
        if next > end {
            return Err(IntakeProblem::Truncated);
        }
        *seen.get_mut(tile).ok_or_else(invalid)? = true;
        let mut inner = at + 12;
        let (mut coded, mut quantised) = (false, false);
        loop {
            if inner >= next {
                return Err(invalid());
            }
            let marker = word(bytes, inner).ok_or_else(invalid)?;
            match marker {
                SOD => break,
                0xff30..=0xff3f => {
                    inner += 2;
                    continue;
                }
                SOC | SIZ | SOT | EOC => return Err(invalid()),
                COD if coded => return Err(damaged(NAME, "it says twice how a tile is coded")),
                QCD if quantised => return Err(damaged(NAME, "it says twice how a tile is quantised")),
                _ => {}
            }
            coded |= marker == COD;
            quantised |= marker == QCD;
            let body = segment(bytes, inner)?;
            check_division(size, marker, body, layers)?;
            inner += 4 + body.len();
        }
        at = next;
    }
    if at != end || !seen.iter().all(|seen| *seen) { Err(IntakeProblem::Truncated) } else { Ok(()) }
}

/// What follows the marker at `at` and its length.
fn segment(bytes: &[u8], at: usize) -> Result<&[u8], IntakeProblem> {
    let marker = word(bytes, at).ok_or(IntakeProblem::Truncated)?;
    let length = usize::from(word(bytes, at + 2).ok_or(IntakeProblem::Truncated)?);
    if marker < 0xff00 || length < 2 {
        return Err(damaged(NAME, "a segment of it is not valid"));
    }
    bytes.get(at + 4..at + 2 + length).ok_or(IntakeProblem::Truncated)
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|word| u16::from_be_bytes(*word))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|word| u64::from(u32::from_be_bytes(*word)))
}
