//! DICOM files written element by element, explicit and little endian (PS3.5, section 7.1).

use std::collections::BTreeMap;

/// Group and element number.
pub type Tag = (u16, u16);

/// An element's value representation and bytes.
#[derive(Debug, Clone)]
pub struct Value {
    kind: [u8; 2],
    bytes: Vec<u8>,
    undefined: bool,
}

impl Value {
    /// A value of this representation, such as `OW`, as its bytes.
    pub fn new(kind: &str, bytes: Vec<u8>) -> Self {
        let kind = kind.as_bytes().try_into().expect("two letters");
        Value { kind, bytes, undefined: false }
    }

    /// Text, padded to an even length.
    pub fn text(kind: &str, text: &str) -> Self {
        let pad = if kind == "UI" { '\0' } else { ' ' };
        let mut text = text.to_owned();
        if text.len() % 2 == 1 {
            text.push(pad);
        }
        Value::new(kind, text.into_bytes())
    }

    /// Unsigned 16-bit numbers.
    pub fn us(words: &[u16]) -> Self {
        Value::new("US", words.iter().flat_map(|word| word.to_le_bytes()).collect())
    }

    /// A sequence of items.
    pub fn sequence(items: &[&[(Tag, Value)]]) -> Self {
        let mut bytes = Vec::new();
        for item in items {
            let content: Vec<u8> = item.iter().flat_map(|(tag, value)| element(*tag, value)).collect();
            bytes.extend([0xfe, 0xff, 0x00, 0xe0]);
            bytes.extend((content.len() as u32).to_le_bytes());
            bytes.extend(content);
        }
        Value::new("SQ", bytes)
    }

    /// Coded pixels: an empty table of offsets, then each fragment.
    pub fn fragments(fragments: &[&[u8]]) -> Self {
        let mut bytes = Vec::new();
        for fragment in [&[][..]].iter().chain(fragments) {
            bytes.extend([0xfe, 0xff, 0x00, 0xe0]);
            bytes.extend((fragment.len() as u32).to_le_bytes());
            bytes.extend(*fragment);
        }
        bytes.extend([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
        Value { undefined: true, ..Value::new("OB", bytes) }
    }
}

fn element((group, number): Tag, value: &Value) -> Vec<u8> {
    let mut out = [group.to_le_bytes(), number.to_le_bytes(), value.kind].concat();
    let length = if value.undefined { u32::MAX } else { value.bytes.len() as u32 };
    if matches!(&value.kind, b"OB" | b"OW" | b"SQ" | b"UC" | b"UN" | b"UR" | b"UT") {
        out.extend([0, 0]);
        out.extend(length.to_le_bytes());
    } else {
        out.extend((length as u16).to_le_bytes());
    }
    out.extend(&value.bytes);
    out
}

/// A file whose elements can be changed.
#[derive(Debug, Clone)]
pub struct DicomFile {
    syntax: String,
    elements: BTreeMap<Tag, Value>,
}

impl DicomFile {
    /// DX for presentation, 64 × 66, 12 bits in 16, v = 16·(x + y), no window.
    pub fn plain() -> Self {
        let pixels = (0..66_u16).flat_map(|y| (0..64_u16).flat_map(move |x| (16 * (x + y)).to_le_bytes()));
        let elements = [
            ((8, 0x16), Value::text("UI", "1.2.840.10008.5.1.4.1.1.1.1")),
            ((8, 0x60), Value::text("CS", "DX")),
            ((0x10, 0x10), Value::text("PN", "Secret^Patient")),
            ((0x28, 2), Value::us(&[1])),
            ((0x28, 4), Value::text("CS", "MONOCHROME2")),
            ((0x28, 0x10), Value::us(&[66])),
            ((0x28, 0x11), Value::us(&[64])),
            ((0x28, 0x100), Value::us(&[16])),
            ((0x28, 0x101), Value::us(&[12])),
            ((0x28, 0x102), Value::us(&[11])),
            ((0x28, 0x103), Value::us(&[0])),
            ((0x7fe0, 0x10), Value::new("OW", pixels.collect())),
        ];
        DicomFile { syntax: "1.2.840.10008.1.2.1".to_owned(), elements: elements.into() }
    }

    /// The same file with an element added or replaced.
    pub fn with(mut self, group: u16, number: u16, value: Value) -> Self {
        self.elements.insert((group, number), value);
        self
    }

    /// The same file without an element, which must be there.
    pub fn without(mut self, group: u16, number: u16) -> Self {
        self.elements.remove(&(group, number)).expect("it was there");
        self
    }

    /// The same file under another Transfer Syntax UID; the pixels stay as they are.
    pub fn syntax(mut self, uid: &str) -> Self {
        self.syntax = uid.to_owned();
        self
    }

    /// The same file with a window: centre, width, VOI LUT Function.
    pub fn window(self, centre: &str, width: &str, function: &str) -> Self {
        let window = self.with(0x28, 0x1050, Value::text("DS", centre));
        let window = window.with(0x28, 0x1051, Value::text("DS", width));
        window.with(0x28, 0x1056, Value::text("CS", function))
    }

    /// The whole file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = [&[0; 128][..], b"DICM"].concat();
        let syntax = element((2, 0x10), &Value::text("UI", &self.syntax));
        let length = Value::new("UL", (syntax.len() as u32).to_le_bytes().to_vec());
        out.extend(element((2, 0), &length));
        out.extend(syntax);
        out.extend(self.elements.iter().flat_map(|(tag, value)| element(*tag, value)));
        out
    }
}
