//! USB sticks: pulled half-way, put back, refused. The table of mounts and the devices are
//! files of the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use edge_runtime::inputs::mounts::{Mounter, OtherMounter};
use edge_runtime::inputs::{Input, InputEvent, MediaState, StickInput, StickOptions};

const EVERY: Duration = Duration::from_millis(500);

/// A machine with one port.
struct Machine {
    place: tempfile::TempDir,
    source: StickInput,
    now: Instant,
    mounts: u64,
}

impl Machine {
    fn new(writable: bool) -> Self {
        Machine::with(writable, |_| None)
    }

    /// Something else mounts what the kernel lists below the folder `block`.
    fn mounted_by_others() -> Self {
        Machine::with(false, |place| Some(Box::new(OtherMounter::new(&place.join("usb1/block")))))
    }

    fn with(writable: bool, mounter: impl FnOnce(&Path) -> Option<Box<dyn Mounter>>) -> Self {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::create_dir_all(at("media")).unwrap();
        fs::create_dir_all(at("devices")).unwrap();
        fs::write(at("table"), "").unwrap();
        let options = StickOptions {
            under: vec![at("media")],
            every: EVERY,
            writable,
            table: at("table"),
            devices: at("devices"),
        };
        let source = StickInput::new(options, mounter(place.path()));
        Machine { place, source, now: Instant::now(), mounts: 60 }
    }

    fn point(&self) -> PathBuf {
        self.place.path().join("media/stick")
    }

    fn device(&self) -> PathBuf {
        self.place.path().join("devices/8:1")
    }

