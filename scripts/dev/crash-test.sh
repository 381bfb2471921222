#!/usr/bin/env bash
# Kills the daemon (SIGKILL) at random points of an import of 200 images, again and again, and checks after each one
# that no image is lost, doubled or torn and that the chain of records verifies.
#
#   scripts/dev/crash-test.sh [KILLS] [SEED]      100 kills and seed 1 unless told otherwise
#
# SIGKILL loses nothing that was written: what a disk loses without power is not played here. So everything lies in
# memory where there is /dev/shm, which makes no difference but to the time.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -w /dev/shm ]; then export TMPDIR=/dev/shm; fi
CRASH_KILLS=${1:-100} CRASH_SEED=${2:-1} \
  cargo test --release -p edge-runtime --test crash -- --nocapture
