//! What a picture file says of itself: that it shows a film on a light box.
//!
//! The device's camera writes it into its shots, so that the content alone, and its hash, say how it is read: after a
//! restart, on another machine, years later. A file that says so wrongly is refused, or gives a part of itself.

/// The keyword, of a PNG's text chunk and before the equals sign of a JPEG's comment.
pub const KEYWORD: &str = "xray-edge-shows";
/// What stands behind it.
pub const FILM: &str = "film";

/// Segments or chunks that are looked through.
const MOST: usize = 256;

/// Whether a JPEG or PNG says that it shows a film.
pub fn is_marked(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        in_png(&bytes[8..]).unwrap_or(false)
    } else if bytes.starts_with(&[0xff, 0xd8]) {
        in_jpeg(&bytes[2..]).unwrap_or(false)
    } else {
        false
    }
}

fn is_film(keyword: &[u8], separator: u8, text: &[u8]) -> bool {
    let rest = text.strip_prefix(keyword).and_then(|rest| rest.strip_prefix(&[separator]));
    rest == Some(FILM.as_bytes())
}

/// Chunks: length of the data, type, data, sum.
fn in_png(mut bytes: &[u8]) -> Option<bool> {
    for _ in 0..MOST {
        let length = u32::from_be_bytes(bytes.first_chunk().copied()?) as usize;
        let kind = bytes.get(4..8)?;
        if kind == b"IDAT" {
            break;
        }
        let data = bytes.get(8..length.checked_add(8)?)?;
        if kind == b"tEXt" && is_film(KEYWORD.as_bytes(), 0, data) {
            return Some(true);
        }
        bytes = bytes.get(length.checked_add(12)?..)?;
    }
    Some(false)
}

/// Segments: 0xff, what it is, length of itself and the data, data.
fn in_jpeg(mut bytes: &[u8]) -> Option<bool> {
    const COMMENT: u8 = 0xfe;
    const SCAN: u8 = 0xda;
    for _ in 0..MOST {
        let [0xff, kind, high, low] = bytes.first_chunk().copied()? else { return Some(false) };
        if kind == SCAN {
            break;
        }
        let end = usize::from(u16::from_be_bytes([high, low])) + 2;
        if kind == COMMENT && is_film(KEYWORD.as_bytes(), b'=', bytes.get(4..end)?) {
            return Some(true);
        }
        bytes = bytes.get(end..)?;
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chunk(kind: &str, data: &[u8]) -> Vec<u8> {
        [&(data.len() as u32).to_be_bytes(), kind.as_bytes(), data, &[0; 4]].concat()
    }

    fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
        [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat()
    }

    fn segment(kind: u8, data: &[u8]) -> Vec<u8> {
        [&[0xff, kind], &(data.len() as u16 + 2).to_be_bytes()[..], data].concat()
    }

    fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
        [vec![0xff, 0xd8], segments.concat()].concat()
    }

    #[test]
    fn the_mark_is_found_before_the_pixels_only() {
        let (header, pixels) = (chunk("IHDR", &[0; 13]), chunk("IDAT", b"x"));
        let text = chunk("tEXt", b"xray-edge-shows\0film");
        assert!(is_marked(&png(&[header.clone(), text.clone(), pixels.clone()])));
        assert!(!is_marked(&png(&[header.clone(), pixels.clone(), text])));
        assert!(!is_marked(&png(&[header, chunk("tEXt", b"xray-edge-shows\0films"), pixels])));
        let (tables, scan) = (segment(0xdb, &[7; 65]), segment(0xda, b"x"));
        let comment = segment(0xfe, b"xray-edge-shows=film");
        assert!(is_marked(&jpeg(&[tables.clone(), comment.clone(), scan.clone()])));
        assert!(!is_marked(&jpeg(&[tables.clone(), scan.clone(), comment])));
        assert!(!is_marked(&jpeg(&[tables, segment(0xfe, b"a film"), scan])));
        assert!(!is_marked(b"P5 64 64 255\nxray-edge-shows=film"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_through(bytes in prop::collection::vec(any::<u8>(), 0..200), png: bool) {
            let head: &[u8] = if png { b"\x89PNG\r\n\x1a\n" } else { b"\xff\xd8\xff\xfe" };
            is_marked(&[head, &bytes].concat());
        }
    }
}
