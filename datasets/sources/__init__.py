"""Where images come from besides uploads: folders on the server, addresses, videos. Each ends in the importer."""
