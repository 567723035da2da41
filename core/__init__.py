"""The microframework: plugins, settings, database, migrations, facts, errors, health; it knows nothing of courses, money or people."""
