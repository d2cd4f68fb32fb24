# SPDX-License-Identifier: MIT
"""Makes the captured WebAssembly heaps importable."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "live" / "wasm"))
