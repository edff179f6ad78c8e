"""The streams that belong to an environment; see audit.streams."""

from typing import Final

OF_ENVIRONMENT: Final = """
SELECT 'change-request/' || c.number FROM releases_changerequest c
JOIN catalog_environment e ON e.id = c.environment_id JOIN catalog_project p ON p.id = e.project_id
WHERE e.name = %(environment)s AND p.slug = coalesce(%(project)s, p.slug)
"""
