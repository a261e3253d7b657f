"""Empty import tables for platforms that have no collector, to download and fill in."""

from flask import Response
from flask.typing import ResponseReturnValue

from monitor import edge
from monitor.configuration.import_tables import csv_table
from monitor.configuration.import_templates import template_named
from monitor.domain.people import Permission
from monitor.web.signed_in import staff_pages
from monitor.wiring.imports import templates_in_force

pages = staff_pages("import_templates", Permission.SEE_SOURCES)


@pages.get("/sources/import-templates/<name>.csv")
def table(name: str) -> ResponseReturnValue:
    """The empty table of one template."""
    template = template_named(templates_in_force(edge.installation().configuration.folder), name)
    response = Response(csv_table(template), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="xianwai-{template.name}.csv"'
    return response
