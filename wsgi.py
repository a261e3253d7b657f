"""For production servers: `gunicorn wsgi:app`."""

from monitor.app import create_app

app = create_app()
