"""The codes of diagnostics. A code never changes its meaning."""

from __future__ import annotations

from agnes.model.diagnostic import Severity

CODES: dict[str, tuple[Severity, str]] = {
    "AG101": ("error", "not valid YAML"),
    "AG102": ("error", "YAML that is not taken: merge keys, tags, bombs, several documents"),
    "AG103": ("error", "a key is there twice"),
    "AG104": ("error", "not UTF-8, or characters that cannot be printed"),
    "AG201": ("error", "a required key is missing"),
    "AG202": ("error", "an unknown key"),
    "AG203": ("error", "a value of the wrong kind"),
    "AG204": ("error", "the name or id is not the file's name"),
    "AG205": ("error", "the category is not the folder's name"),
    "AG206": ("error", "two files define the same id; case does not count"),
    "AG207": ("error", "a path that is not followed, or not a place for such a file"),
    "AG208": ("warning", "metrics.yml and the files disagree"),
    "AG209": ("warning", "no grain is stated"),
    "AG210": ("error", "the file holds no mapping"),
}
"""Code to severity and meaning."""
