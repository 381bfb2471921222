//! `host-trainer evaluate`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use xray_core::decision::DISCLAIMER;
use xray_core::package::RANDOM_WARNING;

use super::SOME_UNREAD;
use super::progress::Reporter;
use crate::data::{ClassNames, Split};
use crate::pipeline::{EvaluationRun, evaluate};

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer evaluate --model models/first.onnx --data chest_xray
  host-trainer evaluate --model models/first.onnx --data chest_xray --split test --json > test.json

The threshold is the one in the model; nothing is chosen here.")]
pub struct EvaluateArgs {
    /// Model file
    #[arg(long, value_name = "FILE.onnx")]
    model: PathBuf,
    /// Folder with the class folders
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Which folder of it
    #[arg(long, value_enum, default_value = "test")]
    split: SplitName,
    /// Names of the class folders, the one without the finding first [default: as in the model]
    #[arg(long, value_name = "NEGATIVE,POSITIVE")]
    classes: Option<ClassNames>,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// Show warnings only
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SplitName {
    /// The folder train/
    Train,
    /// The folder val/
    Val,
    /// The folder test/
    Test,
}

pub fn run(args: EvaluateArgs) -> anyhow::Result<ExitCode> {
    let split = match args.split {
        SplitName::Train => Split::Train,
        SplitName::Val => Split::Val,
        SplitName::Test => Split::Test,
    };
    let mut reporter = Reporter::new(args.quiet);
    let result = evaluate(&args.model, &args.data, args.classes, split, &mut |event| reporter.show(event))?;
    if args.json {
        println!("{}", serde_json::to_string(&result)?);
    } else {
        print!("{}", render(&result));
    }
    Ok(if result.left_out.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(SOME_UNREAD) })
}

/// An evaluation in words.
pub fn render(result: &EvaluationRun) -> String {
    let mut text = String::new();
    if result.random_backbones {
        text.push_str(RANDOM_WARNING);
        text.push('\n');
    }
    text.push_str(&format!("split {}, model {}\n\n", result.split, result.model));
    text.push_str(&result.evaluation.render_text(&result.classes));
    if !result.left_out.is_empty() {
        text.push_str(&format!(
            "\n{} image(s) could not be read and are in no figure\n",
            result.left_out.len()
        ));
    }
    text.push_str(&format!("\n{DISCLAIMER}\n"));
    text
}
