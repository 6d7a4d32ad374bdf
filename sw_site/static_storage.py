"""Static files under names that carry their hash, ES-module imports included."""

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage

_, _IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns  # type: ignore[attr-defined]


class StaticStorage(CompressedManifestStaticFilesStorage):
    # Rewrites `import ... from "./x.js"` as well, so that a deploy never mixes old and new modules. Only in our own:
    # htmx's extensions name imports in their comments, which would be taken for missing files.
    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = ("js/*.js", _IMPORTS)
