"""Says where a text stands in a data file, by parsers that lynklint does not use: PyYAML, json, tomllib, python-hcl2."""

import json
import tomllib

import yaml

try:
    import hcl2
except ImportError:  # Terraform files are left out then.
    hcl2 = None


# libyaml where PyYAML has it: some hundred times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(Exception):
    """The oracle's own parser refuses the file."""


def address(syntax, text, needle):
    """The address of the value that holds `needle`, as lynklint writes addresses; nothing where no value holds it."""
    for steps, value in SYNTAXES[syntax](text):
        if needle in value:
            return written(steps)
    return None


def written(steps):
    out = ""
    for step in steps:
        if isinstance(step, int):
            out += f"[{step}]"
        elif step and all(it.isalnum() or it in "_-/$" for it in step):
            out += f".{step}" if out else step
        else:
            out += f"[{json.dumps(step, ensure_ascii=False)}]"
    return out


def yaml_nodes(text):
    """The scalars of every document: steps, node, whether the node stands in brackets."""
    seen = set()

    def walk(node, steps, flow):
        if id(node) in seen:  # An alias: what it repeats stands elsewhere.
            return
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            yield steps, node, flow
            return
        flow = flow or bool(node.flow_style)
        if isinstance(node, yaml.SequenceNode):
            for index, below in enumerate(node.value):
                yield from walk(below, [*steps, index], flow)
            return
        for key, below in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is None:
                continue
            inner = [*steps, name]
            if name == "<<":  # A merge: its entries are those of the mapping around it.
                inner = steps
            yield from walk(below, inner, flow)

    try:
        documents = list(yaml.compose_all(text, LOADER))
    except (yaml.YAMLError, RecursionError) as error:
        raise Unreadable from error
    for document in documents:
        if document is not None:
            yield from walk(document, [], False)


def of_yaml(text):
    return ((steps, node.value) for steps, node, _ in yaml_nodes(text))


def leaves(tree, steps=()):
    """The scalars of a tree of dictionaries and lists."""
    if isinstance(tree, dict):
        for key, below in tree.items():
            yield from leaves(below, (*steps, str(key)))
    elif isinstance(tree, list):
        for index, below in enumerate(tree):
            yield from leaves(below, (*steps, index))
    else:
        yield steps, str(tree)


def of_json(text):
    try:
        return leaves(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise Unreadable from error


def of_toml(text):
    try:
        return leaves(tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        raise Unreadable from error


def of_hcl(text):
    try:
        tree = hcl2.loads(text)
    except Exception as error:  # It raises whatever its parser generator does.
        raise Unreadable from error
    return leaves(named(tree))


def named(tree):
    """A tree of python-hcl2, which puts every block into a list, as lynklint names it: by the blocks' labels alone."""
    if isinstance(tree, list):
        return [named(it) for it in tree]
    if not isinstance(tree, dict):
        return tree
    out = {}
    for key, below in tree.items():
        key = key.strip('"')
        blocks = isinstance(below, list) and below and all(is_block(it) for it in below)
        for block in map(named, below) if blocks else [named(below)]:
            if blocks and isinstance(out.get(key), dict):
                merge(out[key], block)
            else:
                out[key] = block
    return out


def is_block(tree):
    """Whether a dictionary is a block, or the labels around one."""
    return isinstance(tree, dict) and (
        "__is_block__" in tree or any(is_block(it) for it in tree.values())
    )


def merge(into, block):
    """Blocks of one name: where both have an attribute, the place is not told by the name, and the latter is kept aside."""
    for key, value in block.items():
        if isinstance(into.get(key), dict) and isinstance(value, dict):
            merge(into[key], value)
        elif key in into and key != "__is_block__":
            into[key] = f"{into[key]}\n{value}"
        else:
            into[key] = value


SYNTAXES = {"yaml": of_yaml, "json": of_json, "toml": of_toml}
if hcl2:
    SYNTAXES["hcl"] = of_hcl
