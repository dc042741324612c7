"""Interlynk API tokens for detect-secrets: detect-secrets scan --plugin THIS_FILE"""

import re

from detect_secrets.plugins.base import RegexBasedDetector


class InterlynkApiToken(RegexBasedDetector):
    """Finds the tokens that act as a person or as an organisation of Interlynk."""

    secret_type = "Interlynk API token"
    denylist = [re.compile({{pattern}})]
