#!/usr/bin/env bash
# Times `lynklint check --history` beside git's own way through all objects of a repository, in turn, and prints the medians
# and their ratio.
#   benches/history.sh REPOSITORY [ROUNDS]        best with a big one, such as a bare mirror of ansible/ansible
set -euo pipefail
repository=${1:?give a repository}
rounds=${2:-5}
cargo build --quiet --release --locked
bin=$(cargo metadata --no-deps --format-version 1 | python3 -c 'import json,sys; print(json.load(sys.stdin)["target_directory"])')/release/lynklint
python3 - "$bin" "$repository" "$rounds" <<'P'
import os, statistics, subprocess, sys, time
binary, repository, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
commands = {
    "lynklint": [binary, "check", "--history", "--jobs", "2", "--format", "json"],
    "git": ["git", "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"],
}
wall, cpu, peak = ({k: [] for k in commands} for _ in range(3))
for turn in range(rounds + 1):
    for name, command in commands.items():
        began = time.perf_counter()
        child = subprocess.Popen(command, cwd=repository, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, used = os.wait4(child.pid, 0)
        if turn:  # The first turn warms the page cache.
            wall[name].append(time.perf_counter() - began)
            cpu[name].append(used.ru_utime + used.ru_stime)
            peak[name].append(used.ru_maxrss / 1024)
for what, figures, unit in (("wall", wall, "s"), ("cpu", cpu, "s"), ("peak", peak, "MiB")):
    ours, theirs = (statistics.median(figures[k]) for k in ("lynklint", "git"))
    pairs = statistics.median(b / a for a, b in zip(figures["lynklint"], figures["git"]))
    print(f"{what}: lynklint {ours:.2f} {unit}, git {theirs:.2f} {unit}, git / lynklint {pairs:.1f}")
P
