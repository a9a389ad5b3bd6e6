"""`python -m polyhead.apps` is the command `polyhead`."""

import sys

from .cli.main import main

sys.exit(main())
