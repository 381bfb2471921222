//! Whether a data set is a radiograph at all.

use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::DicomProblem;
use super::data_set::DataSet;

/// What a SOP Class UID stands for (PS3.6, table A-1), as far as it matters here.
enum SopClass {
    Radiograph,
    SecondaryCapture,
    ForProcessing,
    Other(&'static str),
}

/// Lets through computed and digital radiography for presentation, and secondary captures whose modality is one that
/// radiographs come under.
///
/// # Errors
/// [`DicomProblem::NotARadiograph`], [`DicomProblem::ForProcessing`], or what is wrong with the elements that tell.
pub(super) fn check(set: &DataSet<'_>) -> Result<(), DicomProblem> {
    let element = "SOP Class UID";
    let class = set.text(tags::SOP_CLASS_UID, VR::UI, element)?.ok_or(DicomProblem::Missing { element })?;
    let modality = set.text(tags::MODALITY, VR::CS, "Modality")?;
    match sop_class(class) {
        SopClass::Other(what) => return Err(DicomProblem::NotARadiograph { what }),
        SopClass::ForProcessing => return Err(DicomProblem::ForProcessing),
        SopClass::SecondaryCapture if modality.is_none() => {
            return Err(DicomProblem::Missing { element: "Modality" });
        }
        SopClass::SecondaryCapture | SopClass::Radiograph => {}
    }
    if let Some(what) = modality.and_then(other_modality) {
        return Err(DicomProblem::NotARadiograph { what });
    }
    let intent = set.text(tags::PRESENTATION_INTENT_TYPE, VR::CS, "Presentation Intent Type")?;
    if intent == Some("FOR PROCESSING") {
        return Err(DicomProblem::ForProcessing);
    }
    Ok(())
}

fn sop_class(uid: &str) -> SopClass {
    const STORAGE: &str = "1.2.840.10008.5.1.4.1.1.";
    match uid.strip_prefix(STORAGE) {
        Some("1" | "1.1") => SopClass::Radiograph,
        Some("1.1.1") => SopClass::ForProcessing,
        // The multi-frame forms may hold a single frame.
        Some("7" | "7.1" | "7.2" | "7.3" | "7.4") => SopClass::SecondaryCapture,
        Some("1.2" | "1.2.1") => SopClass::Other("a mammogram"),
        Some("1.3" | "1.3.1") => SopClass::Other("an intra-oral image"),
        Some("2" | "2.1" | "2.2") => SopClass::Other("a CT image"),
        Some("4" | "4.1" | "4.3" | "4.4") => SopClass::Other("an MR image"),
        Some("3.1" | "6.1" | "6.2") => SopClass::Other("an ultrasound image"),
        Some("12.1" | "12.1.1" | "12.2" | "12.2.1") => SopClass::Other("fluoroscopy or angiography"),
        Some("20" | "128" | "130") => SopClass::Other("a nuclear medicine image"),
        Some(other) if other.starts_with("88.") => SopClass::Other("a structured report"),
        Some(other) if other.starts_with("104.") => SopClass::Other("a document"),
        Some(other) if other.starts_with("11.") => SopClass::Other("a presentation state without an image"),
        Some(other) if other.starts_with("77.1.") => SopClass::Other("a photograph"),
        Some(_) => SopClass::Other("another kind of object"),
        None if uid == "1.2.840.10008.1.3.10" => SopClass::Other("a directory of other files (DICOMDIR)"),
        None => SopClass::Other("another kind of object"),
    }
}

/// What a Modality (PS3.3, section C.7.3.1.1.1) is, unless radiographs come under it.
fn other_modality(modality: &str) -> Option<&'static str> {
    match modality {
        // RG is digitised film; OT and SC is what many programs write into a secondary capture.
        // DR, RX and XR are no words of the standard, and whole countries write them.
        "CR" | "DX" | "RG" | "OT" | "SC" | "DR" | "RX" | "XR" => None,
        "CT" => Some("a CT image"),
        "MR" => Some("an MR image"),
        "US" => Some("an ultrasound image"),
        "MG" => Some("a mammogram"),
        "IO" | "PX" => Some("a dental image"),
        "NM" | "PT" => Some("a nuclear medicine image"),
        "XA" | "RF" => Some("fluoroscopy or angiography"),
        "XC" | "ES" | "GM" | "SM" | "OP" => Some("a photograph"),
        "SR" | "DOC" => Some("a report"),
        _ => Some("an image of another modality"),
    }
}
