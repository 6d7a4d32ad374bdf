"""How `manage.py serve` runs the web processes: threads in each, everything by environment."""

from sw_site.databases import web_processes
from sw_site.env import env_int, env_str
from sw_site.lib.collector import keep_for_good
from sw_site.lib.process import die_with_parent

bind = f"{env_str('HOST', '127.0.0.1')}:{env_int('PORT', 8000)}"
workers = env_int("SW_WEB_PROCESSES", web_processes(env_str("DATABASE_URL")))
threads = env_int("SW_WEB_THREADS", 8)
worker_class = "gthread"
timeout = 120
graceful_timeout = 10
wsgi_app = "sw_site.wsgi:application"
loglevel = "warning"


def on_starting(server: object) -> None:
    die_with_parent()


def post_worker_init(worker: object) -> None:
    """Load what pages are made of before the first is asked for, and count it as there to stay."""
    from django.urls import get_resolver

    _ = get_resolver().url_patterns
    keep_for_good()
