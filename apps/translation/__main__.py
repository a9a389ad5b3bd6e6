"""`python -m polyhead.apps.translation train ...`"""

import sys

from ..cli.main import main
from .task import TASK

if __name__ == "__main__":
    sys.exit(main(task=TASK.name))
