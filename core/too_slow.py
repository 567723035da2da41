"""What the site's gunicorn worker raises to the app, in a module that imports nothing: neither must pay for the other's libraries."""


class TooSlow(Exception):
    """The rest of the request did not come in time. Neither OSError nor ValueError, which Werkzeug would take for a lost connection."""
