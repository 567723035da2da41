"""The cable for gunicorn, with its own worker class: see supervisord.conf."""

from studium.core.app import create_app

app = create_app(program="cable")
