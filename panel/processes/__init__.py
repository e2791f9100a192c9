"""The processes of `manage.py up`: the supervisor, its children and their restart."""
