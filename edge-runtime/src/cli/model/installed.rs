//! `model install`, `model status`, `model rollback`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use xray_core::package::signature_of;
use xray_core::screening::printable;

use super::StoreArgs;
use crate::cli::{print, print_json};
use crate::commands::Outcome;
#[cfg(unix)]
use crate::commands::model::recorded_floor;
use crate::commands::model::self_test_here;
use crate::models::{
    InstallOptions, Installation, Installed, ModelFolder, ModelStoreError, SelfTestReport, Slot, SourceFile,
    State, TrialLimits, short,
};

const INSTALL_HELP: &str = "\
Examples:
  edge-runtime model install --dry-run /media/stick/second.onnx
  edge-runtime model install /media/stick/second.onnx
  edge-runtime model install first.onnx --allow-downgrade

The signature (FILE.minisig) must be by a key of this board; it is checked before the file is parsed. Then the model
must give the right answer to the test pattern. From then on it is in use, on trial: if the engine fails, or the
program starts three times without a good screening, the board goes back to the previous model by itself.

Exit status: 0 in use; 4 refused, the board keeps the model that it has; 2 wrong usage; 1 a fault.";

/// Arguments of `model install`.
#[derive(Debug, Args)]
#[command(after_help = INSTALL_HELP)]
pub(in crate::cli) struct InstallArgs {
    /// The model: an ONNX file that was signed with `host-trainer sign`
    file: PathBuf,
    /// Its signature [default: FILE.minisig]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Successful screenings before it is confirmed; 0 confirms it at once
    #[arg(long, value_name = "N", default_value_t = TrialLimits::default().screenings)]
    trial: u32,
    /// Install it even if it has no version, one that another model had, or a lower one than a model that ran here
    #[arg(long)]
    allow_downgrade: bool,
    /// Install it even if it failed on this board before
    #[arg(long)]
    retry: bool,
    /// Check everything, print what would be done, change nothing
    #[arg(long)]
    dry_run: bool,
    /// One JSON object instead of lines
    #[arg(long)]
    json: bool,
    /// The folder that `[record]` in the configuration names: its record knows which versions ran here
    #[cfg(unix)]
    #[arg(long, value_name = "DIR", default_value = crate::STORE)]
    records: PathBuf,
    #[command(flatten)]
    at: StoreArgs,
}

/// Arguments of `model status`.
#[derive(Debug, Args)]
pub(in crate::cli) struct StatusArgs {
    /// Load the model in use as well: its signature, and its answer to the test pattern
    #[arg(long)]
    check: bool,
    /// One JSON object instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: StoreArgs,
}

/// Arguments of `model rollback`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RollbackArgs {
    /// Check everything, print what would be done, change nothing
    #[arg(long)]
    dry_run: bool,
    /// One JSON object instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: StoreArgs,
}

/// Puts a model in use.
///
/// # Errors
/// If the store cannot be read or written, or `out` cannot. A model that is refused is [`Outcome::Refused`].
pub(super) fn install(args: &InstallArgs, out: &mut impl Write) -> Result<Outcome> {
    let options = InstallOptions {
        watch: TrialLimits { screenings: args.trial, ..TrialLimits::default() },
        allow_downgrade: args.allow_downgrade,
        retry: args.retry,
        dry_run: args.dry_run,
        #[cfg(unix)]
        floor: recorded_floor(&args.records)?,
        #[cfg(not(unix))]
        floor: None,
    };
    let signature = args.signature.clone().unwrap_or_else(|| signature_of(&args.file));
    let source = SourceFile { model: args.file.clone(), signature };
    let done = args.at.location().open()?.install_file(&source, options, self_test_here);
    let Some(done) = taken(done, args.json, out)? else { return Ok(Outcome::Refused) };
    match args.json {
        true => print_json(out, &installed_json(&done, args.dry_run))?,
        false => print(out, &installed(&done, args.dry_run))?,
    }
    Ok(Outcome::Complete)
}

/// Puts the other model in use.
///
/// # Errors
/// As [`install`].
pub(super) fn rollback(args: &RollbackArgs, out: &mut impl Write) -> Result<Outcome> {
    let done = args.at.location().open()?.rollback(args.dry_run, self_test_here);
    let Some(model) = taken(done, args.json, out)? else { return Ok(Outcome::Refused) };
    let words = if args.dry_run { "would go back to" } else { "went back to" };
    match args.json {
        true => print_json(
            out,
            &json!({
                "outcome": if args.dry_run { "would-roll-back" } else { "rolled-back" },
                "model": model,
            }),
        )?,
        false => print(out, &format!("{words} {}\n", describe(&model)))?,
    }
    Ok(Outcome::Complete)
}

