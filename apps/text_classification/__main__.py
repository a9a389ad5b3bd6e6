"""`python -m polyhead.apps.text_classification train ...`"""

import sys

from ..common.cli import main

if __name__ == "__main__":
    sys.exit(main(task="text-classification"))
