//! From the bytes of a data set to the elements that are needed, in one pass and without copying.
//!
//! The tokens come from dicom-parser's lazy reader. It trusts lengths and nesting; a file from a stick deserves no
//! trust, so both are checked here before the reader is asked to go on.

use std::io::Cursor;

use dicom_core::{Length, Tag};
use dicom_dictionary_std::tags;
use dicom_encoding::transfer_syntax::TransferSyntax;
use dicom_parser::StatefulDecode;
use dicom_parser::dataset::LazyDataToken;
use dicom_parser::dataset::lazy_read::LazyDataSetReader;
use dicom_transfer_syntax_registry::entries;

use super::data_set::{DataSet, Element, ElementMap, PixelData};
use super::transfer_syntax::ElementEncoding;
use super::{encoding, fragments};
use crate::IntakeProblem;

/// What is kept of the data set's top level for its pixels.
pub(super) const PIXEL_ELEMENTS: [Tag; 27] = [
    tags::SOP_CLASS_UID,
    tags::MODALITY,
    tags::PRESENTATION_INTENT_TYPE,
    tags::SAMPLES_PER_PIXEL,
    tags::PHOTOMETRIC_INTERPRETATION,
    tags::PLANAR_CONFIGURATION,
    tags::NUMBER_OF_FRAMES,
    tags::ROWS,
    tags::COLUMNS,
    tags::BITS_ALLOCATED,
    tags::BITS_STORED,
    tags::HIGH_BIT,
    tags::PIXEL_REPRESENTATION,
    tags::RESCALE_INTERCEPT,
    tags::RESCALE_SLOPE,
    tags::WINDOW_CENTER,
    tags::WINDOW_WIDTH,
    tags::VOILUT_FUNCTION,
    tags::PRESENTATION_LUT_SHAPE,
    tags::PIXEL_PADDING_VALUE,
    tags::PIXEL_PADDING_RANGE_LIMIT,
    tags::PATIENT_ORIENTATION,
    tags::VIEW_POSITION,
    tags::BODY_PART_EXAMINED,
    tags::PIXEL_ASPECT_RATIO,
    tags::PIXEL_SPACING,
    tags::IMAGER_PIXEL_SPACING,
];

/// Deepest nesting that is followed, in sequences and items. Radiographs have two or four.
const MAX_DEPTH: usize = 64;

/// Elements and items of a file; a radiograph has some hundred.
const MAX_TOKENS: usize = 1 << 18;

/// Group of the tags that begin and end items.
const DELIMITER_GROUP: u16 = 0xfffe;

/// A container around the reader's position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    /// A sequence and how many items it has had.
    Sequence(Tag, u32),
    Item,
    /// Coded pixels and how many items they have had; the first is the table of offsets.
    Pixels(u32),
    PixelItem,
}

/// Where a pass over the data set ended.
enum PassEnd {
    /// At the pixels' end or the data set's.
    Complete,
    /// At a sequence whose value representation is UN; its content begins here.
    UnknownSequence(usize),
    /// At a sequence with a known value representation; its header begins here.
    KnownSequence(usize),
    /// Behind an element that was stepped over.
    Element(usize),
}

/// Reads the data set that begins at `start` of `bytes`, up to and with its pixels. Of its top level, the elements
/// `top` are kept.
pub(super) fn read<'a>(
    bytes: &'a [u8],
    start: usize,
    encoding: ElementEncoding,
    top: &[Tag],
) -> Result<DataSet<'a>, IntakeProblem> {
    let mut set = DataSet::new(encoding);
    let (mut from, mut enter_sequence) = (start, false);
    let mut tokens = 0;
    loop {
        match read_pass(bytes, (from, enter_sequence), top, &mut set, &mut tokens)? {
            PassEnd::Complete => return Ok(set),
            PassEnd::UnknownSequence(content) => {
                (from, enter_sequence) = (skip_implicit(bytes, content)?, false)
            }
            PassEnd::KnownSequence(header) => (from, enter_sequence) = (header, true),
            PassEnd::Element(next) => (from, enter_sequence) = (next, false),
        }
    }
}