/// Says which models are there.
///
/// # Errors
/// If the store cannot be read; with `check`, if the model in use cannot be run.
pub(super) fn status(args: &StatusArgs, out: &mut impl Write) -> Result<Outcome> {
    let state = State::read(&ModelFolder::new(&args.at.store))?;
    let checked = match args.check {
        true => Some(args.at.location().open()?.check(self_test_here)?),
        false => None,
    };
    match args.json {
        true => print_json(out, &state_json(&state, checked.as_ref()))?,
        false => print(out, &describe_state(&state, checked.as_ref()))?,
    }
    Ok(Outcome::Complete)
}

/// What was done; none if the model was refused, which is then printed.
fn taken<T>(done: Result<T, ModelStoreError>, json: bool, out: &mut impl Write) -> Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(ModelStoreError::Refused(refusal)) => {
            let reason = refusal.to_string();
            match json {
                true => print_json(out, &json!({ "outcome": "refused", "reason": reason }))?,
                // Not eprintln!, which panics where the standard error is closed.
                false => drop(writeln!(std::io::stderr(), "refused: {}", printable(&reason))),
            }
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn installed(done: &Installation, dry_run: bool) -> String {
    let model = describe(&done.model);
    let Some(proof) = &done.proof else { return format!("already in use: {model}\n") };
    let mut text = format!("{}: {model}\n", if dry_run { "would install" } else { "installed" });
    text += &format!("signed: {}\n", printable(&done.comment));
    text += &format!("it gives the right answer to the test pattern here (engine {})\n", proof.engine);
    for warning in &proof.warnings {
        text += &format!("warning: {}\n", printable(warning));
    }
    match done.trial {
        0 => text += "kept: there is no other model to go back to, or no trial was asked for\n",
        n => {
            text +=
                &format!("on trial: it is kept after {n} screenings; else the board goes back by itself\n")
        }
    }
    text
}

fn installed_json(done: &Installation, dry_run: bool) -> Value {
    let outcome = match (&done.proof, dry_run) {
        (None, _) => "already-in-use",
        (_, true) => "would-install",
        (_, false) => "installed",
    };
    json!({
        "outcome": outcome,
        "model": done.model,
        "comment": done.comment,
        "engine": done.proof.as_ref().map(|proof| proof.engine),
        "warnings": done.proof.as_ref().map(|proof| &proof.warnings),
        "trial": done.trial,
    })
}

fn describe(model: &Installed) -> String {
    format!("{} (version {}, key {})", short(&model.sha256), model.version, printable(&model.key))
}

fn describe_state(state: &State, checked: Option<&SelfTestReport>) -> String {
    let mut text = String::new();
    for slot in [Slot::A, Slot::B] {
        let what = match state.slot(slot) {
            None => "empty".to_owned(),
            Some(model) if state.active_slot() == Some(slot) => format!("{}, in use", describe(model)),
            Some(model) => match &model.failed {
                Some(reason) => format!("{}, failed: {}", describe(model), printable(reason)),
                None => format!("{}, to go back to", describe(model)),
            },
        };
        text += &format!("slot {}: {what}\n", slot.name());
    }
    if let Some(trial) = state.trial() {
        text += &format!(
            "on trial: {} screenings to go, {} of {} starts without one\n",
            trial.screenings_left, trial.starts, trial.starts_allowed
        );
    }
    if state.floor() > 0 {
        text += &format!("versions below {} are refused\n", state.floor());
    }
    if let Some(proof) = checked {
        text += &format!(
            "checked: the model in use answers the test pattern rightly (engine {})\n",
            proof.engine
        );
    }
    for event in state.events() {
        text += &format!("event {}: {}\n", event.number, printable(&event.event.to_string()));
    }
    text
}

fn state_json(state: &State, checked: Option<&SelfTestReport>) -> Value {
    json!({
        "active": state.active_slot(),
        "a": state.slot(Slot::A),
        "b": state.slot(Slot::B),
        "trial": state.trial(),
        "floor": state.floor(),
        "events": state.events(),
        "checked": checked.map(|proof| proof.engine),
    })
}
