"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from biotech_ma.core.bodies import WholeBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "biotech_ma.settings")
_django = get_wsgi_application()

# Apps are loaded now.
from delivery.api.lane import ShortWay  # noqa: E402
from delivery.leases import keep  # noqa: E402

application = WholeBodies(ShortWay(_django))
# Each worker process gives unspent calls of silent API keys back.
keep()
