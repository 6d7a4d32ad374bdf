#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sw_site.settings")
    if sys.argv[1:] == ["serve"]:  # it only starts other processes: nothing of Django is loaded for that
        from sw_site.supervisor import serve

        sys.exit(serve())
    if sys.argv[1:2] == ["serve"]:  # before anything starts a thread, whose heap would stay
        from sw_site.lib.allocator import one_heap

        one_heap()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
