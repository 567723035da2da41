"""Where a page may send the browser on to: only to a path of this site (open redirects, CWE-601)."""

from __future__ import annotations


def safe_path(target: str | None, otherwise: str) -> str:
    """The target when it is a path of this site, else `otherwise`.

    Refused: another host (//elsewhere), a backslash, which browsers read as a slash (url.spec.whatwg.org, relative slash state), and
    what is not printable, such as a tab, which they leave out.
    """
    if target and target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable():
        return target
    return otherwise
