#!/usr/bin/env bash
# Kills the daemon (SIGKILL) at random points of an import of 200 images, and checks after each kill that no image
# is lost, doubled or torn and that the chain of records verifies.
#
#   scripts/dev/crash-test.sh [KILLS] [SEED]      default: 100 kills, seed 1
#
# SIGKILL loses nothing that was written; what a disk loses without power is tested elsewhere. So the files are in memory
# where there is /dev/shm, which is faster.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -w /dev/shm ]; then export TMPDIR=/dev/shm; fi
CRASH_KILLS=${1:-100} CRASH_SEED=${2:-1} \
  cargo test --release --workspace --test crash -- --nocapture
