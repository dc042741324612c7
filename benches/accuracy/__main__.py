"""Measures lynklint on folders of real files, one folder for each collection:

    LYNKLINT_CORPORA=FOLDER [LYNKLINT=target/release/lynklint] python3 benches/accuracy [SEED]

Prints three tables in Markdown: the findings in the files as they are, those after every `…TOKEN` in them was given the
name of an Interlynk token, and how many tokens put at random sites are found at the right line, column, address and place.
Needs PyYAML and bash; with python-hcl2, Terraform files take part. Nothing is written but a temporary folder.
"""

import collections
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import oracle
import places
import sites

BINARY = os.environ.get("LYNKLINT", "target/release/lynklint")
SITES_PER_FILE = 4
SYNTAX = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml", ".tf": "hcl"}
SCRIPTS = re.compile(r"(\.(sh|groovy|mk|bash|ps1)|Dockerfile|Jenkinsfile|Makefile)$")


def main():
    corpora = os.environ.get("LYNKLINT_CORPORA")
    if not corpora:
        sys.exit("skipped: LYNKLINT_CORPORA names no folder")
    seed = int(sys.argv[1]) if 1 < len(sys.argv) else 1
    folders = sorted(it for it in pathlib.Path(corpora).iterdir() if it.is_dir())
    print("## As they are\n")
    rules(folders, lambda text: text)
    print("\n## With every token named like Interlynk's\n")
    rules(folders, lambda text: re.sub(r"\b[A-Z][A-Z0-9_]*TOKEN\b", sites.NAME, text))
    print(f"\n## With tokens at random sites, seed {seed}\n")
    injected(folders, random.Random(seed))


def rules(folders, change):
    """Findings for each rule and collection, in the files after a change."""
    counts, totals = collections.Counter(), {}
    for folder in folders:
        with tempfile.TemporaryDirectory() as root:
            total = 0
            for path, text in files(folder):
                write(pathlib.Path(root) / home(path, text), change(text))
                total += 1
            totals[folder.name] = total
            counts.update((it["rule"]["id"], folder.name) for it in findings(root))
    names = [it.name for it in folders]
    table(["rule", *names, "all"])
    row(["*files*", *totals.values(), sum(totals.values())])
    for rule in sorted({it[0] for it in counts}):
        found = [counts[rule, it] for it in names]
        row([rule, *found, sum(found)])


def injected(folders, rng):
    cases = []
    with tempfile.TemporaryDirectory() as root:
        for folder in folders:
            for path, text in files(folder):
                cases += inject(pathlib.Path(root), len(cases), folder.name, path, text, rng)
        found = collections.defaultdict(list)
        for it in findings(root):
            if it["token"]:
                found[it["range"]["filename"].split("/")[0]].append(it)
    tally, misses = collections.defaultdict(collections.Counter), []
    for case in cases:
        diagnostics = found.get(case["id"], [])
        judged = judge(case, diagnostics)
        platform = next((it["site"]["platform"] for it in diagnostics if it["site"]), None)
        counts = tally[platform or "(no known system)"]
        for kind, right in judged.items():
            counts.update({kind: right, "asked " + kind: 1})
        misses += [(what, case, diagnostics) for what, right in judged.items() if not right]
    kinds = ["found", "position", "address", "place"]
    table(["platform", *(f"{it} right" if it != "found" else it for it in kinds)])
    for platform, counts in sorted(tally.items()):
        row([platform, *(ratio(counts, it) for it in kinds)])
    row(["all", *(ratio(sum(tally.values(), collections.Counter()), it) for it in kinds)])
    print()
    for what, case, diagnostics in misses[: int(os.environ.get("MISSES", "40"))]:
        got = [(it["range"]["start"], it["address"], it["site"]["place"]) for it in diagnostics]
        print(f"- {what}: {case['path']} {case['form']}: {case['expected']}, not {got}")


