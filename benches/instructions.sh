#!/usr/bin/env bash
# How many instructions the program takes for what must not regress, counted by callgrind: unlike
# time they hardly change from run to run. Needs valgrind.
#
#   cargo build --release && cargo bench --bench scale --no-run
#   benches/instructions.sh            # against instructions.txt; exit 1 if one grew by 3 %
#   benches/instructions.sh --record   # writes instructions.txt anew
#
# OSTRACON and SCALE name other programs than those below target/release. A kick or renewal may not
# come due while this runs: it takes a minute or two.
set -euo pipefail
cd "$(dirname "$0")"

newest() {
  find ../target/release/deps -name 'scale-*' -executable -printf '%T@ %p\n' |
    sort -n | tail -n1 | cut -d' ' -f2
}
ostracon=$(realpath "${OSTRACON:-../target/release/ostracon}")
scale=$(realpath "${SCALE:-$(newest)}")
recorded=$PWD/instructions.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Instructions of one command, all threads together.
count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$ostracon" "$@" 2>&1 > /dev/null |
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

# `name count` of everything that is watched.
measure() {
  echo "help $(count --help)"
  "$scale" generate "$work/w" 10000 single
  "$scale" converge "$work/w"
  echo "plan-10k $(count -C "$work/w" plan)"
}

measure > "$work/now"
if [[ ${1:-} == --record ]]; then
  cp "$work/now" "$recorded"
fi
awk '
  NR == FNR { before[$1] = $2; next }
  {
    change = before[$1] ? 100 * ($2 / before[$1] - 1) : 0
    printf "%-34s %14d %14d %+7.2f %%\n", $1, before[$1], $2, change
    if (change > 3) grew = 1
  }
  END { exit grew }
' "$recorded" "$work/now"
