"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from biotech_ma.core.bodies import WholeBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "biotech_ma.settings")
application = WholeBodies(get_wsgi_application())

# Apps are loaded now. Each worker process gives unspent calls of silent API keys back.
from delivery.leases import keep  # noqa: E402

keep()
