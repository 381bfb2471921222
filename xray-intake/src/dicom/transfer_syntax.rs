//! Transfer syntaxes: how the elements and the pixels of a file are written (PS3.5, annex A; PS3.6, table A-1).

use super::DicomProblem;

/// How elements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ElementEncoding {
    /// Without value representations, little endian.
    ImplicitLittle,
    /// With value representations, little endian.
    ExplicitLittle,
    /// With value representations, big endian (retired in 2006, still in archives).
    ExplicitBig,
}

/// How pixels are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PixelEncoding {
    /// Not at all.
    Native,
    /// Runs of bytes (PS3.5, annex G).
    Rle,
    /// JPEG, processes 1 and 2 (baseline and sequential).
    JpegSequential,
    /// JPEG, process 14 (lossless).
    JpegLossless,
    /// JPEG 2000, lossless or not.
    Jpeg2000,
}

/// A transfer syntax that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TransferSyntax {
    pub elements: ElementEncoding,
    pub coding: PixelEncoding,
    /// Whether everything after the file's meta information is deflated (RFC 1951).
    pub deflated: bool,
}

impl TransferSyntax {
    /// The syntax of a Transfer Syntax UID.
    pub fn of(uid: &str) -> Result<Self, DicomProblem> {
        let plain =
            |elements| Ok(TransferSyntax { elements, coding: PixelEncoding::Native, deflated: false });
        let coded = |coding| {
            Ok(TransferSyntax { elements: ElementEncoding::ExplicitLittle, coding, deflated: false })
        };
        let other = |name| Err(DicomProblem::Coding { name });
        match uid {
            "1.2.840.10008.1.2" => plain(ElementEncoding::ImplicitLittle),
            "1.2.840.10008.1.2.1" => plain(ElementEncoding::ExplicitLittle),
            "1.2.840.10008.1.2.2" => plain(ElementEncoding::ExplicitBig),
            "1.2.840.10008.1.2.1.99" => Ok(TransferSyntax {
                elements: ElementEncoding::ExplicitLittle,
                coding: PixelEncoding::Native,
                deflated: true,
            }),
            "1.2.840.10008.1.2.5" => coded(PixelEncoding::Rle),
            "1.2.840.10008.1.2.4.50" | "1.2.840.10008.1.2.4.51" => coded(PixelEncoding::JpegSequential),
            "1.2.840.10008.1.2.4.57" | "1.2.840.10008.1.2.4.70" => coded(PixelEncoding::JpegLossless),
            "1.2.840.10008.1.2.4.90" | "1.2.840.10008.1.2.4.91" => coded(PixelEncoding::Jpeg2000),
            "1.2.840.10008.1.2.4.52"
            | "1.2.840.10008.1.2.4.54"
            | "1.2.840.10008.1.2.4.56"
            | "1.2.840.10008.1.2.4.61"
            | "1.2.840.10008.1.2.4.63" => other("JPEG with arithmetic coding"),
            "1.2.840.10008.1.2.4.53" | "1.2.840.10008.1.2.4.55" => other("progressive JPEG"),
            "1.2.840.10008.1.2.4.58" => other("lossless JPEG with arithmetic coding"),
            "1.2.840.10008.1.2.4.59"
            | "1.2.840.10008.1.2.4.60"
            | "1.2.840.10008.1.2.4.62"
            | "1.2.840.10008.1.2.4.64"
            | "1.2.840.10008.1.2.4.65"
            | "1.2.840.10008.1.2.4.66" => other("hierarchical JPEG"),
            "1.2.840.10008.1.2.4.80" | "1.2.840.10008.1.2.4.81" => other("JPEG-LS"),
            "1.2.840.10008.1.2.4.92" | "1.2.840.10008.1.2.4.93" => other("multi-component JPEG 2000"),
            "1.2.840.10008.1.2.4.110" | "1.2.840.10008.1.2.4.111" | "1.2.840.10008.1.2.4.112" => {
                other("JPEG XL")
            }
            "1.2.840.10008.1.2.4.201" | "1.2.840.10008.1.2.4.202" | "1.2.840.10008.1.2.4.203" => {
                other("high-throughput JPEG 2000")
            }
            "1.2.840.10008.1.2.4.100"
            | "1.2.840.10008.1.2.4.101"
            | "1.2.840.10008.1.2.4.102"
            | "1.2.840.10008.1.2.4.103"
            | "1.2.840.10008.1.2.4.107"
            | "1.2.840.10008.1.2.4.108" => other("video"),
            _ => other("an unknown transfer syntax"),
        }
    }
}