def inject(root, number, corpus, path, text, rng):
    """Writes copies of a file with a token each, and says what is to be found in them."""
    suffix = pathlib.PurePath(path).suffix
    syntax = SYNTAX.get(suffix) or ("script" if SCRIPTS.search(path) else None)
    if syntax is None or "\ufeff" in text or (syntax == "hcl" and not oracle.hcl2):
        return []
    where = home(path, text)
    platform = system(where, text)
    try:
        edits = sites.drawn(
            syntax, text, lambda it: places.place(platform, it), rng, SITES_PER_FILE
        )
    except oracle.Unreadable:
        return []
    cases = []
    for edit in edits:
        token = "lynk_" + "live_" + "".join(rng.choices("ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789", k=39))
        changed = edit.apply(text, token)
        try:
            address = oracle.address(syntax, changed, token) if syntax != "script" else ...
        except oracle.Unreadable:  # The edit broke the file.
            continue
        identity = f"c{number + len(cases)}"
        write(root / identity / where, changed)
        line = changed.count("\n", 0, edit.offset()) + 1
        column = edit.offset() - (changed.rfind("\n", 0, edit.offset()) + 1) + 1
        expected = expectation(edit, address, platform)
        cases.append({"id": identity, "path": f"{corpus}/{path}", "form": edit.form, "at": (line, column), "expected": expected})
    return cases


def expectation(edit, address, platform):
    """The address and the place that an edit must have; `...` where this oracle does not know."""
    if address is ...:
        return ..., ...
    if edit.form in ("variable", "export"):
        return f"{address}.{sites.NAME}", ["env"]
    if edit.form in sites.SCRIPT:
        return address, [sites.SCRIPT[edit.form][1]]
    if address is None:
        return None, [None]
    place = places.place(platform, address)
    if edit.form == "line" or place is None:
        return address, ...
    # A value alone in a script is the name of a command.
    return address, place


def judge(case, diagnostics):
    """What is right of a case, by what was asked. An anchor is also reported where an alias repeats it."""
    judged = {"found": bool(diagnostics)}
    if not diagnostics:
        return judged
    starts = [(it["range"]["start"]["line"], it["range"]["start"]["column"]) for it in diagnostics]
    judged["position"] = set(starts) == {case["at"]}
    address, place = case["expected"]
    if any(it["site"]["platform"] is None for it in diagnostics):
        return judged
    if address is not ...:
        judged["address"] = any(it["address"] == address for it in diagnostics)
    if place is not ...:
        judged["place"] = any(it["site"]["place"] in place for it in diagnostics)
    return judged


def files(folder):
    """The text files of a collection: path and text."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 20:
            try:
                yield str(path.relative_to(folder)), path.read_bytes().decode()
            except UnicodeDecodeError:
                continue


def home(path, text):
    """Where a file would stand in a repository: test data lies elsewhere."""
    if not path.endswith((".yml", ".yaml")) or re.search(r"^apiVersion:", text, re.MULTILINE):
        return path
    top = set(re.findall(r"^['\"]?([\w.-]+)['\"]?:", text, re.MULTILINE))
    name = pathlib.PurePath(path).name
    if {"on", "jobs"} <= top:
        return f".github/workflows/{name}"
    if {"runs", "name"} <= top:
        return "action.yml"
    if "glsec" in path or "gl0" in name:
        return f"ci/{pathlib.PurePath(path).stem}.gitlab-ci.yml"
    return path


def system(path, text):
    """The system that reads a file, as far as the oracle's table knows it."""
    if path.startswith(".github/workflows/"):
        return "github-actions"
    if path.endswith("action.yml"):
        return "github-composite"
    if ".gitlab-ci." in path:
        return "gitlab-ci"
    if re.search(r"(^|/)(docker-)?compose[^/]*$", path):
        return "compose"
    for group, name in (("tekton.dev/", "tekton"), ("argoproj.io/", "argo-workflows")):
        if re.search(rf"^apiVersion:\s*['\"]?(triggers\.)?{re.escape(group)}", text, re.MULTILINE):
            return name
    return None


def findings(root):
    command = [os.path.abspath(BINARY), "check", ".", "--no-ignore", "--format", "jsonl"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    if done.returncode not in (0, 2):
        sys.exit(f"lynklint ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
    return [it for it in map(json.loads, done.stdout.splitlines()) if it.get("rule")]


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def ratio(counts, kind):
    """`right of asked`, from a tally of judged cases."""
    return f"{counts[kind]} of {counts['asked ' + kind]}"


def table(heads):
    row(heads)
    row(["---"] * len(heads))


def row(cells):
    print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    main()
