#!/usr/bin/env bash
# Times twenty epochs of host-trainer, which computes features once, and of the article's method, which runs both frozen
# nets in every epoch (article.py, PyTorch).
#
#   scripts/research/bench/article.sh DATA WEIGHTS WORK [FIT OPTION...]
#
# DATA is a folder with train/NORMAL and train/PNEUMONIA, of which IMAGES (512) are taken; WEIGHTS the folder with
# torchvision's safetensors files for both, or `random`; WORK an empty folder. Both train on the same images on this
# machine, alternately: ROUNDS (2) times EPOCHS (1) epochs of PyTorch, then three whole fits from an empty cache: the
# article's recipe with float backbones, which is the same work; that recipe with int8 backbones, the default on a CPU; and
# `fit` with its defaults. A fit is timed from the start of the program to its end; PyTorch's time for 20 epochs is 20 times
# the mean of the measured epochs, without the start of Python. EPOCHS=20 ROUNDS=1 measures all of them.
# PYTHON names the interpreter that has torch, torchvision, safetensors and Pillow.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 2; }
data=$1 weights=$2 work=$3
shift 3
here=$(cd "$(dirname "$0")/../../.." && pwd)
trainer=$here/target/release/host-trainer
python=${PYTHON:-python3}
images=${IMAGES:-512} rounds=${ROUNDS:-2} epochs=${EPOCHS:-1}
[ -x "$trainer" ] || { echo "build it first: cargo build --release -p host-trainer" >&2; exit 1; }
mkdir -p "$work"
[ -z "$(ls -A "$work")" ] || { echo "$work is not empty" >&2; exit 2; }

# Every n-th image of each class, so that their ratio stays.
for class in NORMAL PNEUMONIA; do
  mkdir -p "$work/data/train/$class"
  all=$(find "$data/train/$class" -type f | wc -l)
  both=$(find "$data/train" -type f | wc -l)
  take=$((images * all / both))
  [ "$class" = NORMAL ] && normal=$take || take=$((images - normal))
  find "$data/train/$class" -type f | LC_ALL=C sort | awk -v all="$all" -v take="$take" \
    'int(NR * take / all) > int((NR - 1) * take / all)' | xargs -d '\n' cp -t "$work/data/train/$class"
done
if [ "$weights" = random ]; then
  backbones=(--backbones random)
else
  backbones=(--weights-dir "$work/weights")
  for net in densenet169 mobilenet_v2; do
    "$trainer" weights import "$weights"/$net-*.safetensors --as "${net/_/-}" --weights-dir "$work/weights" >&2
  done
fi

for round in $(seq "$rounds"); do
  echo "round $round of $rounds, load average $(cut -d ' ' -f 1 /proc/loadavg)" >&2
  "$python" "$here/scripts/research/bench/article.py" "$work/data" "$weights" "$epochs" >>"$work/torch.jsonl"
  for recipe in float article default; do
    case $recipe in
      float) options=(--recipe article --features-by float) ;;
      article) options=(--recipe article) ;;
      default) options=() ;;
    esac
    started=$(date +%s.%N)
    "$trainer" fit --data "$work/data" --out "$work/$recipe$round" --cache "$work/cache-$recipe$round" --epochs 20 \
      --device cpu --quiet --json "${backbones[@]}" "${options[@]}" "$@" >"$work/run.json"
    ended=$(date +%s.%N)
    python3 -c 'import json, sys
run = json.load(open(sys.argv[1]))
print(json.dumps({"seconds": float(sys.argv[3]) - float(sys.argv[2]), "timings": run["timings"], "epochs": len(run["history"])}))' \
      "$work/run.json" "$started" "$ended" >>"$work/$recipe.jsonl"
  done
done

python3 - "$work" <<'PYTHON'
import json, statistics, sys
read = lambda name: [json.loads(line) for line in open(f"{sys.argv[1]}/{name}.jsonl")]
torch = read("torch")
epochs = [s for row in torch for s in row["epoch_seconds"]]
theirs = 20 * statistics.mean(epochs)
print(f"PyTorch {torch[0]['torch']}, {torch[0]['threads']} threads, {torch[0]['images']} images: "
      f"{', '.join(f'{s:.1f}' for s in epochs)} s an epoch, 20 epochs {theirs:.0f} s")
for recipe, what in [("float", "the article's recipe in float"), ("article", "the article's recipe"), ("default", "defaults")]:
    fit = read(recipe)
    ours = statistics.mean(row["seconds"] for row in fit)
    last = fit[-1]["timings"]
    print(f"host-trainer, {what}, 20 epochs: {', '.join('%.1f' % row['seconds'] for row in fit)} s "
          f"(features of {last['computed']} images and views {last['features']:.1f}, training {last['training']:.1f}); "
          f"ratio {theirs / ours:.1f}")
PYTHON
