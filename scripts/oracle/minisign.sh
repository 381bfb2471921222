#!/usr/bin/env bash
# Keys and signatures by the minisign tool (Debian: apt-get install minisign), for xray-core/tests/integration/signature.rs.
#
#   scripts/oracle/minisign.sh
#
# The secret keys are deleted. `message` is no model: signatures are checked before a file is parsed.
set -euo pipefail
cd "$(dirname "$0")/../../xray-core/tests/fixtures/signature"
secrets=$(mktemp -d)
trap 'rm -rf "$secrets"' EXIT
printf 'The quick brown fox jumps over the lazy dog.\n' >message
for name in first second; do
  rm -f "$name.pub"
  minisign -G -W -p "$name.pub" -s "$secrets/$name" >/dev/null
  minisign -S -s "$secrets/$name" -m message -x "message.$name.minisig" -t "by $name" >/dev/null
done
# The form before minisign 0.6, over the file itself and not over its hash.
minisign -S -l -s "$secrets/first" -m message -x message.legacy.minisig -t legacy >/dev/null
