"""The streams that belong to an environment; see audit.streams."""

from typing import Final

OF_ENVIRONMENT: Final = """
SELECT 'environment/' || e.id FROM catalog_environment e JOIN catalog_project p ON p.id = e.project_id
WHERE e.name = %(environment)s AND p.slug = coalesce(%(project)s, p.slug)
"""
