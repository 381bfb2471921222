//! `decommission`: a board before it leaves the house.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;
use xray_core::screening::printable;

use super::confirm::confirm;
use super::{print, print_json};
use crate::commands::decommission::Decommission;

const HELP: &str = "\
Examples:
  edge-runtime decommission --dry-run
  systemctl stop edge-runtime && edge-runtime decommission

It removes images, records, installed models, the trusted public keys, the access word and the private key of the page, as the
configuration names them. The configuration, the program and its log stay. The number and hash of the newest record are
printed first: note them down if reports or exports must still be checked later.

On flash memory a file that was removed can be found again until its blocks are used again: a card that leaves the house must
have been encrypted, or be destroyed (docs/guide/encrypted-card.md).

Exit status: 0 all is removed, or would be; 1 it is not; 2 wrong usage.";

/// The arguments of `decommission`.
#[derive(Args)]
#[command(after_help = HELP)]
pub(super) struct DecommissionArgs {
    /// The configuration of the board
    #[arg(long, value_name = "FILE.toml", default_value = "/etc/edge-runtime/config.toml")]
    config: PathBuf,
    /// Only say what would be removed
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// One JSON object instead of lines
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &DecommissionArgs, out: &mut impl Write) -> Result<()> {
    let plan = Decommission::of(&args.config)?;
    if !args.json {
        print(out, &described(&plan))?;
    }
    if !args.dry_run {
        if !confirm("All of this is removed for good.", args.yes)? {
            bail!("nothing was removed");
        }
        plan.run()?;
    }
    if args.json {
        let object = json!({
            "outcome": if args.dry_run { "would-remove" } else { "removed" },
            "store": plan.store,
            "models": plan.models,
            "files": plan.secrets.iter().chain(&plan.public).collect::<Vec<_>>(),
            "newest": plan.head.map(|head| head.to_string()),
        });
        return print_json(out, &object);
    }
    print(out, if args.dry_run { "nothing was removed\n" } else { "removed\n" })
}

fn described(plan: &Decommission) -> String {
    let mut text = String::new();
    let mut line = |what: &str, value: String| text += &format!("{what:<18}{}\n", printable(&value));
    line("records, images", plan.store.display().to_string());
    line("models", plan.models.display().to_string());
    for path in &plan.secrets {
        line("secret", path.display().to_string());
    }
    for path in &plan.public {
        line("key, certificate", path.display().to_string());
    }
    if let Some(head) = plan.head {
        line("newest record", head.to_string());
    }
    text
}
