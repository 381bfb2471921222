//! Which file systems of sticks are mounted, and how. The kernel's code for a file system reads what a stranger wrote on the
//! stick, so that only the two that sticks are sold with are mounted unless the configuration names others.

use serde::Deserialize;

/// A file system that can be mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileSystem {
    Vfat,
    Exfat,
    /// ext2, ext3 and ext4.
    Ext,
    Ntfs,
    Iso9660,
    Udf,
}

impl FileSystem {
    pub const ALL: [FileSystem; 6] = [
        FileSystem::Vfat,
        FileSystem::Exfat,
        FileSystem::Ext,
        FileSystem::Ntfs,
        FileSystem::Iso9660,
        FileSystem::Udf,
    ];
    /// Those that are mounted where the configuration names none.
    pub const DEFAULT: [FileSystem; 2] = [FileSystem::Vfat, FileSystem::Exfat];

    /// The file system that udev calls so (`ID_FS_TYPE`).
    pub fn of_udev(name: &str) -> Option<FileSystem> {
        let is = |file_system: &FileSystem| match file_system {
            FileSystem::Vfat => name == "vfat",
            FileSystem::Exfat => name == "exfat",
            FileSystem::Ext => matches!(name, "ext2" | "ext3" | "ext4"),
            FileSystem::Ntfs => name == "ntfs",
            FileSystem::Iso9660 => name == "iso9660",
            FileSystem::Udf => name == "udf",
        };
        FileSystem::ALL.into_iter().find(is)
    }

    /// What the kernel calls it.
    pub fn kernel_name(self) -> &'static str {
        match self {
            FileSystem::Vfat => "vfat",
            FileSystem::Exfat => "exfat",
            FileSystem::Ext => "ext4",
            FileSystem::Ntfs => "ntfs3",
            FileSystem::Iso9660 => "iso9660",
            FileSystem::Udf => "udf",
        }
    }

    /// Its own mount options. Nothing is written, not even a journal; what is damaged neither stops the system nor takes the
    /// stick away, whatever the stick itself asks for.
    pub fn options(self) -> &'static str {
        match self {
            FileSystem::Vfat | FileSystem::Exfat => "errors=continue,umask=0222",
            FileSystem::Ext => "errors=continue,noload",
            FileSystem::Ntfs | FileSystem::Udf => "umask=0222",
            FileSystem::Iso9660 => "mode=0444,dmode=0555",
        }
    }

    /// All options for systemd-mount and mount(8).
    pub fn all_options(self) -> String {
        format!("ro,nosuid,nodev,noexec,{}", self.options())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_system_is_mounted_so_that_nothing_is_written_or_run() {
        for file_system in FileSystem::ALL {
            let options = file_system.all_options();
            assert!(options.starts_with("ro,nosuid,nodev,noexec,"), "{options}");
            let may_stop = [FileSystem::Vfat, FileSystem::Exfat, FileSystem::Ext].contains(&file_system);
            assert_eq!(options.contains("errors=continue"), may_stop, "{options}");
        }
        assert!(FileSystem::Ext.all_options().contains("noload"));
    }

    #[test]
    fn what_udev_says_is_understood() {
        for (name, file_system) in [
            ("vfat", Some(FileSystem::Vfat)),
            ("exfat", Some(FileSystem::Exfat)),
            ("ext2", Some(FileSystem::Ext)),
            ("ext4", Some(FileSystem::Ext)),
            ("ntfs", Some(FileSystem::Ntfs)),
            ("iso9660", Some(FileSystem::Iso9660)),
            ("udf", Some(FileSystem::Udf)),
            ("btrfs", None),
            ("", None),
        ] {
            assert_eq!(FileSystem::of_udev(name), file_system, "{name}");
        }
    }
}