    /// Puts a stick with these files in.
    fn plug(&mut self, files: &[(&str, Vec<u8>)], options: &str) {
        for (name, bytes) in files {
            let path = self.point().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        fs::write(self.device(), "").unwrap();
        self.mounts += 1;
        let point = self.point();
        let line =
            format!("{} 27 8:1 / {} {options} - vfat /dev/sda1 {options}\n", self.mounts, point.display());
        fs::write(self.place.path().join("table"), line).unwrap();
    }

    /// The device is gone at once; its file system stays in the table for a moment.
    fn pull(&self) {
        fs::remove_file(self.device()).unwrap();
        fs::remove_dir_all(self.point()).unwrap();
    }

    fn unmount(&self) {
        fs::write(self.place.path().join("table"), "").unwrap();
    }

    fn poll(&mut self) -> InputEvent {
        self.now += EVERY;
        self.source.poll(self.now).unwrap()
    }

    /// Everything until there is nothing more: contents, then the last word.
    fn all(&mut self) -> (Vec<Vec<u8>>, InputEvent) {
        let mut contents = Vec::new();
        loop {
            match self.poll() {
                InputEvent::Image(arrival) => contents.push(arrival.bytes),
                InputEvent::Searching => {}
                other => return (contents, other),
            }
        }
    }
}

fn pgm(level: u8) -> Vec<u8> {
    [b"P5 2 2 255\n".as_slice(), &[level; 4]].concat()
}

#[test]
fn pictures_are_found_by_content_at_any_depth_and_the_rest_is_passed_over() {
    let mut machine = Machine::new(false);
    assert_eq!((machine.poll(), machine.source.media_state()), (InputEvent::Nothing, MediaState::Absent));
    machine.plug(
        &[
            ("DCIM/2026/b.txt", pgm(2)),
            ("a.pgm", pgm(1)),
            ("letter.doc", b"Dear colleague".to_vec()),
            ("autorun.inf", b"[autorun]".to_vec()),
            (".Trashes/old.pgm", pgm(3)),
            ("System Volume Information/x.pgm", pgm(4)),
            ("scan.tiff", b"II*\0".to_vec()),
        ],
        "ro",
    );
    let (contents, last) = machine.all();
    assert_eq!(contents, [pgm(2), pgm(1), b"II*\0".to_vec()]);
    assert_eq!(last, InputEvent::Finished { images: 3, passed_over: 2 });
    assert_eq!(
        (machine.poll(), machine.source.media_state()),
        (InputEvent::Nothing, MediaState::MayBePulled)
    );
    machine.pull();
    assert_eq!(machine.source.media_state(), MediaState::Absent);
    machine.unmount();
    assert_eq!((machine.poll(), machine.source.media_state()), (InputEvent::Nothing, MediaState::Absent));
}

#[test]
fn a_stick_pulled_half_way_gave_whole_files_only_and_gives_all_when_it_returns() {
    let files: Vec<_> =
        (0..6u8).map(|at| (["a", "b", "c", "d", "e", "f"][usize::from(at)], pgm(at))).collect();
    for read_before in 0..6 {
        let mut machine = Machine::new(false);
        machine.plug(&files, "ro");
        for at in 0..read_before {
            let InputEvent::Image(arrival) = machine.poll() else { panic!("no image") };
            assert_eq!(arrival.bytes, pgm(at));
            assert_eq!(machine.source.media_state(), MediaState::InUse);
        }
        machine.pull();
        assert_eq!(machine.poll(), InputEvent::Pulled { images: read_before.into() });
        assert_eq!((machine.poll(), machine.source.media_state()), (InputEvent::Nothing, MediaState::Absent));
        machine.unmount();
        assert_eq!(machine.poll(), InputEvent::Nothing);
        machine.plug(&files, "ro");
        assert_eq!(machine.all().0.len(), 6);
    }
}

#[test]
fn a_stick_that_is_unmounted_half_way_was_pulled() {
    let mut machine = Machine::new(false);
    machine.plug(&[("a", pgm(1)), ("b", pgm(2))], "ro");
    assert!(matches!(machine.poll(), InputEvent::Image(_)));
    machine.unmount();
    assert_eq!(machine.poll(), InputEvent::Pulled { images: 1 });
    assert_eq!((machine.poll(), machine.source.media_state()), (InputEvent::Nothing, MediaState::Absent));
}

#[test]
fn a_stick_that_can_be_written_to_is_refused_unless_told_otherwise() {
    let mut machine = Machine::new(false);
    machine.plug(&[("a", pgm(1))], "rw");
    let InputEvent::Unreadable(refusal) = machine.poll() else { panic!("not refused") };
    assert_eq!(refusal.code, "writable");
    // It was not read, and does not look as if it had been, for as long as it is in.
    assert_eq!(
        (machine.poll(), machine.source.media_state()),
        (InputEvent::Nothing, MediaState::Refused("writable"))
    );
    machine.pull();
    assert_eq!(machine.source.media_state(), MediaState::Absent);
    let mut machine = Machine::new(true);
    machine.plug(&[("a", pgm(1))], "rw");
    assert_eq!(machine.all(), (vec![pgm(1)], InputEvent::Finished { images: 1, passed_over: 0 }));
}

#[test]
fn one_file_that_cannot_be_read_does_not_keep_the_others_from_being_read() {
    let mut machine = Machine::new(false);
    machine.plug(&[("a", pgm(1)), ("c", pgm(3))], "ro");
    let vast = fs::File::create(machine.point().join("b")).unwrap();
    std::io::Write::write_all(&mut &vast, b"P5 9 9 255\n").unwrap();
    vast.set_len(xray_intake::MAX_FILE_BYTES + 1).unwrap();
    let (first, refusal) = machine.all();
    let (second, last) = machine.all();
    assert!(matches!(refusal, InputEvent::Unreadable(refusal) if refusal.code == "file-too-large"));
    assert_eq!((first, second), (vec![pgm(1)], vec![pgm(3)]));
    assert_eq!(last, InputEvent::Finished { images: 2, passed_over: 0 });
    assert_eq!(machine.source.media_state(), MediaState::Refused("file-too-large"));
}

#[test]
fn a_stick_is_not_written_to() {
    let mut machine = Machine::new(false);
    machine.plug(&[("x/a", pgm(1)), ("b.txt", b"text".to_vec())], "ro");
    let look = |root: &Path| {
        let mut all: Vec<_> = walkdir::WalkDir::new(root)
            .into_iter()
            .map(|entry| {
                let entry = entry.unwrap();
                let modified = entry.metadata().unwrap().modified().unwrap();
                let bytes =
                    if entry.file_type().is_file() { fs::read(entry.path()).unwrap() } else { Vec::new() };
                (entry.into_path(), modified, bytes)
            })
            .collect();
        all.sort();
        all
    };
    let before = look(&machine.point());
    machine.all();
    assert_eq!(look(&machine.point()), before);
}

#[test]
fn films_that_a_damaged_file_system_gives_back_empty_are_not_passed_over() {
    let mut machine = Machine::new(false);
    machine.plug(&[("chest.jpg", Vec::new()), ("IM0001", vec![0; 5000]), ("letter.txt", Vec::new())], "ro");
    let (contents, last) = machine.all();
    assert_eq!(contents, [vec![0; 5000], Vec::new()]);
    assert_eq!(last, InputEvent::Finished { images: 2, passed_over: 1 });
}

#[test]
fn a_stick_on_which_nothing_is_an_image_says_so() {
    for files in [&[][..], &[("letter.txt", b"Dear colleague".to_vec())]] {
        let mut machine = Machine::new(false);
        fs::create_dir_all(machine.point()).unwrap();
        machine.plug(files, "ro");
        let (contents, last) = machine.all();
        assert_eq!(contents, Vec::<Vec<u8>>::new());
        let InputEvent::Unreadable(refusal) = last else { panic!("{last:?}") };
        assert_eq!(refusal.code, "no-images");
        assert_eq!(
            (machine.poll(), machine.source.media_state()),
            (InputEvent::Nothing, MediaState::Refused("no-images"))
        );
        machine.pull();
        assert_eq!(machine.source.media_state(), MediaState::Absent);
    }
}

/// Some systems put a partition of their own before the one with the films.
#[test]
fn an_empty_partition_beside_one_with_films_is_none_of_our_business() {
    for (empty, films) in [("8:1", "8:2"), ("8:2", "8:1")] {
        let mut machine = Machine::new(false);
        machine.plug(&[("a", pgm(1))], "ro");
        let own = machine.place.path().join("media/own");
        fs::create_dir_all(&own).unwrap();
        for device in [empty, films] {
            fs::write(machine.place.path().join("devices").join(device), "").unwrap();
        }
        let line = |id, device, point: &Path| {
            format!("{id} 27 {device} / {} ro - vfat /dev/sda ro\n", point.display())
        };
        let table = line(70, empty, &own) + &line(71, films, &machine.point());
        fs::write(machine.place.path().join("table"), table).unwrap();
        let mut images = 0;
        for _ in 0..8 {
            match machine.poll() {
                InputEvent::Image(_) => images += 1,
                InputEvent::Unreadable(refusal) => panic!("{refusal:?}"),
                _ => {}
            }
        }
        assert_eq!((images, machine.source.media_state()), (1, MediaState::MayBePulled));
    }
}

/// The header of a DICOM file of a class, and nothing behind it.
fn dicom(class: &str) -> Vec<u8> {
    let mut class = class.as_bytes().to_vec();
    class.resize(class.len().next_multiple_of(2), 0);
    let length = u16::try_from(class.len()).unwrap().to_le_bytes();
    [&[0; 128][..], b"DICM\x02\0\x02\0UI", &length, &class, b"\x08\0\x16\0"].concat()
}

#[test]
fn what_a_dicom_medium_holds_beside_its_radiographs_is_passed_over() {
    let radiograph = dicom("1.2.840.10008.5.1.4.1.1.1.1");
    let mut machine = Machine::new(false);
    machine.plug(
        &[
            ("DICOMDIR", dicom("1.2.840.10008.1.3.10")),
            ("DICOM/IM0001", radiograph.clone()),
            ("DICOM/PR0001", dicom("1.2.840.10008.5.1.4.1.1.11.1")),
            ("DICOM/SR0001", dicom("1.2.840.10008.5.1.4.1.1.88.22")),
        ],
        "ro",
    );
    assert_eq!(machine.all(), (vec![radiograph], InputEvent::Finished { images: 1, passed_over: 3 }));
    assert_eq!(machine.source.media_state(), MediaState::MayBePulled);
}

/// A disk that the kernel sees, with one partition.
fn plug_disk(machine: &Machine, disk: &str, device: &str) {
    let partition = machine.place.path().join("usb1/block").join(disk).join(format!("{disk}1"));
    fs::create_dir_all(&partition).unwrap();
    fs::write(partition.join("partition"), "1").unwrap();
    fs::write(partition.join("dev"), device).unwrap();
}

#[test]
fn a_stick_that_nothing_mounts_is_told_for_as_long_as_it_is_in() {
    let mut machine = Machine::mounted_by_others();
    assert_eq!((machine.poll(), machine.source.media_state()), (InputEvent::Nothing, MediaState::Absent));
    plug_disk(&machine, "sda", "8:1");
    let mut waited = Duration::ZERO;
    let refusal = loop {
        match machine.poll() {
            InputEvent::Nothing => waited += EVERY,
            InputEvent::Unreadable(refusal) => break refusal,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refusal.code, "stick-unreadable");
    assert!(
        refusal.reason.starts_with("sda1: nothing mounted the stick; format it as FAT32"),
        "{}",
        refusal.reason
    );
    assert!((Duration::from_secs(5)..=Duration::from_secs(10)).contains(&waited), "{waited:?}");
    for _ in 0..50 {
        assert_eq!(machine.poll(), InputEvent::Nothing, "it is told once");
    }
    assert_eq!(machine.source.media_state(), MediaState::Refused("stick-unreadable"));
    fs::remove_dir_all(machine.place.path().join("usb1/block/sda")).unwrap();
    assert_eq!((machine.poll(), machine.source.media_state()), (InputEvent::Nothing, MediaState::Absent));
}

#[test]
fn a_stick_that_is_mounted_or_has_a_partition_that_is_needs_no_words() {
    let mut machine = Machine::mounted_by_others();
    plug_disk(&machine, "sda", "8:3");
    // The partition 8:1 of the same disk.
    machine.plug(&[("a", pgm(1))], "ro");
    assert_eq!(machine.all(), (vec![pgm(1)], InputEvent::Finished { images: 1, passed_over: 0 }));
    for _ in 0..50 {
        assert_eq!(machine.poll(), InputEvent::Nothing);
    }
    assert_eq!(machine.source.media_state(), MediaState::MayBePulled);
}

#[test]
fn a_stick_full_of_junk_is_left_after_so_many_files_and_says_so() {
    let mut machine = Machine::new(false);
    let files: Vec<_> = (0..600).map(|at| (format!("{at:03}.jpg"), vec![0; 10])).collect();
    let files: Vec<_> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    machine.plug(&files, "ro");
    let mut images = 0;
    let refusal = loop {
        match machine.poll() {
            InputEvent::Image(_) => {
                images += 1;
                machine.source.refused();
            }
            InputEvent::Unreadable(refusal) => break refusal,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((images, refusal.code), (501, "too-many-refused"));
    assert_eq!(machine.poll(), InputEvent::Nothing);
    assert_eq!(machine.source.media_state(), MediaState::Refused("too-many-refused"));
}
