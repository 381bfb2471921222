//! The patient of an X-ray, by the file name.

/// The patient of an image, by the file names of the Kermany set (doi 10.17632/rscbjbr9sj.2).
///
/// | file name | patient |
/// | --- | --- |
/// | `person12_bacteria_34.jpeg` | `P12` |
/// | `IM-0115-0001.jpeg` | `N0115` |
/// | `NORMAL2-IM-0115-0001.jpeg` | `N0115` |
/// | anything else | the file itself: `file:` and its path |
///
/// `IM-N` and `NORMAL2-IM-N` may be two numberings, and one number then two children. The names do not say which,
/// so both count as one: keeping two children together costs nothing, but one child in both splits
/// would make validation look better than it is. Digits are kept as written.
///
/// The numbering starts anew in `test`, so equal names there and in `train` say nothing. A file of another
/// name counts as a patient of its own; if that is wrong, name the patients with `--splits FILE`.
pub fn patient_of(relative: &str) -> String {
    let name = relative.rsplit('/').next().unwrap_or(relative);
    if let Some(number) = digits_between(name, "person", '_') {
        return format!("P{number}");
    }
    let plain = name.strip_prefix("NORMAL2-").unwrap_or(name);
    match digits_between(plain, "IM-", '-') {
        Some(number) => format!("N{number}"),
        None => format!("file:{relative}"),
    }
}

/// The digits, at least one, between `prefix` and `end` at the start of `name`.
fn digits_between<'a>(name: &'a str, prefix: &str, end: char) -> Option<&'a str> {
    let (number, _) = name.strip_prefix(prefix)?.split_once(end)?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(number)
}