/// Reads from `from`, the beginning of an element of the top level. With `enter_sequence`, that element is a sequence
/// whose kind was looked at already.
fn read_pass<'a>(
    bytes: &'a [u8],
    (from, mut enter_sequence): (usize, bool),
    top: &[Tag],
    set: &mut DataSet<'a>,
    tokens: &mut usize,
) -> Result<PassEnd, IntakeProblem> {
    let mut source = Cursor::new(bytes);
    source.set_position(from as u64);
    let syntax: &TransferSyntax = match set.encoding {
        ElementEncoding::ImplicitLittle => &entries::IMPLICIT_VR_LITTLE_ENDIAN.erased(),
        ElementEncoding::ExplicitLittle => &entries::EXPLICIT_VR_LITTLE_ENDIAN.erased(),
        ElementEncoding::ExplicitBig => &entries::EXPLICIT_VR_BIG_ENDIAN.erased(),
    };
    let mut reader = LazyDataSetReader::new_with_ts(source, syntax).map_err(|_| damaged(UNREADABLE))?;
    let mut open: Vec<Container> = Vec::new();
    while let Some(token) = reader.advance() {
        *tokens += 1;
        if *tokens > MAX_TOKENS {
            return Err(damaged("it has more elements than any radiograph"));
        }
        match token.map_err(|_| if open.is_empty() { damaged(UNREADABLE) } else { damaged(SEQUENCE) })? {
            LazyDataToken::ElementHeader(_) => {}
            LazyDataToken::LazyValue { header, decoder } => {
                let position = decoder.position() as usize;
                if open.is_empty()
                    && set.encoding == ElementEncoding::ExplicitLittle
                    && let Some(next) = encoding::behind_implicit_private(bytes, position, header.tag.group())
                {
                    return Ok(PassEnd::Element(next));
                }
                let value = slice(bytes, decoder.position(), header.len)?;
                let element = Element { vr: header.vr, bytes: value };
                if open.is_empty() && header.tag == tags::PIXEL_DATA {
                    set.pixels = Some(PixelData::Native(element));
                    return Ok(PassEnd::Complete);
                }
                if let Some(items) = destination(set, &open, top, header.tag)
                    && items.0.insert(header.tag, element).is_some()
                {
                    return Err(damaged("an element stands there twice"));
                }
                decoder.skip_bytes(value.len() as u32).map_err(|_| IntakeProblem::Truncated)?;
            }
            LazyDataToken::SequenceStart { tag, .. }
                if tag.group() == DELIMITER_GROUP || open.len() >= MAX_DEPTH =>
            {
                return Err(damaged(SEQUENCE));
            }
            LazyDataToken::SequenceStart { tag, len } => {
                let unknown = set.encoding != ElementEncoding::ImplicitLittle && len.is_undefined();
                if open.is_empty() && unknown && !enter_sequence {
                    let content = reader.into_decoder().position() as usize;
                    return Ok(sequence_representation(bytes, content));
                }
                enter_sequence = false;
                open.push(Container::Sequence(tag, 0));
            }
            LazyDataToken::PixelSequenceStart => {
                if open.is_empty() {
                    let content = reader.into_decoder().position() as usize;
                    set.pixels = Some(PixelData::Fragments(fragments::read(bytes, content)?));
                    return Ok(PassEnd::Complete);
                }
                open.push(Container::Pixels(0));
            }
            LazyDataToken::ItemStart { .. } => match open.last_mut() {
                Some(Container::Sequence(_, items)) => {
                    *items += 1;
                    open.push(Container::Item);
                }
                Some(Container::Pixels(items)) => {
                    *items += 1;
                    open.push(Container::PixelItem);
                }
                _ => return Err(damaged(SEQUENCE)),
            },
            LazyDataToken::LazyItemValue { len, decoder } => {
                slice(bytes, decoder.position(), Length(len))?;
                decoder.skip_bytes(len).map_err(|_| IntakeProblem::Truncated)?;
            }
            LazyDataToken::ItemEnd => match open.pop() {
                Some(Container::Item | Container::PixelItem) => {}
                _ => return Err(damaged(SEQUENCE)),
            },
            LazyDataToken::SequenceEnd => match open.pop() {
                Some(Container::Pixels(_)) if open.is_empty() => return Ok(PassEnd::Complete),
                Some(Container::Sequence(..) | Container::Pixels(_)) => {}
                _ => return Err(damaged(SEQUENCE)),
            },
            _ => return Err(damaged(UNREADABLE)),
        }
    }
    // The reader takes an end within an element's tag for the end of the data set.
    if open.is_empty() { Ok(PassEnd::Complete) } else { Err(IntakeProblem::Truncated) }
}

