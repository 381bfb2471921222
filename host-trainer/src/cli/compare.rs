//! `host-trainer compare`.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use xray_core::decision::DISCLAIMER;
use xray_core::package::RANDOM_WARNING;
use xray_core::screening::printable;

use super::SOME_UNREAD;
use super::args::SplitImageSetArgs;
use super::progress::Reporter;
use crate::commands::compare::{CompareOptions, compare_models};
use crate::evaluation::PairedComparison;
use crate::metrics::{Evaluation, McNemar, Rate};

/// Images that the text names; JSON names all.
const NAMED: usize = 20;

/// Arguments of `compare`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer compare models/first.onnx models/second.onnx --data chest_xray
  host-trainer compare models/first.onnx models/clinic.onnx --data clinic --split val --json

Each model is evaluated at its own threshold, on the same images. McNemar's test asks whether one is correct more often,
DeLong's test whether one ranks better. A p value says how surprising the difference would be if there were none; it is
no measure of its size. Test images that a model was chosen by are no test images any more.")]
pub struct CompareArgs {
    /// The first model file
    #[arg(value_name = "MODEL_A")]
    a: PathBuf,
    /// The second model file
    #[arg(value_name = "MODEL_B")]
    b: PathBuf,
    #[command(flatten)]
    images: SplitImageSetArgs,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// Show warnings only
    #[arg(long)]
    quiet: bool,
}

pub fn run(args: CompareArgs) -> anyhow::Result<ExitCode> {
    let mut reporter = Reporter::new(args.quiet);
    let options = CompareOptions { a: args.a, b: args.b, images: args.images.set()? };
    let result = compare_models(&options, &mut |event| reporter.show(event))?;
    if args.json {
        println!("{}", serde_json::to_string(&result)?);
    } else {
        print!("{}", render(&result));
    }
    Ok(if result.left_out.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(SOME_UNREAD) })
}

fn render(result: &PairedComparison) -> String {
    let mut text = String::new();
    if result.a.random_backbones || result.b.random_backbones {
        text.push_str(RANDOM_WARNING);
        text.push('\n');
    }
    let mut line = |content: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", content.trim_end());
    };
    for (letter, model) in [("A", &result.a), ("B", &result.b)] {
        line(format!("{letter}  {}  sha256 {}", printable(&model.file.display().to_string()), model.sha256));
    }
    let n = result.all.both_right + result.all.only_a_right + result.all.only_b_right + result.all.both_wrong;
    line(format!("split {}, {n} images, each model at its own threshold\n", result.split));
    line(format!("{:<12} {:>24} {:>24}   {:>9} {:>9}", "", "A", "B", "exact p", "mid-p"));
    type Pick = fn(&Evaluation) -> Rate;
    let rates: [(&str, Pick, &McNemar); 3] = [
        ("accuracy", |e| e.accuracy, &result.all),
        ("sensitivity", |e| e.sensitivity, &result.positives),
        ("specificity", |e| e.specificity, &result.negatives),
    ];
    for (name, rate, test) in rates {
        let [a, b] = [&result.a, &result.b].map(|model| rate(&model.evaluation).to_string());
        line(format!("{name:<12} {a:>24} {b:>24}   {:>9.4} {:>9.4}", test.p_exact, test.p_mid));
    }
    let test = &result.all;
    line(format!(
        "McNemar: both right {}, only A {}, only B {}, both wrong {}\n",
        test.both_right, test.only_a_right, test.only_b_right, test.both_wrong
    ));
    match &result.auroc {
        None => line("AUROC: undefined, all images are of one class".to_owned()),
        Some(areas) => {
            let span = areas.interval.map_or_else(
                || "undefined".to_owned(),
                |interval| format!("[{:+.4}, {:+.4}]", interval.low, interval.high),
            );
            let p = areas.p.map_or_else(|| "undefined".to_owned(), |p| format!("{p:.4}"));
            line(format!(
                "AUROC        A {:.4}, B {:.4}, B - A {:+.4} {span}, DeLong p {p}",
                areas.a, areas.b, areas.difference
            ));
        }
    }
    line(format!("\n{} image(s) have different verdicts", result.disagreements.len()));
    for image in result.disagreements.iter().take(NAMED) {
        let class = result.classes.name(image.label);
        line(format!("  A {:.4}  B {:.4}  {class}  {}", image.a, image.b, printable(&image.path)));
    }
    if result.disagreements.len() > NAMED {
        line("  … (--json names all)".to_owned());
    }
    if !result.left_out.is_empty() {
        line(format!("\n{} image(s) could not be read; no figure counts them", result.left_out.len()));
    }
    line(format!("\n{DISCLAIMER}"));
    text
}
