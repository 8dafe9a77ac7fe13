"""The WSGI entry point that gunicorn serves: `gunicorn inboxops.wsgi`.

Only a web process bounds its statements: a migration or a long command may take the time it needs.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inboxops.settings")
os.environ.setdefault("INBOXOPS_STATEMENT_TIMEOUT", "15")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
