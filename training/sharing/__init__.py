"""Folders that machines share through the site's bucket, where there is one: runs, archives to start from, trials."""
