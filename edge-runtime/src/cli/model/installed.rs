//! `model install`, `model status`, `model rollback`: the models of a board.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};
use xray_core::engine::{EngineChoice, EngineOptions, big_cores};
use xray_core::package::{SignedBytes, TrustedKeys, signature_of};
use xray_core::screening::printable;

use super::Outcome;
use crate::models::{
    DEFAULT_KEYS, DEFAULT_STORE, ModelFolder, InstallOptions, Installation, Installed, ModelStore, SelfTestReport, ModelRefusal,
    Slot, State, ModelStoreError, TrialLimits, self_test, short,
};

/// Where the models of a board lie.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// ModelFolder of the installed models
    #[arg(long, value_name = "DIR", default_value = DEFAULT_STORE)]
    pub store: PathBuf,
    /// ModelFolder of the public keys (*.pub) whose signatures are trusted
    #[arg(long, value_name = "DIR", default_value = DEFAULT_KEYS)]
    pub keys: PathBuf,
}

impl StoreArgs {
    /// The store in these folders.
    ///
    /// # Errors
    /// If no key can be read.
    pub fn open(&self) -> Result<ModelStore<ModelFolder>> {
        Ok(ModelStore::new(ModelFolder::new(&self.store), TrustedKeys::read(&self.keys)?))
    }
}

/// Arguments of `model install`.
#[derive(Debug, Args)]
pub struct InstallArgs {
    /// The model: an ONNX file that was signed with `host-trainer sign`
    file: PathBuf,
    /// Its signature [default: FILE.minisig]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Screenings that it has to do well before it is kept; 0 keeps it at once
    #[arg(long, value_name = "N", default_value_t = TrialLimits::default().screenings)]
    trial: u32,
    /// Take it even if its version is lower than that of a model that ran here
    #[arg(long)]
    allow_downgrade: bool,
    /// Take it even if it failed on this board before
    #[arg(long)]
    retry: bool,
    /// Check everything, say what would be done, change nothing
    #[arg(long)]
    dry_run: bool,
    /// One JSON object instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: StoreArgs,
}

/// Arguments of `model status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
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
pub struct RollbackArgs {
    /// Check everything, say what would be done, change nothing
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
pub fn install(args: &InstallArgs, out: &mut impl Write) -> Result<Outcome> {
    let options = InstallOptions {
        watch: TrialLimits { screenings: args.trial, ..TrialLimits::default() },
        allow_downgrade: args.allow_downgrade,
        retry: args.retry,
        dry_run: args.dry_run,
    };
    let signature = args.signature.clone().unwrap_or_else(|| signature_of(&args.file));
    let done = args.at.open()?.install_file((&args.file, &signature), options, self_test_here);
    let Some(done) = taken(done, args.json, out)? else { return Ok(Outcome::Refused) };
    let text =
        if args.json { line(&installed_json(&done, args.dry_run)) } else { installed(&done, args.dry_run) };
    say(out, &text)?;
    Ok(Outcome::Complete)
}

/// Puts the other model in use.
///
/// # Errors
/// As [`install`].
pub fn rollback(args: &RollbackArgs, out: &mut impl Write) -> Result<Outcome> {
    let done = args.at.open()?.rollback(args.dry_run, self_test_here);
    let Some(model) = taken(done, args.json, out)? else { return Ok(Outcome::Refused) };
    let words = if args.dry_run { "would go back to" } else { "went back to" };
    let text = match args.json {
        true => line(&json!({
            "outcome": if args.dry_run { "would-roll-back" } else { "rolled-back" },
            "model": model,
        })),
        false => format!("{words} {}\n", describe(&model)),
    };
    say(out, &text)?;
    Ok(Outcome::Complete)
}

/// Says which models are there.
///
/// # Errors
/// If the store cannot be read; with `check`, if the model in use cannot be run.
pub fn status(args: &StatusArgs, out: &mut impl Write) -> Result<Outcome> {
    let state = State::read(&ModelFolder::new(&args.at.store))?;
    let checked = match args.check {
        true => Some(args.at.open()?.check(self_test_here)?),
        false => None,
    };
    let text = if args.json {
        line(&state_json(&state, checked.as_ref()))
    } else {
        describe_state(&state, checked.as_ref())
    };
    say(out, &text)?;
    Ok(Outcome::Complete)
}

fn self_test_here(signed: SignedBytes) -> Result<SelfTestReport, ModelRefusal> {
    self_test(signed, EngineOptions { choice: EngineChoice::Auto, threads: big_cores() })
}

/// What was done; none if the model was refused, which is then said.
fn taken<T>(done: Result<T, ModelStoreError>, json: bool, out: &mut impl Write) -> Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(ModelStoreError::Refused(refusal)) => {
            let reason = refusal.to_string();
            match json {
                true => say(out, &line(&json!({ "outcome": "refused", "reason": reason })))?,
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
        text += &format!("warning: {warning}\n");
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

fn line(value: &Value) -> String {
    format!("{value}\n")
}

fn say(out: &mut impl Write, text: &str) -> Result<()> {
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("the result could not be written")
}
