"""The command line with one more task: python seasons.py train seasons ..."""

import sys

from season_task import TASK

from polyhead.apps import registry
from polyhead.apps.cli.main import main

registry.register(TASK)
sys.exit(main())
