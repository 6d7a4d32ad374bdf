"""What `manage.py verify` looks at of images, labels and versions."""
