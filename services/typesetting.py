"""Sets a PDF with Typst from a plugin's template. Imported only by jobs while they run, since Typst is heavy.

Words that people wrote go in as JSON data and are never read as markup.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import typst

from studium.core.logs import get_logger

log = get_logger(__name__)
NOT_DRAWN = {"Cc", "Cn", "Co", "Cs", "So"}  # no font of ours has emoji; a name is not made of controls
DIRECTIONS = {*map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFE0F))}


def draw(template: Path, data: Mapping[str, Any], format: str = "pdf") -> list[bytes]:
    """The document as one PDF that conforms to PDF/UA-1 (ISO 14289-1: usable with a screen reader); with `format` "png" a picture a page.

    The template is a `.typ` file of the plugin; it reads its words by `json(bytes(sys.inputs.data))` and no file outside of its folder. A
    sign that no font of this machine has is drawn as a box; then the PDF cannot claim to conform, and a warning is logged.
    """
    make = partial(_compile, template, json.dumps(data, ensure_ascii=False))
    if format != "pdf":
        return make(format=format, ppi=110)
    try:
        return make(pdf_standards="ua-1")
    except typst.TypstError as error:
        log.warning("pdf_not_accessible", template=template.name, reason=str(error))
        return make()


def _compile(template: Path, data: str, **options: Any) -> list[bytes]:
    made = typst.compile(template, root=template.parent, sys_inputs={"data": data}, **options)
    return made if isinstance(made, list) else [made or b""]


def drawable(words: str) -> str:
    """The text without what cannot be drawn (emoji, controls, marks that turn the direction), unless nothing would be left."""
    kept = "".join(char for char in words if unicodedata.category(char) not in NOT_DRAWN and char not in DIRECTIONS)
    return " ".join(kept.split()) or words
