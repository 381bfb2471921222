use super::*;
use crate::data::{DataSet, DataSource};

/// A folder with these files, each with its name as content, and a table.
fn folder(files: &[&str], table: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join("images").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file).unwrap();
    }
    std::fs::create_dir_all(folder.path().join("images")).unwrap();
    std::fs::write(folder.path().join("table.csv"), table).unwrap();
    folder
}

fn read(folder: &tempfile::TempDir, preset: TablePreset, uncertain: Uncertain) -> Result<Listed, DataError> {
    let table = Table { preset, uncertain, ..Table::new(folder.path().join("table.csv")) };
    table.items(&folder.path().join("images"), &ClassNames::default(), None)
}

/// Image, label and patient of each item.
fn told(listed: &Listed) -> Vec<(&str, bool, &str)> {
    listed.items.iter().map(|item| (item.relative.as_str(), item.label, item.patient.as_str())).collect()
}

/// Count and first name of each note.
fn notes(listed: &Listed) -> Vec<(usize, &str)> {
    listed.notes.iter().map(|note| (note.count, note.first[0].as_str())).collect()
}

#[test]
fn a_table_of_ones_own_is_read() {
    let files = ["a/1.png", "a/2.png", "b/3.png", "b/4.png"];
    let text = "image,label,patient,split,subgroup,source,remark\n\
                a/1.png,NORMAL,p1,train,ward,x,\n\
                a\\2.png,1,p2,val,,x,\n\
                3.png,pneumonia,,test,,y,\"a, b\"\n\
                4,uncertain,p4,,,y,\n";
    let folder = folder(&files, text);
    let listed = read(&folder, TablePreset::Own, Uncertain::LeaveOut).unwrap();
    assert_eq!(
        told(&listed),
        [("3.png", true, "file:3.png"), ("a/1.png", false, "p1"), ("a/2.png", true, "p2")]
    );
    let splits: Vec<Split> = listed.items.iter().map(|item| item.split).collect();
    assert_eq!(splits, [Split::Test, Split::Train, Split::Val]);
    assert_eq!(notes(&listed), [(1, "4")]);
    assert!(listed.items[0].path.ends_with("b/3.png"));
    for (rule, label) in [(Uncertain::Negative, false), (Uncertain::Positive, true)] {
        let listed = read(&folder, TablePreset::Own, rule).unwrap();
        assert_eq!(told(&listed)[1], ("4", label, "p4"));
    }
    let table = Table::new(folder.path().join("table.csv"));
    assert_eq!(table.sources().unwrap(), ["x", "y"]);
    let of_y = Table { source: Some("y".to_owned()), ..table };
    let listed = of_y.items(&folder.path().join("images"), &ClassNames::default(), None).unwrap();
    assert_eq!(told(&listed), [("3.png", true, "file:3.png")]);
}

#[test]
fn what_is_wrong_in_a_table_is_named_with_its_line() {
    let files = ["1.png", "2.png", "a/3.png", "b/3.png"];
    for (text, expected) in [
        ("image,label\n1.png,NORMAL\n9.png,NORMAL\n", "line 3: there is no image 9.png"),
        ("image,label\n1.png,ill\n", "line 2: unknown label \"ill\"; use NORMAL or PNEUMONIA"),
        ("image,label,split\n1.png,0,dev\n", "line 2: unknown split \"dev\""),
        ("image,label\n1.png,0\n1.png,1\n", "line 3: 1.png is listed in line 2 already"),
        ("image,label\n../1.png,0\n", "line 2: \"../1.png\" is no path below"),
        ("image,label\n/etc/passwd,0\n", "line 2: \"/etc/passwd\" is no path below"),
        ("image,label\n3.png,0\n", "line 2: 3.png is the name of several files (a/3.png, b/3.png)"),
        ("image,label\n,0\n", "line 2: no image"),
        ("Image,label\n1.png,0\n", "small letters"),
        ("image;label\n1.png;0\n", "semicolons"),
        ("image,label\n", "lists no images"),
        ("image,label,source\n1.png,0,x\n2.png,1,\n", "some lines name a source"),
        (
            "image,label,patient,split\n1.png,0,p,train\n2.png,1,p,val\n",
            "patient p has images in train and val",
        ),
    ] {
        let error =
            read(&folder(&files, text), TablePreset::Own, Uncertain::LeaveOut).err().unwrap().to_string();
        assert!(error.contains("table.csv") && error.contains(expected), "{error}\nlacks: {expected}");
    }
}

#[test]
fn a_table_without_splits_is_divided_by_patient() {
    let names: Vec<String> = (0..40).map(|at| format!("{at}.png")).collect();
    let files: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut text = "image,label,patient\n".to_owned();
    for (at, name) in files.iter().enumerate() {
        text += &format!("{name},{},p{}\n", at / 2 % 2, at / 2);
    }
    let folder = folder(&files, &text);
    let source = DataSource {
        table: Some(Table::new(folder.path().join("table.csv"))),
        ..DataSource::new(folder.path().join("images"))
    };
    let set = DataSet::load_source(&source, &ClassNames::default(), 1).unwrap();
    // Ten patients of each class with two images: one patient of each is kept.
    assert_eq!((set.train.len(), set.validation.len(), set.test.len()), (36, 4, 0));
    assert!(set.notes.is_empty(), "{:?}", set.notes);
}

