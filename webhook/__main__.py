"""`python -m webhook` is `mcp-admission`, where the command itself is not on the path."""

import sys

from webhook.cli.main import main

sys.exit(main())
