//! Whether a data set says that it shows a chest from the front, and how it must be turned to stand upright.

use dicom_dictionary_std::tags;

use super::DicomProblem;
use super::data_set::DataSet;
use crate::orientation::Orientation;

/// Sides of a pixel may differ by this share; spacings are rounded.
const MOST_OBLONG: f64 = 0.02;

/// Codes of lateral views in SNOMED CT and RT (PS3.16, CID 4010).
const LATERAL: [&str; 12] = [
    "399067008",
    "R-102CD",
    "399173006",
    "R-10236",
    "399198007",
    "R-10232",
    "399352003",
    "R-10228",
    "399260004",
    "R-10224",
    "30730003",
    "G-A145",
];

/// Codes of oblique and axial views.
const OBLIQUE: [&str; 26] = [
    "399312000",
    "R-10208",
    "399160007",
    "R-10204",
    "399135007",
    "R-10220",
    "399184004",
    "R-10238",
    "399006002",
    "R-10212",
    "399182000",
    "R-102C1",
    "399059000",
    "R-10216",
    "399356000",
    "R-40985",
    "399236003",
    "R-10234",
    "399038007",
    "R-10210",
    "260427002",
    "R-40783",
    "260426006",
    "R-40782",
    "399061009",
    "R-10241",
];

/// Words of Body Part Examined (PS3.16, annex L) whose films show no lungs, and what they name.
const OTHER_PARTS: [(&str, &str); 42] = [
    ("ABDOMEN", "the abdomen"),
    ("ABDOMENPELVIS", "the abdomen"),
    ("PELVIS", "the pelvis"),
    ("HIP", "a hip"),
    ("HAND", "a hand"),
    ("WRIST", "a wrist"),
    ("FINGER", "a finger"),
    ("THUMB", "a thumb"),
    ("FOREARM", "a forearm"),
    ("ELBOW", "an elbow"),
    ("ARM", "an arm"),
    ("HUMERUS", "an arm"),
    ("SHOULDER", "a shoulder"),
    ("CLAVICLE", "a clavicle"),
    ("SCAPULA", "a scapula"),
    ("EXTREMITY", "an extremity"),
    ("UPPERLIMB", "an arm"),
    ("LOWERLIMB", "a leg"),
    ("LEG", "a leg"),
    ("FEMUR", "a thigh"),
    ("THIGH", "a thigh"),
    ("KNEE", "a knee"),
    ("PATELLA", "a knee"),
    ("TIBIAFIBULA", "a lower leg"),
    ("CALF", "a lower leg"),
    ("ANKLE", "an ankle"),
    ("FOOT", "a foot"),
    ("CALCANEUS", "a heel"),
    ("HEEL", "a heel"),
    ("TOE", "a toe"),
    ("SKULL", "the skull"),
    ("HEAD", "the head"),
    ("BRAIN", "the head"),
    ("FACE", "the head"),
    ("JAW", "the jaw"),
    ("MANDIBLE", "the jaw"),
    ("TEETH", "teeth"),
    ("SINUS", "the sinuses"),
    ("NECK", "the neck"),
    ("BREAST", "a breast"),
    ("WHOLEBODY", "the whole body"),
    ("SPINE", "the spine"),
];
/// The same for parts of the spine, which are written with a letter before.
const SPINE: [&str; 6] = ["CSPINE", "TSPINE", "LSPINE", "SSPINE", "TLSPINE", "LSSPINE"];

/// How the picture must be turned to stand upright as seen from the front.
///
/// # Errors
/// [`DicomProblem::OtherView`] and [`DicomProblem::OtherBodyPart`] for what is no frontal chest X-ray by its own words,
/// [`DicomProblem::Invalid`] for pixels that are not square.
pub(super) fn check(set: &DataSet<'_>) -> Result<Orientation, DicomProblem> {
    body_part(set)?;
    view_position(set)?;
    view_code(set)?;
    square(set)?;
    patient_orientation(set)
}

fn body_part(set: &DataSet<'_>) -> Result<(), DicomProblem> {
    let Some(text) = set.lenient_text(tags::BODY_PART_EXAMINED) else { return Ok(()) };
    let word: String =
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    if SPINE.contains(&word.as_str()) {
        return Err(DicomProblem::OtherBodyPart { part: "the spine" });
    }
    match OTHER_PARTS.iter().find(|(part, _)| *part == word) {
        Some((_, part)) => Err(DicomProblem::OtherBodyPart { part }),
        None => Ok(()),
    }
}

