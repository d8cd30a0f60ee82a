"""``python -m jinyun`` is the ``jinyun`` command."""

import sys

from jinyun.cli import main

sys.exit(main())
