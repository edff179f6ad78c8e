"""The filtered log as a file."""

from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_POST

from audit.forms import EventFilter
from audit.list_export.export import begin_export
from audit.list_export.lines import FORMATS
from audit.reach import reach_of


@require_POST
@login_required
def export(request: HttpRequest) -> HttpResponseBase:
    """``/audit/export/?<filter>``: what the filter finds, streamed. Taking it away is an event."""
    reach = reach_of(request.user)
    kind = FORMATS.get(request.POST.get("format", ""))
    if not (reach.whole or reach.projects):
        raise Http404
    asked = EventFilter(reach, request.GET)
    if kind is None or not asked.is_valid():
        sentence = "The filter or the format makes no sense; begin from the page of the log."
        return HttpResponse(
            sentence,
            content_type="text/plain; charset=utf-8",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    begun = begin_export(asked.cleaned_data, reach, kind, by=request.user)
    return StreamingHttpResponse(
        begun.chunks,
        content_type=kind.content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{begun.file_name}"',
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        },
    )
