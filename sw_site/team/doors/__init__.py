"""How people come in besides a password: a second factor, and an OpenID Connect provider (django-allauth)."""
