# Short names for the commands of CONTRIBUTING.md: `just` lists them.

export CARGO_TERM_COLOR := "auto"

# List the recipes
default:
    @just --list --unsorted

# Screen the sample X-rays with the model in models/
screen *images="models/samples":
    cargo run --release -p edge-runtime -- screen {{ images }}

# Train, export, evaluate and screen phantoms
demo *options:
    cargo run --release -p host-trainer -- demo {{ options }}

# All tests, or those of a crate: `just test edge-runtime`
test crate="":
    cargo test --release {{ if crate == "" { "--workspace" } else { "-p " + crate } }}

# Format
format:
    cargo fmt

# What is checked without tests: format, clippy, spelling, shell, Python
lint:
    cargo fmt --check
    cargo clippy --release --workspace --all-targets -- -D warnings
    typos
    git ls-files '*.sh' .ci/run .ci/nightly | xargs shellcheck --external-sources
    ruff check scripts

# Build the book into target/book and check all links
docs:
    scripts/dev/docs-check.sh

# Write the command-line reference from the programs
reference:
    cargo build --release -p edge-runtime -p host-trainer
    scripts/dev/command-line-reference.sh

# Documentation of the crates
rustdoc:
    RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --workspace

# What every change must pass
ci:
    .ci/run

# What takes longer: all steps, or those that are named
nightly *steps:
    .ci/nightly {{ steps }}

# Cross-build edge-runtime for boards
cross arch="aarch64":
    scripts/deploy/cross-build.sh {{ arch }}

# Make the Debian package
package arch="aarch64":
    scripts/deploy/package.sh {{ arch }}

# Deploy to boards: `just deploy pi@ward1 --sudo`
deploy *arguments:
    scripts/deploy/deploy.sh {{ arguments }}

# Time the engine
bench:
    cargo bench --workspace --bench engine
