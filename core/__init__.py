"""The microframework: plugins, settings, database, migrations, facts, errors, logs, health; it knows nothing of courses, money or people."""