/// View Position (0018,5101); PS3.3, section C.8.1.2.
fn view_position(set: &DataSet<'_>) -> Result<(), DicomProblem> {
    let Some(text) = set.lenient_text(tags::VIEW_POSITION) else { return Ok(()) };
    let element = "View Position";
    match text.to_ascii_uppercase().as_str() {
        "LL" | "RL" | "LAT" | "LATERAL" | "L LAT" | "R LAT" | "LLAT" | "RLAT" => {
            Err(DicomProblem::OtherView { view: "a lateral view", element })
        }
        "LLD" | "RLD" => Err(DicomProblem::OtherView { view: "a patient lying on the side", element }),
        "LLO" | "RLO" | "LAO" | "RAO" | "LPO" | "RPO" | "OBL" | "OBLIQUE" => {
            Err(DicomProblem::OtherView { view: "an oblique view", element })
        }
        _ => Ok(()),
    }
}

/// The first item of the View Code Sequence (0054,0220).
fn view_code(set: &DataSet<'_>) -> Result<(), DicomProblem> {
    let Some(item) = &set.view_code else { return Ok(()) };
    let text = |tag| {
        let bytes = item.0.get(&tag).map_or(&[][..], |found| found.bytes);
        String::from_utf8_lossy(&bytes[..bytes.len().min(64)]).trim_matches(['\0', ' ']).to_ascii_lowercase()
    };
    let (code, meaning) = (text(tags::CODE_VALUE), text(tags::CODE_MEANING));
    let is_one_of = |codes: &[&str]| codes.iter().any(|known| known.eq_ignore_ascii_case(&code));
    let element = "View Code Sequence";
    // "Bilateral" is no view from the side.
    if is_one_of(&LATERAL) || (meaning.contains("lateral") && !meaning.contains("bilateral")) {
        return Err(DicomProblem::OtherView { view: "a lateral view", element });
    }
    if is_one_of(&OBLIQUE) || ["oblique", "axial"].iter().any(|word| meaning.contains(word)) {
        return Err(DicomProblem::OtherView { view: "an oblique or axial view", element });
    }
    Ok(())
}

/// Pixel Aspect Ratio (0028,0034), or the spacing of rows and columns.
fn square(set: &DataSet<'_>) -> Result<(), DicomProblem> {
    let pairs = [
        (tags::PIXEL_SPACING, "Pixel Spacing"),
        (tags::IMAGER_PIXEL_SPACING, "Imager Pixel Spacing"),
        (tags::PIXEL_ASPECT_RATIO, "Pixel Aspect Ratio"),
    ];
    for (tag, element) in pairs {
        let Some(text) = set.lenient_text(tag) else { continue };
        let mut sides = text.split('\\').map(|side| side.trim_matches([' ', '\0']).parse::<f64>());
        let (Some(Ok(down)), Some(Ok(across))) = (sides.next(), sides.next()) else { continue };
        let usable = down > 0.0 && across > 0.0 && down.is_finite() && across.is_finite();
        if usable && (down / across - 1.0).abs() > MOST_OBLONG {
            let reason = "its pixels are not square, so that the chest would be squashed or stretched";
            return Err(DicomProblem::Invalid { element, reason });
        }
    }
    Ok(())
}

/// Patient Orientation (0020,0020): where the rows and where the columns run to; PS3.3, section C.7.6.1.1.1. The first
/// letter of each is the main direction. On a frontal film the patient's left is on the right of the picture.
fn patient_orientation(set: &DataSet<'_>) -> Result<Orientation, DicomProblem> {
    let Some(text) = set.lenient_text(tags::PATIENT_ORIENTATION) else {
        return Ok(Orientation::UPRIGHT);
    };
    let mut letters = text.split('\\').map(|part| part.trim().bytes().next().unwrap_or(b' '));
    let (rows, columns) = (letters.next().unwrap_or(b' '), letters.next().unwrap_or(b' '));
    let element = "Patient Orientation";
    let frontal = |transposed, across, down| {
        let orientation = Orientation { transposed, mirrored: across == b'R', upside_down: down == b'H' };
        Ok(orientation)
    };
    match (rows, columns) {
        (b'L' | b'R', b'F' | b'H') => frontal(false, rows, columns),
        (b'F' | b'H', b'L' | b'R') => frontal(true, columns, rows),
        (b'A' | b'P', b'F' | b'H') | (b'F' | b'H', b'A' | b'P') => {
            Err(DicomProblem::OtherView { view: "a lateral view", element })
        }
        (b'A' | b'P', b'L' | b'R') | (b'L' | b'R', b'A' | b'P') => {
            Err(DicomProblem::OtherView { view: "a view from above or below", element })
        }
        _ => Ok(Orientation::UPRIGHT),
    }
}
