"""Databases: tables, queries, rows and where they go, relationships, migrations, pools."""
