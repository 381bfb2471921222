//! `run.toml`: the options of a `fit`, written beside its run and read by `--config`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use toml::Value;

/// Options that say where a run goes and how it is shown, not what it is.
const NOT_KEPT: [&str; 7] = ["config", "out", "resume", "json", "quiet", "json-log", "no-tui"];

/// The subcommand whose options are kept.
const FIT: &str = "fit";

/// The text of `run.toml` for a command line; none for another subcommand.
///
/// # Errors
/// If an option is not UTF-8.
pub fn describe(matches: &ArgMatches, program: &Command) -> anyhow::Result<Option<String>> {
    let Some(given) = matches.subcommand_matches(FIT) else { return Ok(None) };
    let mut options = String::new();
    let mut defaults = String::new();
    for argument in kept(program)? {
        let Some(name) = argument.get_long() else { continue };
        let table = match given.value_source(argument.get_id().as_str()) {
            Some(ValueSource::DefaultValue) if takes_values(argument) => &mut defaults,
            Some(ValueSource::CommandLine | ValueSource::EnvVariable) => &mut options,
            _ => continue,
        };
        let values = given.get_raw(argument.get_id().as_str()).into_iter().flatten();
        let values: Vec<&str> = values
            .map(|value| {
                let text = value.to_str();
                text.ok_or_else(|| anyhow!("--{name}: {} is not UTF-8; rename it", value.display()))
            })
            .collect::<Result<_, _>>()?;
        // Writing to a String cannot fail.
        let _ = writeln!(table, "{name} = {}", toml_value(&values, takes_values(argument))?);
    }
    let folder = std::env::current_dir().map(|folder| folder.display().to_string()).unwrap_or_default();
    Ok(Some(format!(
        "# The options of a fit by host-trainer {}. Relative paths are from {}.\n\
         # `host-trainer fit --config run.toml --out RUN` trains the same head again; options beside --config replace\n\
         # single ones.\n\n\
         # Given on the command line, or by another run.toml:\n[options]\n{options}\n\
         # Not given. A release with another default takes these:\n[defaults]\n{defaults}",
        env!("CARGO_PKG_VERSION"),
        folder.escape_debug(),
    )))
}

/// Adds what the file of `--config` says to a command line of `fit`; options that are there already stay.
///
/// # Errors
/// If the file cannot be read, or holds something that is no option.
pub fn expand(mut arguments: Vec<OsString>, program: &Command) -> anyhow::Result<Vec<OsString>> {
    if arguments.get(1).is_none_or(|name| name != FIT) {
        return Ok(arguments);
    }
    let Some(file) = named_config(&arguments) else { return Ok(arguments) };
    let given: BTreeSet<String> = (arguments.iter().filter_map(|argument| argument.to_str()))
        .filter_map(|text| Some(text.strip_prefix("--")?.split('=').next()?.to_owned()))
        .collect();
    let more = read(&file, &given, program).with_context(|| {
        format!("{}: these are no options of a fit; give the run.toml of a run", file.display())
    })?;
    arguments.extend(more);
    Ok(arguments)
}

/// The file of `--config FILE` or `--config=FILE`.
fn named_config(arguments: &[OsString]) -> Option<PathBuf> {
    let at = arguments.iter().position(|argument| {
        argument.to_str().is_some_and(|text| text == "--config" || text.starts_with("--config="))
    })?;
    match arguments[at].to_str()?.split_once('=') {
        Some((_, file)) => Some(file.into()),
        // Without a value, clap says what is missing.
        None => arguments.get(at + 1).map(PathBuf::from),
    }
}

fn read(file: &Path, given: &BTreeSet<String>, program: &Command) -> anyhow::Result<Vec<OsString>> {
    let text = std::fs::read_to_string(file)?;
    let mut tables: toml::Table = text.parse()?;
    let known: BTreeMap<&str, &Arg> =
        kept(program)?.filter_map(|argument| Some((argument.get_long()?, argument))).collect();
    let mut more = Vec::new();
    for (name, is_default) in [("options", false), ("defaults", true)] {
        let table = match tables.remove(name) {
            Some(Value::Table(table)) => table,
            Some(_) => bail!("`{name}` is no table"),
            None => continue,
        };
        for (key, value) in table {
            let argument = known
                .get(key.as_str())
                .ok_or_else(|| anyhow!("`{key}` is no option that a run keeps; remove the line"))?;
            let values = texts(&key, &value)?;
            let same = defaults_of(argument) == values;
            if given.contains(&key) || (is_default && same) {
                continue;
            }
            if takes_values(argument) {
                more.extend(values.iter().map(|value| OsString::from(format!("--{key}={value}"))));
            } else if value == Value::Boolean(true) {
                more.push(format!("--{key}").into());
            } else {
                ensure!(value == Value::Boolean(false), "`{key}` is neither true nor false");
            }
        }
    }
    match tables.keys().next() {
        Some(other) => bail!("`{other}` is neither [options] nor [defaults]"),
        None => Ok(more),
    }
}

fn kept(program: &Command) -> anyhow::Result<impl Iterator<Item = &Arg>> {
    let fit = program.find_subcommand(FIT).ok_or_else(|| anyhow!("there is no subcommand {FIT}"))?;
    let is_kept = |argument: &&Arg| argument.get_long().is_some_and(|name| !NOT_KEPT.contains(&name));
    Ok(fit.get_arguments().filter(is_kept))
}

