//! `host-trainer weights`: import, fetch, list.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use crate::architectures::BackboneKind;
use crate::commands;
use crate::commands::weights::list_weights;
use crate::weights::{self, RemoteFile, StoredWeights, WeightStore};

/// Arguments of `host-trainer weights`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  host-trainer weights import densenet169-b2777c0a.pth --as densenet169
  host-trainer weights fetch densenet169 --sha256 b2777c0a...
  host-trainer weights list --json")]
pub struct WeightsArgs {
    /// Folder of imported weights [default: $XRAY_EDGE_WEIGHTS, else ~/.local/share/xray-edge/weights]
    #[arg(long, global = true, value_name = "DIR")]
    weights_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read weights from a file: torchvision .pth, .safetensors, Keras .h5 or .weights.h5 (notop)
    #[command(after_help = "Examples:
  host-trainer weights import mobilenet_v2-7ebf99e0.pth --as mobilenet-v2
  host-trainer weights import densenet169_weights_tf_dim_ordering_tf_kernels_notop.h5 --as densenet169")]
    Import {
        /// The file; its kind is detected from the content
        file: PathBuf,
        /// The backbone that the weights are for
        #[arg(long = "as", value_name = "NAME")]
        backbone: BackboneKind,
    },
    /// Download one of torchvision's official files and import it; continues an interrupted download
    #[command(after_help = "Files:
  densenet169-b2777c0a.pth, mobilenet_v2-7ebf99e0.pth, mobilenet_v2-b0353104.pth, densenet121-a639ec97.pth

torchvision publishes the first eight digits of each SHA-256, in the name, which can be forged. So the whole hash must be
given: take it from a copy that you trust.

Examples:
  sha256sum densenet169-b2777c0a.pth
  host-trainer weights fetch densenet169 --sha256 b2777c0a...
  host-trainer weights fetch densenet169 --sha256 b2777c0a... --base-url http://mirror.example/models")]
    Fetch {
        /// File or backbone to fetch
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// SHA-256 of the file, all 64 digits; goes with one NAME
        #[arg(long, value_name = "HEX")]
        sha256: Option<String>,
        /// Folder on a server that holds the files [default: $XRAY_EDGE_WEIGHTS_URL, else
        /// https://download.pytorch.org/models]
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
    },
    /// List the weights and their sources
    #[command(after_help = "Examples:
  host-trainer weights list
  host-trainer weights list --json")]
    List {
        /// One JSON document instead of text
        #[arg(long)]
        json: bool,
    },
}

/// Runs `host-trainer weights`.
///
/// # Errors
/// What went wrong.
pub fn run(args: WeightsArgs) -> Result<()> {
    let store = WeightStore::open(args.weights_dir)?;
    match args.command {
        Command::Import { file, backbone } => {
            let set = weights::import(&file, backbone)?;
            let path = store.save(&set)?;
            println!("{}: {} → {}", backbone.name(), set.provenance, path.display());
        }
        Command::Fetch { names, sha256, base_url } => {
            fetch(&store, &names, sha256, &commands::weights::base_url(base_url))?;
        }
        Command::List { json: true } => {
            println!("{}", serde_json::to_string_pretty(&list_weights(&store))?);
        }
        Command::List { json: false } => list(&store),
    }
    Ok(())
}

fn fetch(store: &WeightStore, names: &[String], sha256: Option<String>, base_url: &str) -> Result<()> {
    let files = weights::official_files();
    let selected = weights::select(&files, names)?;
    ensure!(
        sha256.is_none() || selected.len() == 1,
        "--sha256 is that of one file, and {} are meant; name one of them",
        selected.len()
    );
    for file in selected {
        let pinned = file.sha256.clone().or_else(|| sha256.clone());
        let file = &RemoteFile { sha256: pinned, ..file.clone() };
        let style = "{msg}  {bar:30}  {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
        let bar = ProgressBar::no_length().with_style(ProgressStyle::with_template(style)?);
        bar.set_message(file.name.clone());
        let set = weights::fetch(base_url, file, store, &mut |done, total| {
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(done);
        });
        bar.finish_and_clear();
        println!("{}: {} → {}", file.backbone.name(), set?.provenance, store.path(file.backbone).display());
    }
    Ok(())
}

fn list(store: &WeightStore) {
    let stored = store.list();
    if stored.is_empty() {
        println!(
            "no weights in {}; get some with `host-trainer weights import` or `host-trainer weights fetch`",
            store.dir().display()
        );
    }
    for StoredWeights { backbone, path, weights } in stored {
        match weights {
            Ok(set) => println!("{}: {}\n  {}", backbone.name(), set.provenance, path.display()),
            Err(error) => println!("{}: unusable: {error}", backbone.name()),
        }
    }
}
