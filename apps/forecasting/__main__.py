"""`python -m polyhead.apps.forecasting train ...`"""

import sys

from ..common.cli import main

if __name__ == "__main__":
    sys.exit(main(task="forecasting"))
