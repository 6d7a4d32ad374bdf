"""Static files under names that carry their hash, ES-module imports included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    # Rewrites `import ... from "./x.js"` as well, so that a deploy never mixes old and new modules.
    support_js_module_import_aggregation = True
