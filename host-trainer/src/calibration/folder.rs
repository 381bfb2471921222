//! The labelled images of a place: a folder with the two class folders.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};
use xray_intake::{self as intake, ListingError};

use crate::data::{ClassNames, Item, Split, patient_of};

/// Why the images of a place cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LocalFolderError {
    #[error(
        "{}: no folder {class} in it; give the folder that holds the class folders themselves, such as LOCAL/train, or name \
         other classes with --classes NEGATIVE,POSITIVE", .folder.display()
    )]
    NoClass { folder: PathBuf, class: String },
    #[error("{0}; put labelled X-rays there")]
    Listing(#[from] ListingError),
    #[error("{}: cannot be read: {source}; check its permissions", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error(
        "{} and {} have the same content and different labels; remove the one that is wrong",
        .first.display(), .second.display()
    )]
    Contradiction { first: PathBuf, second: PathBuf },
    #[error("{images} images cannot be drawn: the class {class} has {found}; draw at most {}", 2 * .found)]
    TooFew { images: usize, class: String, found: usize },
}

/// How many images are drawn, half of each class, and by which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    pub images: usize,
    pub seed: u64,
}

/// The images below the class folders of `folder`, ordered by path. Equal content counts once.
///
/// # Errors
/// [`LocalFolderError`]
pub fn local_items(folder: &Path, classes: &ClassNames) -> Result<Vec<Item>, LocalFolderError> {
    let mut files = Vec::new();
    for label in [false, true] {
        let class = classes.name(label);
        let of_class = folder.join(class);
        if !of_class.is_dir() {
            return Err(LocalFolderError::NoClass { folder: folder.to_owned(), class: class.to_owned() });
        }
        files.extend(intake::list_images(&of_class)?.into_iter().map(|path| (path, label)));
    }
    let item = |(path, label): (PathBuf, bool)| -> Result<Item, LocalFolderError> {
        let sha256 = hash_of(&path).map_err(|source| LocalFolderError::Io { path: path.clone(), source })?;
        let relative = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        let patient = patient_of(&relative);
        Ok(Item { path, relative, label, split: Split::Train, patient, source: String::new(), sha256 })
    };
    let items: Vec<Item> = files.into_par_iter().map(item).collect::<Result<_, _>>()?;
    let mut by_content: BTreeMap<String, Item> = BTreeMap::new();
    for item in items {
        match by_content.get(&item.sha256) {
            Some(first) if first.label != item.label => {
                let (first, second) = (first.path.clone(), item.path);
                return Err(LocalFolderError::Contradiction { first, second });
            }
            Some(_) => {}
            None => drop(by_content.insert(item.sha256.clone(), item)),
        }
    }
    let mut items: Vec<Item> = by_content.into_values().collect();
    items.sort_by(|a, b| a.relative.cmp(&b.relative));
    Ok(items)
}

fn hash_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(xray_core::hex(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// Some of the images, half of each class, in the order of the SHA-256 of seed and content.
///
/// # Errors
/// [`LocalFolderError::TooFew`]
pub fn draw(items: Vec<Item>, classes: &ClassNames, draw: Draw) -> Result<Vec<Item>, LocalFolderError> {
    let key = |item: &Item| {
        let mut hash = Sha256::new();
        hash.update(b"local calibration");
        hash.update(draw.seed.to_le_bytes());
        hash.update(&item.sha256);
        <[u8; 32]>::from(hash.finalize())
    };
    let (positive, negative): (Vec<Item>, Vec<Item>) = items.into_iter().partition(|item| item.label);
    let mut drawn = Vec::with_capacity(draw.images);
    for (label, mut class) in [(false, negative), (true, positive)] {
        let wanted = draw.images / 2;
        if class.len() < wanted {
            let class_name = classes.name(label).to_owned();
            return Err(LocalFolderError::TooFew {
                images: draw.images,
                class: class_name,
                found: class.len(),
            });
        }
        class.sort_by_cached_key(key);
        class.truncate(wanted);
        drawn.append(&mut class);
    }
    drawn.sort_by(|a, b| a.relative.cmp(&b.relative));
    Ok(drawn)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn write(folder: &Path, name: &str, content: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    #[test]
    fn class_folders_are_listed_and_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let classes = ClassNames::default();
        let missing = local_items(folder.path(), &classes).unwrap_err().to_string();
        assert!(missing.contains("no folder NORMAL"), "{missing}");
        for n in 0..6 {
            write(folder.path(), &format!("NORMAL/n{n}.png"), &format!("n{n}"));
            write(folder.path(), &format!("PNEUMONIA/deep/person{n}_virus_1.png"), &format!("p{n}"));
        }
        write(folder.path(), "NORMAL/again.png", "n1");
        let items = local_items(folder.path(), &classes).unwrap();
        assert_eq!(items.len(), 12);
        assert_eq!(items[11].patient, "P5");
        assert_eq!(items[11].sha256, xray_core::sha256_hex(b"p5"));
        let by = |seed| draw(items.clone(), &classes, Draw { images: 4, seed }).unwrap();
        assert_eq!(by(1), by(1));
        assert_eq!(by(1).iter().filter(|item| item.label).count(), 2);
        assert!((2..9).any(|seed| by(seed) != by(1)));
        let error = draw(items, &classes, Draw { images: 20, seed: 1 }).unwrap_err().to_string();
        assert!(error.contains("draw at most 12"), "{error}");
        write(folder.path(), "PNEUMONIA/wrong.png", "n2");
        let error = local_items(folder.path(), &classes).unwrap_err().to_string();
        assert!(error.contains("different labels"), "{error}");
    }
}
