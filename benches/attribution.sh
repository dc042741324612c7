#!/usr/bin/env bash
# Plants tokens in a history and times what it costs to say which commits and refs have them, beside git's own way through all
# objects. The repository is not touched: a bare clone borrows its objects, and gets 2,000 more commits on top.
#   benches/attribution.sh REPOSITORY [ROUNDS]        best with a big one, such as a bare mirror of rails/rails
set -euo pipefail
repository=$(realpath "${1:?give a repository}")
rounds=${2:-3}
bin=${LYNKLINT:-}
if [ -z "$bin" ]; then
  cargo build --quiet --release --locked
  bin=$(cargo metadata --no-deps --format-version 1 | python3 -c 'import json,sys; print(json.load(sys.stdin)["target_directory"])')/release/lynklint
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for tokens in 0 1 10 100; do
  git clone --quiet --bare --shared "$repository" "$folder/$tokens"
  git -C "$repository" for-each-ref --format='create %(refname) %(objectname)' 'refs/pull/*' 'refs/remotes/*' 'refs/merge-requests/*' |
    git -C "$folder/$tokens" update-ref --stdin
  python3 - "$tokens" <<'P' | git -C "$folder/$tokens" fast-import --quiet
import random, sys
tokens, commits = int(sys.argv[1]), 2000
random.seed(1)
alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
write = sys.stdout.write
for i in range(commits):
    write(f"commit refs/heads/planted\ncommitter C <c@example.com> {1700000000 + i} +0000\ndata 1\nx\n")
    if i == 0:
        write("from HEAD^0\n")
    write(f"M 644 inline planted/churn-{i % 40}/{i}.txt\ndata {len(str(i))}\n{i}\n")
    # A token comes every so many commits, and goes two hundred commits later.
    step = commits // tokens if tokens else 0
    if step and i % step == 0:
        text = "TOKEN=" + "_".join(["lynk", "live", "".join(random.choices(alphabet, k=36))])
        write(f"M 644 inline planted/{i % 7}/{i}.env\ndata {len(text)}\n{text}\n")
    if step and i >= 200 and (i - 200) % step == 0:
        write(f"D planted/{(i - 200) % 7}/{i - 200}.env\n")
    write("\n")
P
done
python3 - "$bin" "$folder" "$rounds" <<'P'
import json, os, statistics, subprocess, sys, time
binary, folder, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
scan = [binary, "check", "--history", "--jobs", "2", "--no-config", "--format", "json"]
commands = {f"{n} tokens": (scan, f"{folder}/{n}") for n in (0, 1, 10, 100)}
commands["git rev-list --objects --all"] = (["git", "rev-list", "--objects", "--all", "--missing=allow-any"], f"{folder}/100")
figures = {name: ([], []) for name in commands}
for turn in range(rounds + 1):
    for name, (command, here) in commands.items():
        out = open(f"{folder}/out", "wb") if name == "100 tokens" and turn == 0 else subprocess.DEVNULL
        began = time.perf_counter()
        child = subprocess.Popen(command, cwd=here, stdout=out, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        # Git must not have stopped half-way; lynklint found something, or nothing.
        assert os.waitstatus_to_exitcode(status) in ((0,) if command[0] == "git" else (0, 2)), name
        if turn:  # The first turn warms the page cache.
            figures[name][0].append(time.perf_counter() - began)
            figures[name][1].append(used.ru_utime + used.ru_stime)
report = json.load(open(f"{folder}/out"))
found = {it["token"]["fingerprint"] for it in report["diagnostics"] if it.get("token")}
whole = [it for it in report["diagnostics"] if it.get("commit") and it["commit"]["refs"] == ["refs/heads/planted"]]
print(f"{len(found)} of 100 tokens found, {len(whole)} of {len(report['diagnostics'])} findings with commits and the ref")
for name, (wall, cpu) in figures.items():
    print(f"{name}: wall {statistics.median(wall):.2f} s, least {min(wall):.2f} s, processor {min(cpu):.2f} s")
for n in (1, 10, 100):
    for what, kind in enumerate(("wall", "processor")):
        git = min(figures["git rev-list --objects --all"][what])
        more = min(figures[f"{n} tokens"][what]) - min(figures["0 tokens"][what])
        print(f"attribution of {n}, {kind}: {more:.2f} s, {more / git:.2f} of git rev-list --objects --all")
P
