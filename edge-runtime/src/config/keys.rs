//! Every key of the configuration: type, default and meaning. The manual page config.toml(5) is written from it.

/// A table of the file and its keys.
pub(super) struct Section {
    /// The header line.
    pub(super) header: &'static str,
    pub(super) meaning: &'static str,
    pub(super) keys: &'static [Key],
}

pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    /// The default as it would be written; none if there is none.
    pub(super) default: Option<&'static str>,
    pub(super) meaning: &'static str,
}

const fn key(
    name: &'static str,
    kind: &'static str,
    default: Option<&'static str>,
    meaning: &'static str,
) -> Key {
    Key { name, kind, default, meaning }
}

pub(super) const SECTIONS: [Section; 8] = [
    Section {
        header: "[model]",
        meaning: "The model that screens.",
        keys: &[
            key("store", "path", Some("\"/var/lib/edge-runtime/models\""), "Folder of the installed models."),
            key(
                "keys",
                "path",
                Some("\"/etc/edge-runtime/keys\""),
                "Folder of the public keys (*.pub) whose signatures are trusted.",
            ),
            key(
                "from_stick",
                "string",
                Some("\"press\""),
                "What becomes of a signed model on a stick: \"never\" leaves it there, \"press\" installs it when the button is \
                 pressed while the lights show that it waits, \"always\" installs it.",
            ),
            key(
                "file",
                "path",
                None,
                "A model file that runs instead of the installed model, without signature, trial and rollback.",
            ),
            key("engine", "string", Some("\"auto\""), "\"auto\", \"fused\" or \"tract\"."),
            key("threads", "integer", None, "Threads for one image. Without it, one for each fast core."),
            key(
                "deadline_s",
                "number of seconds",
                Some("60"),
                "A model that takes longer for an image is a fault: the program ends, and screens the image once more.",
            ),
            key(
                "unchecked",
                "boolean",
                Some("false"),
                "Whether a model without a known answer may run, so that the device cannot test itself.",
            ),
        ],
    },
    Section {
        header: "[record]",
        meaning: "Where records and images are stored.",
        keys: &[
            key("folder", "path", Some("\"/var/lib/edge-runtime/store\""), "Folder of records and images."),
            key(
                "quota_mb",
                "integer, megabytes",
                None,
                "Limit for images. Above it, the oldest images of reported records are deleted; records never are.",
            ),
            key("keep_days", "integer, days", None, "How long images of reported records are kept."),
            key(
                "reserve_mb",
                "integer, megabytes",
                Some("256"),
                "Space that stays free on the disk. Below it nothing is taken in, and a fault is shown.",
            ),
        ],
    },
    Section {
        header: "[lights]",
        meaning: "The lights and the buzzer.",
        keys: &[
            key(
                "board",
                "string",
                None,
                "\"pi3\", \"pi4\", \"pi5\", \"jetson-nano\", \"jetson-orin-nano\", \"sim\", or the path of a board file. \
                 Without it there are no lights.",
            ),
            key(
                "result_s",
                "number of seconds",
                Some("120"),
                "How long a result is shown if no image follows.",
            ),
            key(
                "at_least_s",
                "number of seconds",
                Some("1.5"),
                "How long a result is shown if an image follows.",
            ),
            key(
                "fault_s",
                "number of seconds",
                Some("60"),
                "How long a fault is shown before the program ends.",
            ),
        ],
    },
    Section {
        header: "[log]",
        meaning: "The log on the standard error.",
        keys: &[key("form", "string", Some("\"text\""), "\"text\" or \"json\" (one object a line).")],
    },
    Section {
        header: "[[folder]]",
        meaning: "A watched folder; the section may be repeated. A folder that does not exist is a fault.",
        keys: &[
            key("path", "path", None, "The folder. Required."),
            key(
                "settle_s",
                "number of seconds",
                Some("2"),
                "A file is read when its size and time have not changed for so long.",
            ),
            key("every_s", "number of seconds", Some("1"), "Interval between listings."),
        ],
    },
    Section {
        header: "[stick]",
        meaning: "USB sticks. Without this section they are ignored.",
        keys: &[
            key(
                "under",
                "array of paths",
                Some("[\"/media\", \"/run/media\", \"/mnt\"]"),
                "File systems that are mounted below these folders are sticks.",
            ),
            key(
                "mount_in",
                "path",
                None,
                "Mount sticks read-only in folders below this one; needs the right to mount. Replaces `under`.",
            ),
            key("every_s", "number of seconds", Some("0.5"), "Interval between checks of the mounts."),
            key("writable", "boolean", Some("false"), "Whether a stick that is mounted for writing is read."),
            key(
                "file_systems",
                "array of strings",
                Some("[\"vfat\", \"exfat\"]"),
                "File systems of sticks that are mounted, by the packaged rule for udev or by `mount_in`: \"vfat\", \"exfat\", \
                 \"ext\" (ext2 to ext4), \"ntfs\", \"iso9660\", \"udf\".",
            ),
            key(
                "table",
                "path",
                Some("\"/proc/self/mountinfo\""),
                "The table of mounts; for tests without a stick.",
            ),
            key(
                "devices",
                "path",
                Some("\"/sys/dev/block\""),
                "The kernel's list of block devices; for tests without a stick.",
            ),
        ],
    },
    Section {
        header: "[camera]",
        meaning: "A camera; a press of the button takes a shot. Without this section there is none.",
        keys: &[
            key(
                "kind",
                "string",
                None,
                "\"uvc\" (USB) or \"csi\" (ribbon cable of a Raspberry Pi). Required.",
            ),
            key("device", "path", Some("\"/dev/video0\""), "The device of a USB camera."),
            key(
                "program",
                "path",
                Some("\"/usr/bin/rpicam-still\""),
                "The program that takes the picture of a CSI camera.",
            ),
            key(
                "film",
                "boolean",
                None,
                "Whether the camera photographs films on a light box, which are found, cut out and straightened. \
                 Required.",
            ),
            key(
                "warm_up",
                "integer",
                Some("10"),
                "Frames of a USB camera that are dropped before one is taken.",
            ),
            key("deadline_s", "number of seconds", Some("15"), "A shot that takes longer is given up."),
        ],
    },
    Section {
        header: "[page]",
        meaning: "The web page, with /healthz and /metrics. Without this section there is none.",
        keys: &[
            key(
                "listen",
                "string",
                Some("\"127.0.0.1:8080\""),
                "Address and port. Any other address than this device's own needs a `token_file` and is encrypted.",
            ),
            key(
                "language",
                "string",
                None,
                "\"en\", \"fr\", \"sw\" or \"zh\". Without it, the language that the browser asks for.",
            ),
            key(
                "token_file",
                "path",
                None,
                "File with the access word: 16 to 256 characters, not readable by everybody.",
            ),
            key(
                "certificate",
                "path",
                None,
                "TLS certificate (PEM). Without it, one is made; its fingerprint is in the log.",
            ),
            key("key", "path", None, "Private key of the certificate (PEM)."),
            key(
                "tls_folder",
                "path",
                Some("\"/var/lib/edge-runtime/page\""),
                "Folder of the certificate that is made.",
            ),
        ],
    },
];

#[cfg(test)]
mod tests;
