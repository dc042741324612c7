"""Where a token may be put into a real file, so that the file stays what it is: edits, drawn at random."""

import json
import re
import subprocess
from dataclasses import dataclass

import oracle

HOST = "https://api.interlynk.io/lynkapi"
NAME = "INTERLYNK_SECURITY_TOKEN"

# What is written into a script, and the place that the token has in it.
SCRIPT = {
    "argument": ("pylynk upload --prod acme --sbom sbom.json --token {}", "argument"),
    "header": (f'curl -fsS -H "Authorization: Bearer {{}}" {HOST}', "argument"),
    "variable": (f"{NAME}={{}} pylynk prods", "env"),
    "export": (f"export {NAME}={{}}", "env"),
    "comment": ("# {}", "script"),
}


@dataclass
class Edit:
    """A span of a file's characters, what replaces it (`{}` is the token), and what was meant by it."""

    start: int
    end: int
    text: str
    form: str

    def apply(self, text, token):
        return text[: self.start] + self.text.replace("{}", token) + text[self.end :]

    def offset(self):
        return self.start + self.text.index("{}")


def drawn(syntax, text, place, rng, most):
    """Up to `most` edits of a file; `place` tells what an address is for."""
    if syntax == "yaml":
        return yaml_edits(text, place, rng, most)
    if syntax in ("json", "hcl", "toml"):
        sign = ":" if syntax == "json" else "="
        values = re.finditer(rf'{sign}\s*"([^"\\$%{{}}\n]*)"', text)
        edits = [Edit(it.start(1), it.end(1), "{}", "value") for it in values]
        return rng.sample(edits, min(most, len(edits)))
    ends = [it.start() for it in re.finditer(r"(?<!\\)\n", text)]
    lines = [Edit(at, at, "\nexport " + NAME + "={}", "line") for at in ends]
    return rng.sample(lines, min(most, len(lines)))


def yaml_edits(text, place, rng, most):
    nodes = [it for it in oracle.yaml_nodes(text) if it[1].start_mark.index < it[1].end_mark.index]
    rng.shuffle(nodes)
    # Half of the draws go to scripts, variables and inputs, where tokens really stand; most values are names and such.
    telling = [it for it in nodes if place(oracle.written(it[0])) not in (None, ["value"])]
    chosen = telling[: most // 2]
    chosen += [it for it in nodes if it not in chosen][: most - len(chosen)]
    edits = []
    for steps, node, flow in chosen:
        edits += yaml_edit(text, node, flow, place(oracle.written(steps)), rng)
    return edits


def yaml_edit(text, node, flow, place, rng):
    if place == ["script"] and re.search(r"^\s*(- )?shell:", text, re.MULTILINE):
        place = ["script", "argument", "env"]  # Another interpreter may run it.
    start, end = node.start_mark.index, node.end_mark.index
    if node.style in ("|", ">"):
        return block(text, node, place, rng)
    rest = re.match(r"[ \t]*(?=\r?\n|\Z)", text[end:])
    if rest and not flow and rng.random() < 0.2:
        return [Edit(end, end, " # {}", "yaml-comment")]
    if place == ["script"]:
        form = rng.choice(["argument", "header", "variable"])
        return [Edit(start, end, json.dumps(SCRIPT[form][0]), form)]
    quote = rng.choice(["'{}'", '"{}"', "{}"])
    return [Edit(start, end, quote, "value")]


def block(text, node, place, rng):
    """A line more in a block scalar."""
    first = text.index("\n", node.start_mark.index) + 1
    lines = text[first : node.end_mark.index].split("\n")
    indents = [len(it) - len(it.lstrip(" ")) for it in lines if it.strip()]
    if not indents:
        return []
    indent = indents[0]
    own = [it[indent:].rstrip("\r") for it in lines]
    at = rng.randrange(len(lines))
    form = "line"
    if place == ["script"] and node.style == "|" and is_shell(own):
        # The beginning of a script stands in no quotes, no here-document and no command of another line.
        while 0 < at and not is_whole(own[:at]):
            at -= 1
        at = max(at, 1) if own[0].startswith("#!") else at
        form = rng.choice(list(SCRIPT))
    start = first + sum(len(it) + 1 for it in lines[:at])
    line = SCRIPT[form][0] if form in SCRIPT else "{}"
    return [Edit(start, start, " " * indent + line + "\n", form)]


def is_shell(lines):
    foreign = lines[0].startswith("#!") and not re.search(r"\b(ba|da|k|z)?sh\b", lines[0])
    return not foreign and is_whole(lines)


def is_whole(lines):
    """Whether another parser, bash itself, finds nothing begun that does not end."""
    script = "\n".join(lines) + "\n"
    if lines[-1].endswith("\\"):
        return False
    done = subprocess.run(["bash", "-n"], input=script.encode(), capture_output=True, check=False)
    return done.returncode == 0 and not done.stderr
