"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from biotech_ma.core.bodies import WholeBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "biotech_ma.settings")
application = WholeBodies(get_wsgi_application())
