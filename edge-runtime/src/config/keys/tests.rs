//! The table of keys against the parser and the packaged configuration.

use std::collections::BTreeSet;

use super::*;
use crate::config::Config;

const SMALLEST: &str = "[model]\n[[folder]]\npath = '/srv/x'\n[camera]\nkind = 'csi'\nfilm = true\n";

fn name(section: &Section) -> &str {
    section.header.trim_matches(['[', ']'])
}

/// The keys of the packaged configuration as `section.key`, with those of its commented examples.
fn packaged() -> BTreeSet<String> {
    let (mut section, mut keys) = (String::new(), BTreeSet::new());
    for line in include_str!("../../../packaging/config.toml").lines() {
        let line = line.strip_prefix("# ").unwrap_or(line);
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
        } else if let Some((key, _)) = line.split_once(" = ")
            && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            keys.insert(format!("{section}.{key}"));
        }
    }
    keys
}

#[test]
fn every_key_of_the_packaged_configuration_is_described() {
    let packaged = packaged();
    assert!(packaged.len() > 30, "{packaged:?}");
    for key in &packaged {
        let described = SECTIONS
            .iter()
            .any(|section| section.keys.iter().any(|one| format!("{}.{}", name(section), one.name) == *key));
        assert!(described, "{key} is not described in config/keys.rs");
    }
}

/// The parser lists the keys of a section when it meets one that it does not know.
#[test]
fn the_keys_are_those_that_the_parser_knows() {
    for section in &SECTIONS {
        let header = section.header;
        let text = match SMALLEST.contains(header) {
            true => SMALLEST.replace(header, &format!("{header}\nno_such_key = 1")),
            false => format!("{SMALLEST}{header}\nno_such_key = 1\n"),
        };
        let error = Config::parse(&text).expect_err(header);
        let expected = error.split_once("expected").unwrap_or_else(|| panic!("{header}: {error}")).1;
        let known: BTreeSet<_> = expected.split('`').skip(1).step_by(2).collect();
        let described: BTreeSet<_> = section.keys.iter().map(|key| key.name).collect();
        assert_eq!(described, known, "{header}");
    }
}

#[test]
fn the_defaults_are_those_of_the_parser() {
    let mut written = String::new();
    for section in &SECTIONS {
        written += &format!("{}\n", section.header);
        for key in section.keys {
            let value = match (name(section), key.name) {
                ("folder", "path") => Some("'/srv/x'"),
                ("camera", "kind") => Some("'csi'"),
                ("camera", "film") => Some("true"),
                _ => key.default,
            };
            written += &value.map_or_else(String::new, |value| format!("{} = {value}\n", key.name));
        }
    }
    let smallest = format!("{SMALLEST}[stick]\n[page]\n");
    assert_eq!(Config::parse(&written), Config::parse(&smallest));
    assert!(Config::parse(&written).is_ok(), "{written}");
}
