"""Settings of Celery: reliability first; a lost, doubled or late message must change nothing."""

CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ACKS_LATE = False  # never redeliver: the next sweep is the redelivery
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 250_000  # kilobytes
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_TIME_LIMIT = 60
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 2,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "max_retries": 0,
}
CELERY_TASK_DEFAULT_QUEUE = "misc"
# Separate queues, so that a slow provider's orders delay neither refunds nor catalog syncs.
CELERY_TASK_ROUTES = {
    "orders.tasks.submit_due": {"queue": "submit"},
    # not behind sweeps that forward for half a minute
    "orders.tasks.reap_leases": {"queue": "poll"},
    "orders.tasks.repeat_unclear": {"queue": "poll"},
    "orders.tasks.track_due": {"queue": "poll"},
    "orders.tasks.poll_refills": {"queue": "poll"},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
