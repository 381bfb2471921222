//! Views of an image as the audit changes it.

use std::path::PathBuf;

use xray_core::preprocess::{Preprocessing, at_input_size};
use xray_intake::Radiograph;

use super::ViewError;
use crate::audit::{Partners, Transform, audit_rng};
use crate::data::Item;
use crate::decoding;

/// Raised whenever a change of the audit gives other pixels than before.
const FORMAT: u32 = 1;

/// An image under one change of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedView {
    transform: Transform,
    seed: u64,
    /// The image that lends its frame, where one does.
    partner: Option<Partner>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Partner {
    file: PathBuf,
    /// SHA-256 of its content (hex).
    sha256: String,
}

impl AuditedView {
    /// Image number `at` of `items` under a change; none if no other image can lend it a frame. `partners` are those of
    /// the labels of `items`.
    pub fn new(
        transform: Transform,
        seed: u64,
        items: &[&Item],
        partners: &Partners,
        at: usize,
    ) -> Option<AuditedView> {
        let item = items.get(at)?;
        let partner = match transform.partner_label(item.label) {
            Some(label) => {
                let lender = partners.draw(label, at, &mut audit_rng(seed, &item.sha256, transform))?;
                let lender = items.get(lender)?;
                Some(Partner { file: lender.path.clone(), sha256: lender.sha256.clone() })
            }
            None => None,
        };
        Some(AuditedView { transform, seed, partner })
    }

    /// The name in caches.
    pub(super) fn name(&self) -> String {
        let AuditedView { transform, seed, partner } = self;
        // 64 bits of the hash distinguish the images of any data set.
        let hash = partner.as_ref().and_then(|partner| partner.sha256.get(..16));
        format!("audit{FORMAT}-{}-{seed}-{}", transform.name(), hash.unwrap_or("alone"))
    }

    /// The changed image at the input size; `sha256` is that of the file of `image`.
    ///
    /// # Errors
    /// [`ViewError`] if an image cannot be brought to the input size or the partner cannot be read.
    pub(super) fn apply(
        &self,
        image: &Radiograph,
        sha256: &str,
        contract: &Preprocessing,
    ) -> Result<Radiograph, ViewError> {
        let lent = |partner: &Partner| -> Result<Radiograph, ViewError> {
            let image =
                decoding::read_file(&partner.file).map_err(|error| ViewError::Donor(error.to_string()))?;
            Ok(at_input_size(&image, contract)?)
        };
        let partner = self.partner.as_ref().map(lent).transpose()?;
        // A change draws either a partner or pixels: the generator need not go on where the partner was drawn.
        let mut rng = audit_rng(self.seed, sha256, self.transform);
        Ok(self.transform.apply(&at_input_size(image, contract)?, partner.as_ref(), &mut rng))
    }
}
