"""The WSGI application that gunicorn serves."""

import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")

_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer one request, or 415 for a Content-Type that Django would fail to decode."""
    # RFC 2231: `charset*=…`, which no client of ours needs
    if "*" in environ.get("CONTENT_TYPE", ""):
        start_response(
            "415 Unsupported Media Type", [("Content-Type", "text/plain"), ("Content-Length", "0")]
        )
        return []
    return _django(environ, start_response)
