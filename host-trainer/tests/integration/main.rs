//! Tests of host-trainer through its library and its program, in one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod backbone_fixture;
mod backbone_training;
mod backbones;
mod callbacks;
mod clap_only_in_cli;
mod data_folder;
mod data_leaks;
mod data_split;
mod devices;
mod documents;
mod export_answers;
mod export_file;
mod export_fixture;
mod fine_tune;
mod heat_map;
mod metrics_oracle;
mod phantom_set;
mod quality_gate_fit;
mod quantised;
mod real_data;
mod report;
mod report_fixture;
mod shard_file;
mod shards;
mod weights_fetch;
mod weights_import;
