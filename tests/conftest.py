"""What all tests share."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# A busy machine is slow; that is no failure.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
