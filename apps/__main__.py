"""`python -m polyhead.apps` is the command `polyhead`."""

import sys

from .common.cli import main

sys.exit(main())
