//! Secondary Capture Image (PS3.3, A.8.1): the X-ray with its heat map and its verdict, in pixels.

use dicom_core::value::PrimitiveValue;
use dicom_core::{DataElement, VR};
use dicom_dictionary_std::{tags, uids};
use image::{RgbImage, Rgba, RgbaImage, imageops};
use xray_core::decision::DISCLAIMER;

use super::super::ReportData;
use super::DicomError;
use super::caption::under;
use super::common::{FileKind, begin, file, recorded, reference, result, sequence, source, test, text};
use crate::records::ChainHead;
use crate::ui::decimals::decimals_of;
use crate::ui::picture::{self, PictureError};

const KIND: FileKind = FileKind {
    class: uids::SECONDARY_CAPTURE_IMAGE_STORAGE,
    word: "capture",
    modality: "OT",
    number: "9701",
    description: "Screening result, not a diagnosis",
};

/// A record as a Secondary Capture.
///
/// # Errors
/// [`DicomError::Image`] if its image cannot be shown.
pub fn capture(data: &ReportData) -> Result<Vec<u8>, DicomError> {
    let picture = under(&drawn(data)?, &lines(data));
    let mut object = begin(data, &KIND);
    let heat = if data.heat.is_some() { "heat map and " } else { "" };
    let comments = format!("{DISCLAIMER} Number and hash of the record: {}", ChainHead::of(&data.record));
    let derivation = format!("Reduced; {heat}result of an automatic screening burnt in");
    for (tag, vr, value) in [
        (tags::CONVERSION_TYPE, VR::CS, "WSD"),
        (tags::IMAGE_TYPE, VR::CS, "DERIVED\\SECONDARY"),
        (tags::PATIENT_ORIENTATION, VR::CS, ""),
        (tags::DERIVATION_DESCRIPTION, VR::ST, derivation.as_str()),
        (tags::IMAGE_COMMENTS, VR::LT, comments.as_str()),
        (tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "RGB"),
    ] {
        object.put(text(tag, vr, value));
    }
    let (columns, rows) = (side(picture.width())?, side(picture.height())?);
    for (tag, value) in [
        (tags::SAMPLES_PER_PIXEL, 3),
        (tags::PLANAR_CONFIGURATION, 0),
        (tags::ROWS, rows),
        (tags::COLUMNS, columns),
        (tags::BITS_ALLOCATED, 8),
        (tags::BITS_STORED, 8),
        (tags::HIGH_BIT, 7),
        (tags::PIXEL_REPRESENTATION, 0),
    ] {
        object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    if let Some(source) = source(&data.identity) {
        object.put(sequence(tags::SOURCE_IMAGE_SEQUENCE, vec![reference(&source)]));
    }
    let mut pixels = picture.into_raw();
    // Values have an even length (PS3.5, section 7.1.1).
    if pixels.len() % 2 == 1 {
        pixels.push(0);
    }
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, PrimitiveValue::U8(pixels.into())));
    file(object)
}

fn side(pixels: u32) -> Result<u16, DicomError> {
    u16::try_from(pixels).map_err(|_| DicomError::Writer("the picture is too large".to_owned()))
}

/// The X-ray with the heat map over it.
fn drawn(data: &ReportData) -> Result<RgbImage, DicomError> {
    let image = data.image.as_ref().map_err(|why| DicomError::Image(why.clone()))?;
    let mut picture = picture::rgb(image)?;
    if let Some(heat) = &data.heat {
        let heat = image::load_from_memory(heat).map_err(|error| PictureError::Encoder(error.to_string()))?;
        let heat: RgbaImage = heat.into_rgba8();
        let fitting =
            imageops::resize(&heat, picture.width(), picture.height(), imageops::FilterType::Triangle);
        for (below, Rgba([r, g, b, alpha])) in picture.pixels_mut().zip(fitting.pixels().copied()) {
            let mix = |under: u8, over: u8| {
                let (under, over, alpha) = (u32::from(under), u32::from(over), u32::from(alpha));
                ((under * (255 - alpha) + over * alpha + 127) / 255) as u8
            };
            below.0 = [mix(below.0[0], r), mix(below.0[1], g), mix(below.0[2], b)];
        }
    }
    Ok(picture)
}

fn lines(data: &ReportData) -> Vec<String> {
    let (record, entry) = (&data.record, &data.record.entry);
    let mut lines = vec!["SCREENING AID, NOT A DIAGNOSIS".to_owned()];
    lines.extend(test(data).map(str::to_owned));
    lines.push(result(&entry.outcome).to_uppercase());
    if let Some(probability) = entry.outcome.probability() {
        let digits = decimals_of(entry, data.abstain(), 3);
        let threshold = entry.threshold;
        lines.push(format!("probability {probability:.digits$}, threshold {threshold:.digits$}"));
        if let Some((low, high)) = data.abstain() {
            lines.push(format!("uncertain from {low:.digits$} to under {high:.digits$}"));
        }
    }
    lines.push(format!("record {}, {}", record.sequence, recorded(record)));
    lines.push(format!("model {}", &entry.model.to_string()[..16]));
    // A line holds 60 characters.
    let hash = record.hash.to_string();
    lines.extend([format!("hash  {}", &hash[..32]), format!("      {}", &hash[32..])]);
    lines
}
