"""Which streams belong to an environment. The tables live above this app, which reads them by their SQL."""

from django.conf import settings
from django.db.models.expressions import RawSQL
from django.utils.module_loading import import_string


def streams_of_environment(name: str, project: str | None) -> RawSQL:
    """Return a subquery of the streams of the environments of that name, of one project or of all.

    settings.AUDIT_ENVIRONMENT_STREAMS names the texts: each is a SELECT of one column with the parameters
    ``%(environment)s`` and ``%(project)s`` (a slug, or NULL for every project).
    """
    texts = [import_string(path) for path in settings.AUDIT_ENVIRONMENT_STREAMS]
    sql, parameters = " UNION ALL ".join(texts), []
    while (at := sql.find("%(")) >= 0:
        end = sql.index(")s", at)
        parameters.append({"environment": name, "project": project}[sql[at + 2 : end]])
        sql = f"{sql[:at]}%s{sql[end + 2 :]}"
    return RawSQL(sql, parameters)  # noqa: S611 -- constants of the apps, and parameters
