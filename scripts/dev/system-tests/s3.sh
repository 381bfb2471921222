#!/usr/bin/env bash
# Computes shards of features into an S3 bucket of a server on this machine, and checks that a fit from them gives the
# same classifier head as one from shards in a folder, and that a missing shard is named.
#
#   scripts/dev/system-tests/s3.sh HOST_TRAINER
#
# HOST_TRAINER is a program that was built with `--features s3`. PYTHON: an interpreter with moto[server] and boto3.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=scripts/dev/lib/testing.sh
. scripts/dev/lib/testing.sh
[ $# -eq 1 ] || { usage >&2; exit 2; }
trainer=$(realpath "$1") python=${PYTHON:-python3}
"$python" -c 'import boto3, moto.server' 2>/dev/null || skip "$python has no moto[server] and boto3"
work=$(mktemp -d)
said=$work/output
server=
finish() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"; }
trap finish EXIT

begin "an S3 server with one bucket"
port=$(free_port)
export AWS_ENDPOINT=http://127.0.0.1:$port AWS_ALLOW_HTTP=true AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
"$python" -m moto.server -H 127.0.0.1 -p "$port" >"$work/server.log" 2>&1 &
server=$!
create_bucket() {
  "$python" -c 'import boto3, sys; boto3.client("s3", endpoint_url=sys.argv[1]).create_bucket(Bucket="xray")' \
    "$AWS_ENDPOINT" >"$said" 2>&1
}
until_true 30 create_bucket || die "the server has no bucket"

data=$work/phantoms
"$trainer" phantoms --out "$data" --count 8 --seed 5 >/dev/null
options=(--data "$data" --device cpu --quiet --backbones random --calibrate-on 4 --cache "$work/cache")
features() { "$trainer" features "${options[@]}" --shard "$1/2" --out "$2" >"$said" 2>&1; }
# fit SHARDS RUN: prints the hash of the head.
fit() {
  "$trainer" fit "${options[@]}" --epochs 3 --shards "$1" --out "$2" >"$said" 2>&1 || return 1
  hash_of "$2/head.safetensors"
}

begin "half of the shards"
features 1 s3://xray/chest/features || die "the first shard cannot be written to the bucket"
if fit s3://xray/chest/features "$work/incomplete" >/dev/null; then die "a fit starts without the second shard"; fi
grep -q 2 "$said" || die "the missing shard is not named"
well "$(tail -n 1 "$said")"

begin "all shards"
features 2 s3://xray/chest/features || die "the second shard cannot be written to the bucket"
for shard in 1 2; do features $shard "$work/features" || die "shard $shard cannot be written to a folder"; done
from_bucket=$(fit s3://xray/chest/features "$work/bucket") || die "no fit from the bucket"
from_folder=$(fit "$work/features" "$work/folder") || die "no fit from the folder"
[ "$from_bucket" = "$from_folder" ] || die "the fit from the bucket has another head"
well "the fit from the bucket has the same head as the one from a folder: ${from_bucket:0:16}"

begin "a bucket that does not exist"
if features 1 s3://missing/features; then die "a shard was written to a bucket that does not exist"; fi
well "$(tail -n 1 "$said")"
echo "s3: $checks checks passed"
