"""`python -m polyhead.apps.text_classification train ...`"""

import sys

from ..cli.main import main

if __name__ == "__main__":
    sys.exit(main(task="text-classification"))
