"""Sign-in through an OpenID Connect provider: what the settings say, as django-allauth wants it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

#: The provider's name in addresses: sign-in/with/sso/.
PROVIDER = "sso"


def providers(issuer: str, client: str, secret: str, name: str) -> dict[str, Any]:
    """SOCIALACCOUNT_PROVIDERS for one provider, or for none where there is no issuer.

    The endpoints are read from the issuer's discovery document (OpenID Connect Discovery 1.0, section 4). Raises
    ImproperlyConfigured where the issuer is named and the client is not.
    """
    if not issuer:
        return {}
    if not client:
        raise ImproperlyConfigured("SW_OIDC_ISSUER is set: set SW_OIDC_CLIENT_ID (and SW_OIDC_CLIENT_SECRET) too.")
    app = {
        "provider_id": PROVIDER, "name": name, "client_id": client, "secret": secret,
        "settings": {"server_url": issuer.rstrip("/"), "oauth_pkce_enabled": True},
    }  # fmt: skip
    return {"openid_connect": {"APPS": [app]}}
