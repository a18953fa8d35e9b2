# SPDX-License-Identifier: BSD-3-Clause
"""``python -m benchmarks.tables FOLDER`` writes all tables and figures of the documentation."""

import sys
from pathlib import Path

from benchmarks.tables import write

write(Path(sys.argv[1]))
