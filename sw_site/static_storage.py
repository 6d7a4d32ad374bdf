"""Static files under names that carry their hash, ES-module imports included."""

from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage

_, _IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns  # type: ignore[attr-defined]
_STYLES, (_URL, _IMPORT, _SOURCE_MAP) = HashedFilesMixin.patterns[0]


class ServedFiles(StaticFilesConfig):
    """What lies in packages and nobody asks for: to compress it took most of the first start.

    htmx's extensions are not used, and one of them names a module that exists only with a bundler; nor are the second
    page of the API's document and the sources of what others have bundled.
    """

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "ext", "redoc*", "*.map"]


class StaticStorage(CompressedManifestStaticFilesStorage):
    # Names of source maps stay as they are, because the maps are not served.
    patterns = ((_STYLES, (_URL, _IMPORT)),)
    # Rewrites `import ... from "./x.js"` as well, so that a deploy never mixes old and new modules. Only in our own:
    # htmx's extensions name imports in their comments, which would be taken for missing files.
    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = ("js/*.js", _IMPORTS)
