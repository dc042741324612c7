"""What a place is for, told by its address: written from the vendors' references, not from lynklint's own data."""

import re

STEP = r"\.steps\[\d+\](\.steps\[\d+\])?"

# The first pattern that is found in the address decides; `value` where none is.
PLACES = {
    "github-actions": [
        (r"\.ACTIONS_(STEP|RUNNER)_DEBUG$", "debug"),
        (r"(^|\.)on\.workflow_(call|dispatch)\.inputs\..*\.default$", "default"),
        (r"^on\.workflow_dispatch\.inputs\.", "parameter"),
        (r"^on\.workflow_call\.outputs\b", "output"),
        (r"^env[.[]|^jobs\.[^.]+\.env[.[]|^jobs\.[^.]+\.(container|services\.[^.]+)\.env[.[]", "env"),
        (rf"^jobs\.[^.]+{STEP}\.env[.[]", "env"),
        (r"^jobs\.[^.]+\.(container|services\.[^.]+)\.credentials\.", "credential"),
        (rf"^jobs\.[^.]+{STEP}\.run$", "script"),
        (rf"^jobs\.[^.]+{STEP}\.with\.path$", "input|artifact"),
        (rf"^jobs\.[^.]+{STEP}\.with\.script$", "input|script"),
        (rf"^jobs\.[^.]+{STEP}\.with\.[^.]+$", "input"),
        (r"^jobs\.[^.]+\.(with|secrets)\.[^.]+$", "input"),
        (r"^jobs\.[^.]+\.outputs\.", "output"),
    ],
    "github-composite": [
        (r"^inputs\.[^.]+\.default$", "default"),
        (r"^outputs\.[^.]+\.value$", "output"),
        (r"^outputs\b", "output|value"),
        (r"^runs(\.steps\[\d+\])?\.env[.[]", "env"),
        (r"^runs\.steps\[\d+\]\.run$", "script"),
        (r"^runs\.steps\[\d+\]\.with\.path$", "input|artifact"),
        (r"^runs\.steps\[\d+\]\.with\.script$", "input|script"),
        (r"^runs\.steps\[\d+\]\.with\.[^.]+$", "input"),
        (r"^runs\.args\[\d+\]$", "argument"),
    ],
    "gitlab-ci": [
        (r"(^|\.)(CI_DEBUG_TRACE|CI_DEBUG_SERVICES)(\.value)?$", "debug"),
        (r"(^|\.)variables\.[^.]+\.(description|options|expand)", "value|env"),
        (r"(^|\.)variables\.[^.]+(\.value)?$", "env"),
        (r"\.matrix\[\d+\]\.", "env"),
        (r"(^|\.)(before_|after_|pre_get_sources_)?script(\[\d+\])*$", "script"),
        (r"\.(artifacts|cache)(\[\d+\])?\.(paths|untracked)", "artifact"),
        (r"^cache\.(paths|untracked)", "artifact"),
        (r"\.artifacts\.reports\.dotenv$", "output"),
        (r"^spec\.inputs\.[^.]+\.default$", "default"),
        (r"\.inputs\.[^.]+$", "input"),
        (r"^[^.]+\.secrets\.", "credential"),
    ],
    "tekton": [
        (r"\.env\[\d+\]\.(name|value)$", "env"),
        (r"\.env\[\d+\]\.valueFrom\.", "credential"),
        (r"\.envFrom\[\d+\]\.", "credential"),
        (r"\.(steps|sidecars)\[\d+\]\.script$", "script"),
        (r"\.(steps|sidecars)\[\d+\]\.(args|command)\[\d+\]$", "argument|script"),
        (r"\.results\[\d+\]", "output"),
        (r"\.(params|resourcetemplates\..*)\[\d+\]\.(name|value|default)", "parameter"),
    ],
    "argo-workflows": [
        (r"\.env\[\d+\]\.(name|value)$", "env"),
        (r"\.env\[\d+\]\.valueFrom\.", "credential"),
        (r"\.envFrom\[\d+\]\.", "credential"),
        (r"\.script\.source$", "script"),
        (r"\.(args|command)\[\d+\]$", "argument|script"),
        (r"\.outputs\.parameters\[\d+\]\.", "parameter|output"),
        (r"\.parameters\[\d+\]\.(name|value|default)$", "parameter"),
        (r"\.artifacts\[\d+\]\.path$", "artifact"),
    ],
    "compose": [
        (r"^services\.[^.]+\.environment(\.[^.]+|\[\d+\])$", "env"),
        (r"^services\.[^.]+\.build\.(args|labels)(\.[^.]+|\[\d+\])$", "image-layer"),
        (r"^services\.[^.]+\.labels", "value|image-layer"),
        (r"^services\.[^.]+\.(command|entrypoint)", "argument|script"),
        (r"^services\.[^.]+\.healthcheck\.test", "argument|script|value"),
        (r"^secrets\.", "credential"),
    ],
    "kubernetes": [
        (r"\.env\[\d+\]\.(name|value)$", "env"),
        (r"\.env\[\d+\]\.valueFrom\.", "credential"),
        (r"\.envFrom\[\d+\]\.", "credential"),
        (r"\.(args|command)\[\d+\]$", "argument|script"),
        (r"^(string[dD]ata|data)\.", "value|env|credential"),
    ],
}


def place(platform, address):
    """The words for what may stand at an address, or nothing where this table does not know the platform."""
    if platform not in PLACES:
        return None
    for pattern, word in PLACES[platform]:
        if re.search(pattern, address):
            return word.split("|")
    return ["value"]