/// The default values of an option, divided as clap divides what is given.
fn defaults_of(argument: &Arg) -> Vec<String> {
    let values = argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned());
    match argument.get_value_delimiter() {
        Some(delimiter) => {
            values.flat_map(|text| text.split(delimiter).map(str::to_owned).collect::<Vec<_>>()).collect()
        }
        None => values.collect(),
    }
}

fn takes_values(argument: &Arg) -> bool {
    argument.get_action().takes_values()
}

/// The values as TOML: one of them alone, several as an array, a flag as `true`.
fn toml_value(values: &[&str], takes_values: bool) -> anyhow::Result<String> {
    let one = |text: &&str| -> anyhow::Result<String> {
        let plain = text.parse::<i64>().is_ok_and(|number| number.to_string() == **text)
            || text.contains('.') && text.parse::<f64>().is_ok_and(|number| number.to_string() == **text);
        // The escapes of a JSON string are those of TOML, too.
        Ok(if plain { (*text).to_owned() } else { serde_json::to_string(text)? })
    };
    match values {
        _ if !takes_values => Ok("true".to_owned()),
        [value] => one(value),
        values => Ok(format!("[{}]", values.iter().map(one).collect::<Result<Vec<_>, _>>()?.join(", "))),
    }
}

fn texts(key: &str, value: &Value) -> anyhow::Result<Vec<String>> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Integer(number) => Ok(vec![number.to_string()]),
        Value::Float(number) => Ok(vec![number.to_string()]),
        Value::Boolean(flag) => Ok(vec![flag.to_string()]),
        Value::Array(values) => {
            let all: anyhow::Result<Vec<_>> = values.iter().map(|value| texts(key, value)).collect();
            Ok(all?.concat())
        }
        Value::Datetime(_) | Value::Table(_) => {
            bail!("`{key}` is neither text nor number nor a list of these")
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn matches(arguments: &[&str]) -> ArgMatches {
        Cli::command()
            .try_get_matches_from([&["host-trainer", "fit", "--out", "o"], arguments].concat())
            .unwrap()
    }

    fn described(arguments: &[&str]) -> String {
        describe(&matches(arguments), &Cli::command()).unwrap().unwrap()
    }

    fn expanded(text: &str, arguments: &[&str]) -> anyhow::Result<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.toml");
        std::fs::write(&file, text).unwrap();
        let config = format!("--config={}", file.display());
        let all = [&["host-trainer", "fit", config.as_str()], arguments].concat();
        let all = expand(all.into_iter().map(OsString::from).collect(), &Cli::command())?;
        Ok(all.into_iter().skip(3 + arguments.len()).map(|text| text.into_string().unwrap()).collect())
    }

    const LINE: [&str; 11] = [
        "--data",
        "a=x \"1\"",
        "--data=b=y",
        "--backbones",
        "random,mobilenet-v2",
        "--no-calibration",
        "--draws",
        "--learning-rate=0.01",
        "--seed",
        "7",
        "--threshold=sensitivity>=0.9",
    ];

    #[test]
    fn what_was_given_is_kept_and_read_again() {
        let text = described(&LINE);
        let again = expanded(&text, &["--out", "p"]).unwrap();
        let mut expected = vec![
            "--data=a=x \"1\"",
            "--data=b=y",
            "--backbones=random",
            "--backbones=mobilenet-v2",
            "--no-calibration",
            "--draws=3",
            "--learning-rate=0.01",
            "--seed=7",
            "--threshold=sensitivity>=0.9",
        ];
        let mut found: Vec<&str> = again.iter().map(String::as_str).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
        // Written again, it is the same.
        assert_eq!(described(&again.iter().map(String::as_str).collect::<Vec<_>>()), text);
    }

    #[test]
    fn options_on_the_command_line_replace_single_ones() {
        let again = expanded(&described(&LINE), &["--out", "p", "--seed", "8", "--data", "z"]).unwrap();
        assert!(!again.iter().any(|option| option.starts_with("--seed") || option.starts_with("--data")));
        assert!(again.contains(&"--draws=3".to_owned()));
    }

    #[test]
    fn a_default_that_has_changed_is_given() {
        let text = described(&["--data", "x"]);
        assert!(text.contains("\nbatch-size = 16\n"), "{text}");
        let changed = text.replace("\nbatch-size = 16\n", "\nbatch-size = 32\n");
        assert_eq!(expanded(&changed, &[]).unwrap(), ["--data=x", "--batch-size=32"]);
    }

    #[test]
    fn what_is_no_option_is_refused() {
        for (text, expected) in [
            ("[options]\nspeed = 1\n", "`speed` is no option"),
            ("[options]\nout = \"x\"\n", "`out` is no option"),
            ("[options]\nseed = 2020-01-01\n", "`seed` is neither text"),
            ("[options]\nno-calibration = 3\n", "`no-calibration` is neither true nor false"),
            ("[other]\n", "`other` is neither"),
            ("seed", "these are no options of a fit"),
        ] {
            let error = format!("{:#}", expanded(text, &[]).unwrap_err());
            assert!(error.contains(expected), "{error}, expected {expected}");
        }
        let other = ["host-trainer", "evaluate", "--config", "x"].map(OsString::from).to_vec();
        assert_eq!(expand(other.clone(), &Cli::command()).unwrap(), other);
    }
}
