//! The official weight files: names, download, import.

use sha2::{Digest, Sha256};

use super::download::download;
use super::import::{MAX_FILE_BYTES, import_bytes, read_bounded};
use super::{WeightSet, WeightStore, WeightsError};
use crate::architectures::BackboneKind;

/// Where torchvision's files lie.
pub const DEFAULT_BASE_URL: &str = "https://download.pytorch.org/models";

/// Environment variable with another base URL, such as a mirror inside a hospital's network.
pub const BASE_URL_VARIABLE: &str = "XRAY_EDGE_WEIGHTS_URL";

/// A file that can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its name. torchvision puts the first eight hexadecimal digits of the SHA-256 between the last `-` and the `.`.
    pub name: String,
    /// Its whole SHA-256 (hexadecimal); without it, it is not fetched.
    pub sha256: Option<String>,
    pub backbone: BackboneKind,
    /// Whether it is fetched when only the net is named.
    pub default: bool,
}

/// The files of torchvision for the nets here. Of MobileNetV2 there are two: `7ebf99e0` (`IMAGENET1K_V2`,
/// 72.15% top-1) is fetched unless `b0353104` (`IMAGENET1K_V1`, 71.88%) is asked for. DenseNet121 is not in the
/// usual stack and fetched by name only. Figures:
/// torchvision, "Table of all available classification weights". torchvision publishes no whole SHA-256, and no copy was at
/// hand to take one from: who fetches a file gives it ([`WeightsError::NoHash`]).
pub fn official_files() -> Vec<RemoteFile> {
    [
        ("densenet169-b2777c0a.pth", BackboneKind::DenseNet169, true),
        ("mobilenet_v2-7ebf99e0.pth", BackboneKind::MobilenetV2, true),
        ("mobilenet_v2-b0353104.pth", BackboneKind::MobilenetV2, false),
        ("densenet121-a639ec97.pth", BackboneKind::DenseNet121, true),
    ]
    .into_iter()
    .map(|(name, backbone, default)| RemoteFile { name: name.to_owned(), sha256: None, backbone, default })
    .collect()
}

/// Those of `files` that are meant by `names`: a file's name with or without its ending, or a net's name,
/// which means its default file. Without names, the default file of every net of the usual stack.
///
/// # Errors
/// [`WeightsError::UnknownFile`] for a name that is none of these.
pub fn select<'a>(files: &'a [RemoteFile], names: &[String]) -> Result<Vec<&'a RemoteFile>, WeightsError> {
    if names.is_empty() {
        let usual = |file: &&RemoteFile| file.default && BackboneKind::DEFAULT_STACK.contains(&file.backbone);
        return Ok(files.iter().filter(usual).collect());
    }
    let meant = |file: &RemoteFile, name: &str| {
        file.name == name
            || file.name.rsplit_once('.').is_some_and(|(stem, _)| stem == name)
            || (file.default && file.backbone.name() == name)
    };
    names
        .iter()
        .map(|name| {
            files.iter().find(|file| meant(file, name)).ok_or_else(|| WeightsError::UnknownFile {
                name: name.clone(),
                known: files.iter().map(|file| file.name.clone()).collect(),
            })
        })
        .collect()
}

/// Downloads one file, checks it against its whole SHA-256, imports those same bytes and keeps them in the store. What has
/// come of an interrupted download stays in the store's folder as `NAME.part` and is not downloaded again. `progress` gets
/// the number of bytes so far and, once known, in all. The hash says what the file is, so plain HTTP is as good as HTTPS.
///
/// # Errors
/// [`WeightsError::NoHash`], [`WeightsError::OtherHash`], [`WeightsError::Download`], [`WeightsError::Checksum`] (the
/// download is then deleted), [`WeightsError::TooLarge`], and those of [`import`](super::import()) and
/// [`WeightStore::save`].
pub fn fetch(
    base_url: &str,
    file: &RemoteFile,
    store: &WeightStore,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<WeightSet, WeightsError> {
    let url = format!("{}/{}", base_url.trim_end_matches('/'), file.name);
    let expected = whole_hash(file)?;
    let dir = store.dir();
    std::fs::create_dir_all(dir).map_err(|e| WeightsError::io("make", dir, &e))?;
    let part = dir.join(format!("{}.part", file.name));
    download(&url, &part, MAX_FILE_BYTES, progress)?;
    let remove = || std::fs::remove_file(&part).map_err(|e| WeightsError::io("delete", &part, &e));
    let bytes = read_bounded(&part)?;
    let got = xray_core::hex(&Sha256::digest(&bytes));
    if got != expected {
        remove()?;
        return Err(WeightsError::Checksum { url, expected, got });
    }
    // Its own name is kept as the provenance.
    let set = import_bytes(&dir.join(&file.name), &bytes, file.backbone)?;
    store.save(&set)?;
    remove()?;
    Ok(set)
}

/// The whole SHA-256 of a file, in small letters; it must agree with what the name promises.
fn whole_hash(file: &RemoteFile) -> Result<String, WeightsError> {
    let (name, backbone) = (file.name.clone(), file.backbone.name().to_owned());
    let Some(given) = &file.sha256 else { return Err(WeightsError::NoHash { name, backbone }) };
    let digits = promised_digits(&name).unwrap_or_default();
    let small = given.to_ascii_lowercase();
    if small.len() == 64 && small.bytes().all(|b| b.is_ascii_hexdigit()) && small.starts_with(digits) {
        return Ok(small);
    }
    Err(WeightsError::OtherHash { digits: digits.to_owned(), given: given.clone(), name })
}

/// `b2777c0a` of `densenet169-b2777c0a.pth`.
fn promised_digits(name: &str) -> Option<&str> {
    let (_, rest) = name.rsplit_once('-')?;
    let (digits, _) = rest.split_once('.')?;
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    (digits.len() == 8 && digits.bytes().all(hex)).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_files() {
        let files = official_files();
        let names = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|s| (*s).to_owned()).collect();
            select(&files, &wanted).map(|f| f.into_iter().map(|f| f.name.clone()).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]).unwrap(), ["densenet169-b2777c0a.pth", "mobilenet_v2-7ebf99e0.pth"]);
        assert_eq!(names(&["mobilenet-v2"]).unwrap(), ["mobilenet_v2-7ebf99e0.pth"]);
        assert_eq!(names(&["mobilenet_v2-b0353104"]).unwrap(), ["mobilenet_v2-b0353104.pth"]);
        assert!(matches!(names(&["resnet"]), Err(WeightsError::UnknownFile { .. })));
        assert!(files.iter().all(|file| promised_digits(&file.name).is_some()));
        assert_eq!(promised_digits("densenet169.pth"), None);
    }
}
