# SPDX-License-Identifier: MIT
"""Pages with another document than the command has written into them."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

from live.page import DATA


def rewritten(source: Path, document: Any, target: Path) -> Path:
    """The page of `source` with a document, as `target`."""
    packed = base64.b64encode(zlib.compress(json.dumps(document).encode())).decode()
    page = DATA.sub(f'<script type="text/plain" id="data">{packed}</script>', source.read_text())
    target.write_text(page)
    return target
