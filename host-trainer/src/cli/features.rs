//! `host-trainer features`.

use std::process::ExitCode;

use anyhow::ensure;
use clap::Args;

use super::args::{Recipe, SourceArgs};
use super::progress::Reporter;
use crate::commands::features::{ShardOptions, compute_shard};
use crate::features::shard::{ShardNumber, ShardStorage};

/// Arguments of `features`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer features --data chest_xray --shard 1/4 --out features
  host-trainer features --data chest_xray --shard 3/16 --out s3://bucket/chest --device cpu
  host-trainer fit --data chest_xray --shards features --out runs/first

Every shard writes one file, however often it is started: what an interrupted start computed is in the cache,
and an existing file is not changed. Options that have an effect on features, --seed and --device among them,
must be the same for all shards and for the fit; a shard of something else is refused. Features in int8 (the default on a
CPU) come from backbones that each machine quantises for itself, which are the same only on the same kind of
processor: if machines differ, name a model with --base, or use --features-by float. scripts/cluster/ has the jobs for Slurm and
Kubernetes.

Exit status 0 also where images could not be read: the shard records them, and `fit` names them.")]
pub struct FeaturesArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Which shard to compute: every N-th image from the I-th on
    #[arg(long, value_name = "I/N")]
    shard: ShardNumber,
    /// Folder or bucket for the files of the shards
    #[arg(long, value_name = "DIR|s3://BUCKET/PREFIX")]
    out: String,
    /// Seeds the split and random backbones; the same as for the fit
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Print the outcome of the shard as JSON on standard output
    #[arg(long)]
    json: bool,
    /// Show warnings only
    #[arg(long)]
    quiet: bool,
    /// Write progress as one JSON object a line on standard error
    #[arg(long, conflicts_with = "quiet")]
    json_log: bool,
}

pub fn run(args: FeaturesArgs) -> anyhow::Result<ExitCode> {
    let mut reporter = if args.json_log { Reporter::json_lines() } else { Reporter::new(args.quiet) };
    // Before hours of work: can the result be stored?
    let storage = ShardStorage::create(&args.out)?;
    ensure!(
        args.source.recipe() != Recipe::Hardened,
        "--recipe hardened trains the backbones, and shards are of backbones that stay as they are; use --draws 3 with \
         ready backbones"
    );
    let device = args.source.device()?;
    reporter.device(&device);
    let source = args.source.options(args.seed)?;
    let options = ShardOptions { source: &source, seed: args.seed, shard: args.shard, storage: &storage };
    let record = compute_shard(&options, &device, &mut |event| reporter.show(event))?;
    if args.json {
        println!("{}", serde_json::to_string(&record)?);
    } else if record.finished_before {
        println!("shard {} was finished before: {}", record.shard, record.file);
    } else {
        println!(
            "shard {}: {} views of images, {} computed, {} unreadable; written to {}",
            record.shard, record.jobs, record.computed, record.unreadable, record.file
        );
    }
    Ok(ExitCode::SUCCESS)
}
