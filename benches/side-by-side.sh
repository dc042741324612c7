#!/usr/bin/env bash
# Times `lynklint check` beside `rg -uu -F lynk` on the same tree, in turn, and prints the medians and their ratio.
#   benches/side-by-side.sh TREE [ROUNDS]        needs rg on the path; TREE is best a clean checkout
set -euo pipefail
tree=${1:?give a folder}
rounds=${2:-11}
cargo build --quiet --release --locked
bin=$(cargo metadata --no-deps --format-version 1 | python3 -c 'import json,sys; print(json.load(sys.stdin)["target_directory"])')/release/lynklint
python3 - "$bin" "$tree" "$rounds" <<'P'
import os, resource, statistics, subprocess, sys, time
binary, tree, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
commands = {"lynklint": [binary, "check", ".", "--jobs", "2"], "rg": ["rg", "-uu", "-F", "lynk", "-j2", "."]}
wall, cpu = {k: [] for k in commands}, {k: [] for k in commands}
for turn in range(rounds + 1):
    for name, command in commands.items():
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if turn:  # The first turn warms the page cache.
            wall[name].append(took)
            cpu[name].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
for what, figures in (("wall", wall), ("cpu", cpu)):
    ours, theirs = (statistics.median(figures[k]) for k in ("lynklint", "rg"))
    pairs = statistics.median(a / b for a, b in zip(figures["lynklint"], figures["rg"]))
    print(f"{what}: lynklint {ours:.3f} s, rg {theirs:.3f} s, ratio {pairs:.2f}")
P
