//! `host-trainer weights`: import, fetch, list.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::backbones::BackboneKind;
use crate::weights::{
    self, BASE_URL_VARIABLE, Conventions, DEFAULT_BASE_URL, Provenance, Stored, WeightStore,
};

/// Arguments of `host-trainer weights`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  host-trainer weights fetch
  host-trainer weights import densenet169-b2777c0a.pth --as densenet169
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
    /// Take weights out of a file: torchvision .pth, .safetensors, Keras .h5 or .weights.h5 (notop)
    #[command(after_help = "Examples:
  host-trainer weights import mobilenet_v2-7ebf99e0.pth --as mobilenet-v2
  host-trainer weights import densenet169_weights_tf_dim_ordering_tf_kernels_notop.h5 --as densenet169")]
    Import {
        /// The file; what kind it is, is seen from its content
        file: PathBuf,
        /// The net that the weights are for
        #[arg(long = "as", value_name = "NAME")]
        backbone: BackboneKind,
    },
    /// Download torchvision's official files and import them; goes on where an earlier run stopped
    #[command(after_help = "Files:
  densenet169-b2777c0a.pth, mobilenet_v2-7ebf99e0.pth (both by default), mobilenet_v2-b0353104.pth,
  densenet121-a639ec97.pth

Examples:
  host-trainer weights fetch
  host-trainer weights fetch mobilenet_v2-b0353104.pth
  host-trainer weights fetch densenet169 --base-url http://mirror.example/models")]
    Fetch {
        /// Files or nets to fetch; without any, the default file of every net
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Folder on a server that holds the files [default: $XRAY_EDGE_WEIGHTS_URL, else
        /// https://download.pytorch.org/models]
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
    },
    /// Show what is there and where it came from
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
/// Whatever went wrong, in words for the user.
pub fn run(args: WeightsArgs) -> Result<()> {
    let store = WeightStore::open(args.weights_dir)?;
    match args.command {
        Command::Import { file, backbone } => {
            let set = weights::import(&file, backbone)?;
            let path = store.save(&set)?;
            println!("{}: {} → {}", backbone.name(), set.provenance, path.display());
        }
        Command::Fetch { names, base_url } => fetch(&store, &names, base_url)?,
        Command::List { json: true } => {
            let rows: Vec<Row> = store.list().into_iter().map(Row::from).collect();
            println!("{}", serde_json::to_string_pretty(&rows)?);
        }
        Command::List { json: false } => list(&store),
    }
    Ok(())
}

fn fetch(store: &WeightStore, names: &[String], base_url: Option<String>) -> Result<()> {
    let from_environment = || std::env::var(BASE_URL_VARIABLE).ok().filter(|url| !url.is_empty());
    let base_url = base_url.or_else(from_environment).unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
    let files = weights::official_files();
    for file in weights::select(&files, names)? {
        let style = "{msg}  {bar:30}  {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
        let bar = ProgressBar::no_length().with_style(ProgressStyle::with_template(style)?);
        bar.set_message(file.name.clone());
        let set = weights::fetch(&base_url, file, store, &mut |done, total| {
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
        println!("no weights in {}; get some with `host-trainer weights fetch`", store.dir().display());
    }
    for Stored { backbone, path, weights } in stored {
        match weights {
            Ok(set) => println!("{}: {}\n  {}", backbone.name(), set.provenance, path.display()),
            Err(error) => println!("{}: unusable: {error}", backbone.name()),
        }
    }
}

/// One backbone in `weights list --json`.
#[derive(Debug, Serialize)]
struct Row {
    backbone: BackboneKind,
    path: PathBuf,
    provenance: Option<Provenance>,
    conventions: Option<Conventions>,
    fingerprint: Option<String>,
    error: Option<String>,
}

impl From<Stored> for Row {
    fn from(Stored { backbone, path, weights }: Stored) -> Self {
        let error = weights.as_ref().err().map(ToString::to_string);
        let set = weights.ok();
        Row {
            backbone,
            path,
            fingerprint: set.as_ref().map(|set| set.fingerprint()),
            conventions: set.as_ref().map(|set| set.conventions.clone()),
            provenance: set.map(|set| set.provenance),
            error,
        }
    }
}