/// Whether a sequence of undefined length, whose content begins at `content`, is of kind UN. Its header has twelve
/// bytes: tag, kind, two reserved bytes, length.
fn sequence_representation(bytes: &[u8], content: usize) -> PassEnd {
    let header = content.saturating_sub(12);
    if bytes.get(header + 4..header + 6) == Some(b"UN") {
        PassEnd::UnknownSequence(content)
    } else {
        PassEnd::KnownSequence(header)
    }
}

/// Where an element of this tag is kept, if it is.
fn destination<'s, 'a>(
    set: &'s mut DataSet<'a>,
    open: &[Container],
    top: &[Tag],
    tag: Tag,
) -> Option<&'s mut ElementMap<'a>> {
    let lut = matches!(tag, tags::LUT_DESCRIPTOR | tags::LUT_DATA);
    let code = matches!(tag, tags::CODE_VALUE | tags::CODE_MEANING);
    let window = matches!(tag, tags::WINDOW_CENTER | tags::WINDOW_WIDTH | tags::VOILUT_FUNCTION);
    let rescale = matches!(tag, tags::RESCALE_SLOPE | tags::RESCALE_INTERCEPT);
    match *open {
        [] => top.contains(&tag).then_some(&mut set.root),
        [Container::Sequence(tags::MODALITY_LUT_SEQUENCE, 1), Container::Item] if lut => {
            Some(set.modality_lut.get_or_insert_default())
        }
        [Container::Sequence(tags::VOILUT_SEQUENCE, 1), Container::Item] if lut => {
            Some(set.voi_lut.get_or_insert_default())
        }
        [Container::Sequence(tags::VIEW_CODE_SEQUENCE, 1), Container::Item] if code => {
            Some(set.view_code.get_or_insert_default())
        }
        [
            Container::Sequence(
                tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE | tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
                1,
            ),
            Container::Item,
            Container::Sequence(group, 1),
            Container::Item,
        ] if (group == tags::FRAME_VOILUT_SEQUENCE && window)
            || (group == tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE && rescale) =>
        {
            Some(&mut set.frame)
        }
        _ => None,
    }
}

fn slice(bytes: &[u8], at: u64, length: Length) -> Result<&[u8], IntakeProblem> {
    let length = length.get().ok_or_else(|| damaged(UNREADABLE))?;
    let start = usize::try_from(at).map_err(|_| IntakeProblem::Truncated)?;
    let end = start.checked_add(length as usize).ok_or(IntakeProblem::Truncated)?;
    bytes.get(start..end).ok_or(IntakeProblem::Truncated)
}

/// Where a sequence of kind UN and undefined length ends. Its content is implicit and little endian whatever the rest
/// of the file is (PS3.5, section 6.2.2).
fn skip_implicit(bytes: &[u8], content: usize) -> Result<usize, IntakeProblem> {
    let mut at = content;
    let mut depth = 1_u32;
    while depth > 0 {
        let field = |from: usize| {
            let bytes = bytes.get(from..from + 4).ok_or(IntakeProblem::Truncated)?;
            Ok::<_, IntakeProblem>(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        };
        let (tag, length) = (field(at)?, field(at + 4)?);
        at += 8;
        match (tag, length) {
            // The end of an item and of a sequence, group in the low word.
            (0xe00d_fffe | 0xe0dd_fffe, _) => depth -= 1,
            (_, u32::MAX) => depth += 1,
            (_, length) => at = at.checked_add(length as usize).ok_or(IntakeProblem::Truncated)?,
        }
    }
    Ok(at)
}

const UNREADABLE: &str = "its elements cannot be told apart";
const SEQUENCE: &str = "a sequence in it does not end as it should";

pub(super) fn damaged(reason: &str) -> IntakeProblem {
    IntakeProblem::Damaged { format: "DICOM", reason: reason.to_owned() }
}
