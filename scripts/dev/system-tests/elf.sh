#!/usr/bin/env bash
# Tests what scripts/deploy/cross-build.sh checks programs with, on programs of this machine.
#
#   scripts/dev/system-tests/elf.sh
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=scripts/deploy/lib/elf.sh
. scripts/deploy/lib/elf.sh
# shellcheck source=scripts/dev/lib/testing.sh
. scripts/dev/lib/testing.sh

newer 2.32 2.31 || die "2.32 is newer than 2.31"
newer 2.31 2.9 || die "numbers are compared, not letters"
newer 2.31 2.31 && die "equal is not newer"
newer 2.17 2.31 && die "2.17 is older"
program=$(command -v sort)
here=$(ldd --version | grep -oE '[0-9.]+$' | head -n 1)
found=$(highest_glibc "$program")
[ -n "$found" ] || die "$program needs no glibc"
newer "$found" "$here" && die "$program runs here and needs glibc $found, over $here"
[[ $(libraries "$program") == *libc.so.6* ]] || die "$program is not linked with the C library"
[ -z "$(symbols_above "$program" "$found")" ] || die "symbols above the highest"
[ -n "$(symbols_above "$program" 2.0)" ] || die "no symbol above 2.0"
[ -z "$(highest_glibc /etc/hostname)" ] || die "a text needs no glibc"
echo "elf: passed"
