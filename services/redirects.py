"""Where a page may send the browser on to: only to a path of this site (open redirects, CWE-601)."""

from __future__ import annotations


def safe_path(target: str | None, otherwise: str) -> str:
    """The target when it is a path of this site, else `otherwise`.

    Refused: another host (//elsewhere), a backslash, which browsers read as a slash (url.spec.whatwg.org, relative slash state), what is
    not printable, such as a tab, which they leave out, and two slashes anywhere in the path: /.//elsewhere becomes //elsewhere for
    whoever takes the dot out.
    """
    if not target or not target.startswith("/") or "\\" in target or not target.isprintable():
        return otherwise
    path = target.partition("?")[0].partition("#")[0]
    return otherwise if "//" in path else target
