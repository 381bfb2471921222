//! What operating systems, archives and storage devices leave in folders.

/// Names, in small letters, of files and folders that hold no X-rays of the set.
const NAMES: [&str; 17] = [
    "__macosx",
    "thumbs.db",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "icon\r",
    "$recycle.bin",
    "recycler",
    "system volume information",
    "lost+found",
    "@eadir",
    "@tmp",
    "@recycle",
    "@recently-snapshot",
    "#recycle",
    "#snapshot",
    "lost.dir",
];

/// Ends of names, in small letters, that storage devices add to those of other files.
const ENDS: [&str; 3] = ["@synoeastream", "@synoresource", ":zone.identifier"];

/// Whether a file or folder of this name is no part of a data set: hidden ones, too.
pub(super) fn is_clutter(name: &str) -> bool {
    let small = name.to_lowercase();
    let trash = small.starts_with(".") || small.starts_with("~$");
    trash || NAMES.contains(&small.as_str()) || ENDS.iter().any(|end| small.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clutter_is_known_in_any_case_of_letters() {
        for name in [
            ".DS_Store",
            "._a.png",
            ".ipynb_checkpoints",
            "__MACOSX",
            "Thumbs.db",
            "THUMBS.DB",
            "Desktop.ini",
            "Icon\r",
            "$RECYCLE.BIN",
            "@eaDir",
            "#recycle",
            "a.png@SynoEAStream",
            "System Volume Information",
        ] {
            assert!(is_clutter(name), "{name:?}");
        }
        for name in ["a.png", "readme.txt", "IM-0001-0001.jpeg", "recycle", "thumbs", "#1.png", "@home.dcm"] {
            assert!(!is_clutter(name), "{name:?}");
        }
    }
}
