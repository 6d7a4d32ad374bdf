"""Every environment variable of the site: what it is called, what holds without it, what it does.

The readers of `sw_site.env` take defaults from here and know no other names; docs/settings.md is made from it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """`says` and `otherwise` are Markdown.

    Attributes:
        default: what is read where nothing is set, written as it would be in the environment.
        otherwise: what the reference says in the place of `default`, where that says too little.
        choices: all values there are; the first holds where nothing is set.
        secret: its value is never shown.
    """

    name: str
    says: str
    default: str = ""
    otherwise: str = ""
    choices: tuple[str, ...] = ()
    secret: bool = False

    @property
    def stands(self) -> str:
        """What is read where nothing is set."""
        return self.default or next(iter(self.choices), "")


GROUPS: dict[str, list[Variable]] = {
    "The server": [
        Variable("PORT", "port that the site listens on", "8000"),
        Variable("HOST", "address that it listens on; `0.0.0.0`: every one of the machine", "127.0.0.1"),
        Variable(
            "DATA_DIR",
            "database, images, runs, secret key: everything to back up",
            otherwise="`./data`",
        ),
        Variable("SW_HOSTS", "further host names the site answers to, comma-separated"),
        Variable(
            "SW_TRUSTED_ORIGINS",
            "origins (`https://…`) allowed to post forms, when a proxy changes the host, comma-separated",
        ),
        Variable("SW_HTTPS", "the site is reached over TLS: secure cookies, HSTS, redirect", "false"),
        Variable("SW_BEHIND_PROXY", "trust `X-Forwarded-Proto` of the proxy in front", "false"),
        Variable(
            "SW_ACCEL_PREFIX",
            "an internal location of nginx that leads to `DATA_DIR/media` (`/media-files/` in "
            "`deploy/nginx/site.conf`): the site decides who may, nginx sends the file",
        ),
        Variable(
            "SW_WEB_PROCESSES",
            "processes of the web server",
            otherwise="one for each core, on SQLite 2 at most, on Postgres 4",
        ),
        Variable("SW_WEB_THREADS", "threads in each; every thread keeps one connection to the database", "8"),
        Variable(
            "SW_SECRET_KEY",
            "signs sessions, and encrypts the secrets of authenticator apps: with another key everybody has to "
            "set their second factor up again",
            otherwise="made once in `DATA_DIR/secret_key`",
            secret=True,
        ),
        Variable("SW_DEBUG", "Django's debug pages; never in production", "false"),
        Variable("SW_DEMO", "draw the demo dataset on the first start", "true"),
        Variable("TZ", "time zone of dates on the pages", "UTC"),
    ],
    "Who may sign in": [
        Variable(
            "SW_SECOND_FACTOR",
            "who has to have a second factor ([access.md](access.md#a-second-factor))",
            choices=("optional", "administrators", "everybody"),
        ),
        Variable(
            "SW_OIDC_ISSUER",
            "sign-in through this OpenID Connect provider ([access.md](access.md#sign-in-through-a-provider)): "
            "its address, as in its discovery document without `/.well-known/…`",
            otherwise="none: off",
        ),
        Variable("SW_OIDC_CLIENT_ID", "what the provider called the site when you registered it there"),
        Variable("SW_OIDC_CLIENT_SECRET", "the secret it gave you with that", secret=True),
        Variable("SW_OIDC_NAME", "what the button says: “Sign in with …”", "single sign-on"),
        Variable("SW_OIDC_NEW_PEOPLE", "make accounts for people of the provider who have none here", "false"),
        Variable(
            "SW_OIDC_DOMAINS", "only for mail addresses of these domains, comma-separated", otherwise="all domains"
        ),
        Variable(
            "SW_TEAM_ROLE",
            "what everybody who signs in may do in a dataset that is made from now on: `nobody` is nothing; its "
            "managers change it under Members ([access.md](access.md))",
            choices=("nobody", "viewer", "annotator", "reviewer", "manager"),
        ),
    ],
    "Mail": [
        Variable(
            "SW_MAIL_HOST",
            "mail server for invitations; without one people pass the links on themselves",
            otherwise="none: off",
        ),
        Variable("SW_MAIL_PORT", "its port", "587"),
        Variable("SW_MAIL_TLS", "speak TLS with it (STARTTLS)", "true"),
        Variable("SW_MAIL_USER", "account at it"),
        Variable("SW_MAIL_PASSWORD", "password of that account", secret=True),
        Variable("SW_MAIL_FROM", "who mails are from", otherwise="the account"),
    ],
    "Database": [
        Variable(
            "DATABASE_URL",
            "`postgres://user:password@host:5432/name`: use this Postgres (14 or newer), see [below](#postgres)",
            otherwise="SQLite in `DATA_DIR`",
            secret=True,
        ),
        Variable(
            "SW_DATABASE_PATIENCE",
            "seconds after which a line to Postgres that went dead counts as dead; less than `SW_JOB_LOST_AFTER`, "
            "so that a worker that is cut off has stopped before its job is given to another",
            "20",
        ),
    ],
    "Files": [
        Variable(
            "SW_BACKUP_DIR",
            "folder of `manage.py backup` and of the page Upkeep; best on another disk",
            otherwise="none",
        ),
        Variable("SW_MIN_FREE_MB", "with less room on the disk of files `/ready` answers 503", "200"),
        Variable(
            "SW_S3_BUCKET",
            "keep the site's files in this bucket of an S3-compatible store, see [below](#files-in-a-bucket)",
            otherwise="none: files on disk",
        ),
        Variable("SW_S3_ENDPOINT", "where the store is (`https://minio.house:9000`)", otherwise="Amazon's"),
        Variable("SW_S3_REGION", "its region", otherwise="its own choice"),
        Variable("SW_S3_PREFIX", "a folder in the bucket", otherwise="none"),
        Variable(
            "SW_S3_KEY",
            "access key; it must be allowed to list the bucket and to get, put and delete objects in it",
            otherwise="what the machine's role gives",
        ),
        Variable("SW_S3_SECRET", "secret of the access key", otherwise="what the machine's role gives", secret=True),
        Variable(
            "SW_S3_PUBLIC_URL",
            "how browsers reach the store; they are sent there by addresses that are signed for an hour, after "
            "the question of who may",
            otherwise="none: the site hands files out",
        ),
        Variable(
            "SW_S3_NEAR_GB",
            "copies of the bucket's files that a machine keeps in `DATA_DIR/cache/files`; what was not used for "
            "longest goes first, never what was used in the last six hours",
            "20",
        ),
        Variable(
            "SW_S3_RUN_SECONDS",
            "between two times that what a training has written goes to the bucket; what a machine has not sent "
            "when it dies is trained again",
            "15",
        ),
    ],
    "Images from elsewhere": [
        Variable(
            "SW_IMPORT_ROOTS",
            "folders on the server, comma-separated: administrators may import what lies below them, in the "
            "browser and over the API; links that lead out are refused",
            otherwise="none: off",
        ),
        Variable(
            "SW_URL_IMPORT",
            "people may give lists of addresses that the server fetches images from, see [below](#lists-of-addresses)",
            "false",
        ),
    ],
    "Background work": [
        Variable(
            "SW_TASKS",
            "what carries background work to the workers: `database` needs nothing installed, the others a Redis; "
            "the same for web and workers ([jobs.md](jobs.md))",
            choices=("database", "rq", "celery"),
        ),
        Variable(
            "REDIS_URL",
            "`redis://:password@host:6379/0`, with `rq` and `celery`",
            "redis://127.0.0.1:6379/0",
            secret=True,
        ),
        Variable(
            "SW_HOST_NAME",
            "this machine's name among the workers; set it where host names change, as those of containers do",
            otherwise="the host name",
        ),
        Variable(
            "SW_JOB_HEARTBEAT",
            "seconds between two signs of life of a running job, and between two rounds of a worker's housekeeping",
            "5",
        ),
        Variable(
            "SW_JOB_LOST_AFTER",
            "seconds without a heartbeat after which a job counts as lost; several heartbeats at least",
            "60",
        ),
    ],
    "Training": [
        Variable(
            "SW_RUNS_DISK_GB",
            "what the folders of runs may take: beyond it, TFRecords and checkpoints to go on from are taken from "
            "ended runs, the oldest first, with a note in their history; best checkpoints, exports, curves and "
            "logs stay, and so does everything of pinned and paused runs",
            "0",
            otherwise="`0`: no limit",
        ),
        Variable(
            "SW_ENGINE_CONTAIN",
            "the engine's processes get no network, no privileges and only their run directory to write; `auto`: "
            "where the machine gives namespaces, else limits alone and a line in the run's log; `required`: "
            "refuse to run without; `off`: as the worker itself ([SECURITY.md](../SECURITY.md))",
            choices=("auto", "required", "off"),
        ),
        Variable(
            "SW_ENGINE_MEMORY_MB",
            "memory of an engine's process; not with a GPU, whose driver claims more addresses than there is memory",
            "0",
            otherwise="`0`: no limit",
        ),
        Variable(
            "SW_ZOO_URL",
            "where archives of the model zoo are fetched from, when an administrator asks for one; a mirror in "
            "the house may be named, redirects from it must lead to public machines",
            "http://download.tensorflow.org/models/object_detection",
        ),
    ],
    "API": [
        Variable(
            "SW_API_RATE",
            "requests to the API for each token (a number and `s`, `m`, `h` or `d`), counted over all web "
            "processes where there is a Redis, else in each; browsers are not counted",
            "1200/m",
        ),
        Variable(
            "SW_WEBHOOK_HOSTS",
            "machines that webhooks may be sent to though they are not on the public internet, comma-separated",
            otherwise="none",
        ),
    ],
    "Watching": [
        Variable(
            "SW_LOG_FORMAT",
            "log lines for people, or `json`: one object a line with `time`, `level`, `logger`, `message`, "
            "`request`, `job`",
            choices=("text", "json"),
        ),
        Variable("SW_LOG_LEVEL", "from which level on lines are written: `DEBUG`, `INFO`, `WARNING`, `ERROR`", "INFO"),
        Variable("SW_ACCESS_LOG", "a log line for each request: method, path, status, seconds, user", "false"),
        Variable(
            "SW_METRICS_TOKEN",
            "who sends it as a bearer token may read `/metrics`",
            otherwise="none: off",
            secret=True,
        ),
    ],
    "Set-up and tests": [
        Variable(
            "SW_GPU",
            "`1`: `make setup` installs what an NVIDIA GPU needs as well, and remembers it; `0` takes it back "
            "([gpu.md](gpu.md))",
            otherwise="as last time",
        ),
        Variable(
            "SW_SAMPLE_DATA",
            "tests only: folder with the public datasets; what is absent is skipped and said",
            otherwise="`../shared/data`",
        ),
        Variable("SW_TEST_FILES", "tests only: `s3` puts the files of each test into a bucket", otherwise="disk"),
        Variable(
            "SW_SCREENSHOTS",
            "tests only: folder into which the browser tests put their screenshots",
            otherwise="none",
        ),
    ],
}

VARIABLES = {variable.name: variable for group in GROUPS.values() for variable in group}
