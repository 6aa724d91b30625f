"""Makes `bench` importable from these tests, as its folders full of conversations are ours, too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
