"""The site for gunicorn: `gunicorn studium.web.wsgi:app`."""

from studium.core.app import create_app

app = create_app(program="web")
