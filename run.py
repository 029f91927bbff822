"""``python run.py demo`` shows the product, ``python run.py test`` tests it; each makes its own ``.venv`` first.

Needs Python 3.11 or newer and nothing else. This file is read by older ones too, Python 2.7 among them, to say so.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit("run.py: this is Python %d.%d; install Python 3.11 or newer and use that" % sys.version_info[:2])

from environment import main

if __name__ == "__main__":
    main()
