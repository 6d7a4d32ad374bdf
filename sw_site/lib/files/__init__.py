"""Where the site's files lie: on disk (Django's own storage), or in a bucket of any S3-compatible store."""
