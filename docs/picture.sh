#!/usr/bin/env bash
# Draws docs/run.svg, the picture in the README: a real run of the release binary on a small folder.
# Usage: docs/picture.sh [BINARY]   (needs python3; without BINARY the release binary is built first)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

if [ $# -gt 0 ]; then
  binary=$(realpath "$1")
else
  cargo build --release --locked --quiet
  binary=$(realpath "${CARGO_TARGET_DIR:-target}/release/lynklint")
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tree/.github/workflows" "$work/tree/src"

# The files are written with the macros of the rule examples, so that this script holds nothing token-shaped.
cat >"$work/tree/.github/workflows/sbom.yml" <<'FILE'
on: push
jobs:
  upload:
    runs-on: ubuntu-latest
    steps:
      - run: pylynk upload --prod demo --sbom sbom.json
        env:
          INTERLYNK_SECURITY_TOKEN: $PERSONAL
FILE
cat >"$work/tree/src/upload.py" <<'FILE'
import os

token = os.environ.get("INTERLYNK_SECURITY_TOKEN", "$SERVICE")
FILE
cat >"$work/tree/README.md" <<'FILE'
Set `INTERLYNK_SECURITY_TOKEN=lynk_live_...` and run `pylynk prods`.
FILE

cat >"$work/picture.py" <<'PYTHON'
"""expand FOLDER: macros to made-up tokens. draw: ANSI text on standard input to SVG on standard output."""
import hashlib
import pathlib
import re
import sys
from html import escape

# As in src/rule/example.rs.
MACROS = [("$PERSONAL", "lynk_live_"), ("$SERVICE", "lynk_service_live_")]
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE = ["#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4"]
BRIGHT = ["#6e7681", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff"]
FOREGROUND, BACKGROUND = "#c9d1d9", "#0d1117"
CHARACTER, LINE, MARGIN = 8.4, 19, 16


def body(name):
    digest = hashlib.sha256(name.encode()).digest() + hashlib.sha256((name + "+").encode()).digest()
    return "".join(ALPHABET[byte % 58] for byte in digest[:36])


def expand(folder):
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            text = path.read_text()
            for name, prefix in MACROS:
                text = text.replace(name, prefix + body(name))
            path.write_text(text)


def styled(state, codes):
    """The style after one escape sequence: (colour, bold, dim, italic, underline)."""
    colour, *flags = state
    codes = [int(it or 0) for it in codes.split(";")]
    while codes:
        code = codes.pop(0)
        if code == 0:
            colour, flags = None, [False] * 4
        elif code in (1, 2, 3, 4):
            flags[code - 1] = True
        elif code == 22:
            flags[0] = flags[1] = False
        elif code in (23, 24):
            flags[code - 21] = False
        elif 30 <= code <= 37:
            colour = BASE[code - 30]
        elif 90 <= code <= 97:
            colour = BRIGHT[code - 90]
        elif code == 39:
            colour = None
        elif code == 38 and codes[:1] == [5]:
            index = codes[1]
            colour = (BASE + BRIGHT)[index] if index < 16 else FOREGROUND
            codes = codes[2:]
        elif code == 38 and codes[:1] == [2]:
            colour = "#%02x%02x%02x" % tuple(codes[1:4])
            codes = codes[4:]
    return (colour, *flags)


def runs(line, state):
    """The pieces of a line with their columns and styles, and the style that goes on in the next line."""
    pieces, column = [], 0
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        if piece.startswith("\x1b"):
            state = styled(state, piece[2:-1])
        elif piece:
            pieces.append((column, piece, state))
            column += len(piece)
    return pieces, column, state


def span(column, text, state):
    colour, bold, dim, italic, underline = state
    lead = len(text) - len(text.lstrip(" "))
    text, column = text.strip(" "), column + lead
    if not text:
        return ""
    style = f' fill="{colour}"' if colour else ""
    style += ' font-weight="bold"' if bold else ""
    style += ' opacity="0.7"' if dim else ""
    style += ' font-style="italic"' if italic else ""
    style += ' text-decoration="underline"' if underline else ""
    x, width = MARGIN + column * CHARACTER, len(text) * CHARACTER
    return f'<tspan x="{x:.1f}" textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"{style}>{escape(text)}</tspan>'


def draw(text):
    state, widest, rows = (None, False, False, False, False), 0, []
    lines = text.rstrip("\n").split("\n")
    for number, line in enumerate(lines):
        pieces, columns, state = runs(line, state)
        widest = max(widest, columns)
        spans = "".join(span(*it) for it in pieces)
        if spans:
            rows.append(f'<text y="{MARGIN + 14 + number * LINE}" xml:space="preserve">{spans}</text>')
    width, height = 2 * MARGIN + widest * CHARACTER, 2 * MARGIN + len(lines) * LINE
    size = f'width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}"'
    print(f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="A run of lynklint check">')
    print(f'<rect width="100%" height="100%" rx="6" fill="{BACKGROUND}"/>')
    print(f'<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,\'DejaVu Sans Mono\',monospace" font-size="14" fill="{FOREGROUND}">')
    print("\n".join(rows))
    print("</g>\n</svg>")


if sys.argv[1] == "expand":
    expand(sys.argv[2])
else:
    draw(sys.stdin.read())
PYTHON

python3 "$work/picture.py" expand "$work/tree"
status=0
(cd "$work/tree" && env -u NO_COLOR "$binary" check . --color always) >"$work/run.txt" || status=$?
[ "$status" -eq 2 ] || { echo "expected exit code 2, got $status" >&2; exit 1; }
{ printf '\033[1m$ lynklint check\033[0m\n\n'; cat "$work/run.txt"; } >"$work/screen.txt"
python3 "$work/picture.py" draw <"$work/screen.txt" >"$work/run.svg"
mv "$work/run.svg" "$root/docs/run.svg"
