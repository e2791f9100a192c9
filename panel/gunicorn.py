"""Gunicorn's configuration: `gunicorn -c python:panel.gunicorn`."""

from pathlib import Path

from panel.gunicorn_log import WebLog

worker_class = "gthread"
workers = 2
preload_app = True  # imported once for both; importing opens no connections
threads = 8  # pages mostly wait for PostgreSQL
timeout = 60
graceful_timeout = 25
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
if Path("/dev/shm").is_dir():  # noqa: S108  # heartbeat file: a slow disk must not look like a hung worker
    worker_tmp_dir = "/dev/shm"  # noqa: S108
control_socket_disable = True
accesslog = "-"
# without the query string: API keys and searches stay out of the logs
access_log_format = '%(h)s "%(m)s %(U)s %(H)s" %(s)s %(B)s bytes %(M)s ms'
logger_class = WebLog  # keeps them out for unreadable requests, too
