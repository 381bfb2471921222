//! Why a DICOM file was refused. A problem holds nothing that could name a patient: no value of an element
//! is repeated, only what it was understood as.

/// What a DICOM file is that keeps it from being read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DicomProblem {
    /// Neither computed nor digital radiography nor a secondary capture of one.
    #[error(
        "the DICOM file holds {what}, not a radiograph (CR, DX and secondary captures of them are read); \
         choose the chest X-ray of the study"
    )]
    NotARadiograph {
        /// What it holds, in words.
        what: &'static str,
    },
    /// What the detector gave, before the maker's processing: no reader is meant to see it.
    #[error("the DICOM file holds raw detector data (for processing); export the image for presentation")]
    ForProcessing,
    /// A view that no model here was made for.
    #[error(
        "{element} of the DICOM file says that it shows {view}; frontal chest X-rays (PA or AP) are read: choose the \
         frontal image of the study"
    )]
    OtherView {
        /// What it shows, in words.
        view: &'static str,
        /// The element that says so.
        element: &'static str,
    },
    /// Not the chest.
    #[error(
        "Body Part Examined of the DICOM file says that it shows {part}; chest X-rays are read: choose the chest X-ray of \
         the study, or have the element corrected if it is one"
    )]
    OtherBodyPart {
        /// What it shows, in words.
        part: &'static str,
    },
    /// More than one image.
    #[error("the DICOM file holds {frames} images, one is read; export the chest X-ray alone")]
    Frames {
        /// Number of Frames (0028,0008).
        frames: u32,
    },
    /// An element without which no pixel can be shown.
    #[error("the DICOM file lacks {element}; export it again from where it was made")]
    Missing {
        /// The element's name.
        element: &'static str,
    },
    /// An element whose value cannot be used.
    #[error("{element} of the DICOM file cannot be used: {reason}; export it again from where it was made")]
    Invalid {
        /// The element's name.
        element: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The pixels are coded in a way that is not read.
    #[error(
        "the pixels of the DICOM file are coded as {name}, which is not read; export it without compression"
    )]
    Coding {
        /// Name of the coding.
        name: &'static str,
    },
    /// The layout of bits in a pixel is not read.
    #[error(
        "pixels of {stored} bits in {allocated}, highest bit {high}, are not read (8 to 16 in 8 or 16 are); \
         export it as 8 or 16 bits"
    )]
    Bits {
        /// Bits Allocated (0028,0100).
        allocated: u16,
        /// Bits Stored (0028,0101).
        stored: u16,
        /// High Bit (0028,0102).
        high: u16,
    },
    /// The form of grey or colour is not read.
    #[error("the pixels of the DICOM file are {name}, which is not read; export it as grey (MONOCHROME2)")]
    Photometric {
        /// Name of the form.
        name: &'static str,
    },
}

impl DicomProblem {
    /// A fixed word for machines, the same in every release.
    pub fn code(&self) -> &'static str {
        match self {
            DicomProblem::NotARadiograph { .. } => "dicom-not-a-radiograph",
            DicomProblem::ForProcessing => "dicom-for-processing",
            DicomProblem::OtherView { .. } => "dicom-other-view",
            DicomProblem::OtherBodyPart { .. } => "dicom-other-body-part",
            DicomProblem::Frames { .. } => "dicom-frames",
            DicomProblem::Missing { .. } => "dicom-missing",
            DicomProblem::Invalid { .. } => "dicom-invalid",
            DicomProblem::Coding { .. } => "dicom-coding",
            DicomProblem::Bits { .. } => "dicom-bits",
            DicomProblem::Photometric { .. } => "dicom-photometric",
        }
    }
}