/// Columns and values as the data sets are published.
#[test]
fn public_tables_are_read() {
    let nih = folder(
        &[
            "images_001/images/00000001_000.png",
            "images_001/images/00000002_000.png",
            "images_002/images/00000003_001.png",
        ],
        "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],\n\
         00000001_000.png,Cardiomegaly|Pneumonia,0,1,57,M,PA,2682,2749,0.143,0.143,\n\
         00000002_000.png,No Finding,0,2,80,M,PA,2500,2048,0.171,0.171,\n\
         00000003_001.png,Hernia,0,3,74,F,PA,2500,2048,0.168,0.168,\n\
         00000004_000.png,No Finding,0,4,74,F,PA,2500,2048,0.168,0.168,\n",
    );
    let listed = read(&nih, TablePreset::Nih, Uncertain::LeaveOut).unwrap();
    assert_eq!(
        told(&listed),
        [("00000001_000.png", true, "nih:00000001"), ("00000002_000.png", false, "nih:00000002"),]
    );
    assert_eq!(notes(&listed), [(1, "00000003_001.png"), (1, "00000004_000.png")]);

    let path =
        |patient: u32, view: &str| format!("CheXpert-v1.0-small/train/patient{patient:05}/study1/{view}.jpg");
    let [a, b, c, d, e] = [
        path(1, "view1_frontal"),
        path(2, "view1_frontal"),
        path(3, "view1_frontal"),
        path(4, "view1_frontal"),
        path(1, "view2_lateral"),
    ];
    let table = format!(
        "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices\n\
         {a},Female,68,Frontal,AP,,,,,,,,1.0,,,,,,\n\
         {b},Female,87,Frontal,AP,1.0,,,,,,,,,,,,,\n\
         {c},Male,40,Frontal,PA,,,,,,,,-1.0,,,,,,\n\
         {d},Male,40,Frontal,PA,,,,1.0,,,,,,,,,,\n\
         {e},Female,68,Lateral,,,,,,,,,1.0,,,,,,\n"
    );
    // Unpacked so that the first folder is --data itself.
    let chexpert = folder(&[&a["CheXpert-v1.0-small/".len()..], &b, &c, &d, &e], &table);
    let listed = read(&chexpert, TablePreset::Chexpert, Uncertain::LeaveOut).unwrap();
    assert_eq!(told(&listed), [(a.as_str(), true, "chexpert:00001"), (b.as_str(), false, "chexpert:00002")]);
    assert_eq!(notes(&listed), [(1, c.as_str()), (1, e.as_str()), (1, d.as_str())]);
    let listed = read(&chexpert, TablePreset::Chexpert, Uncertain::Positive).unwrap();
    assert_eq!(told(&listed)[2], (c.as_str(), true, "chexpert:00003"));

    // Three readers of each image: one, agreed, against each other.
    let vindr = folder(
        &["train/aaa.dicom", "train/bbb.dicom", "train/ccc.dicom", "train/ddd.dicom"],
        "image_id,rad_id,Consolidation,Pneumonia,Tuberculosis,Other diseases,No finding\n\
         aaa,R1,0,1,0,0,0\naaa,R2,1,1,0,0,0\naaa,R3,0,1,0,0,0\n\
         bbb,R1,0,0,0,0,1\nbbb,R2,0,0,0,0,1\nbbb,R3,0,0,0,0,1\n\
         ccc,R1,0,0,0,0,1\nccc,R2,0,1,0,0,0\nccc,R3,0,0,0,0,1\n\
         ddd,R1,0,0,0,1,0\nddd,R2,0,0,0,0,1\nddd,R3,0,0,0,0,1\n",
    );
    let listed = read(&vindr, TablePreset::Vindr, Uncertain::LeaveOut).unwrap();
    assert_eq!(told(&listed), [("aaa", true, "file:aaa"), ("bbb", false, "file:bbb")]);
    assert_eq!(notes(&listed), [(1, "ccc"), (1, "ddd")]);

    let rsna = folder(
        &["stage_2_train_images/0004cfab-14fd-4e49-80ba-63a80b6bddd6.dcm", "stage_2_train_images/b.dcm"],
        "patientId,x,y,width,height,Target\n\
         0004cfab-14fd-4e49-80ba-63a80b6bddd6,,,,,0\n\
         b,264.0,152.0,213.0,379.0,1\nb,562.0,152.0,256.0,453.0,1\n",
    );
    let listed = read(&rsna, TablePreset::Rsna, Uncertain::LeaveOut).unwrap();
    let first = "0004cfab-14fd-4e49-80ba-63a80b6bddd6";
    assert_eq!(told(&listed), [(first, false, format!("rsna:{first}").as_str()), ("b", true, "rsna:b")]);
    let classes = "patientId,class\nb,Lung Opacity\nb,Lung Opacity\n\
                   0004cfab-14fd-4e49-80ba-63a80b6bddd6,No Lung Opacity / Not Normal\n";
    std::fs::write(rsna.path().join("table.csv"), classes).unwrap();
    let listed = read(&rsna, TablePreset::Rsna, Uncertain::LeaveOut).unwrap();
    assert_eq!(told(&listed), [("b", true, "rsna:b")]);
    let error = read(&rsna, TablePreset::Nih, Uncertain::LeaveOut).err().unwrap().to_string();
    assert!(error.contains("no column Image Index") && error.contains("--table-preset"), "{error}");
}
