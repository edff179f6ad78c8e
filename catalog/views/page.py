"""What every page for somebody who is signed in stands on, in all apps."""

from http import HTTPStatus
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views import View

from audit.errors import NotRecordable
from catalog.errors import DomainError, NotFound, NotPermitted
from catalog.models import User
from catalog.views.refusals import REFUSALS, status_of, write_into


class Page(LoginRequiredMixin, View):
    """One page. Reads start from ``visible_to(caller)``; what one may not see is 404.

    Attributes:
        template_name: the page's template.
    """

    template_name: ClassVar[str]

    @property
    def caller(self) -> User:
        """Whoever looks."""
        user = self.request.user
        if not isinstance(user, User):
            raise TypeError("LoginRequiredMixin stands before every page.")
        return user

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; what reading itself refuses becomes 404 or 403, with its sentence."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.sentence) from error
        except NotPermitted as error:
            raise PermissionDenied(error.sentence) from error

    def context(self) -> dict[str, Any]:
        """Return what the template needs."""
        return {}

    def back(self) -> str:
        """Return the address to go to when something is done here: this page's, or that of what was made."""
        raise NotImplementedError

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the page."""
        return self.show()

    def show(self, status: int = HTTPStatus.OK, **instead: Any) -> HttpResponse:
        """Return the page; ``instead`` replaces parts of its context, such as a form that was refused."""
        page = {**self.context(), **instead}
        return render(self.request, self.template_name, page, status=status)


class Deed(Page):
    """One verb on a page: its POST calls one action. What is refused is said on that same page.

    Inherit it before the page it stands on: ``class DeactivatePerson(Deed, PersonPage)``.

    Attributes:
        form_class: what the POST must hold, if anything.
        form_name: the name of that form in the page's template.
    """

    form_class: ClassVar[type[forms.Form] | None] = None
    form_name: ClassVar[str] = "form"
    above: ClassVar[frozenset[HTTPStatus]] = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT})
    """Refusals that are said above everything: the page may not show its form to whoever may not use it, or
    when its moment is over."""

    def act(self, fields: dict[str, Any]) -> str | HttpResponse:
        """Call the action; return the sentence that says what was done, or the answer itself.

        Raises:
            DomainError: the action refuses.
        """
        raise NotImplementedError

    def form(self, data: Any = None) -> forms.Form | None:
        """Return the form, bound to what was sent if anything was."""
        return self.form_class(data) if self.form_class else None

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead whoever signed in again on the way here to the page itself."""
        return redirect(self.back())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Do it, then show the page anew; or show the page with what stood in the way."""
        form = self.form(request.POST)
        if form is not None and not form.is_valid():
            return self.show(HTTPStatus.UNPROCESSABLE_ENTITY, **{self.form_name: form})
        try:
            done = self.act(form.cleaned_data if form is not None else {})
        except REFUSALS as error:
            return self.refused(error, form)
        if isinstance(done, HttpResponse):
            return done
        messages.success(request, done)
        return redirect(self.back())

    def refused(self, error: DomainError | NotRecordable, form: forms.Form | None) -> HttpResponse:
        """Show the page with what stood in the way: at the form's fields, or above everything."""
        if form is None:
            messages.error(self.request, error.sentence)
            return self.show(status_of(error))
        about_fields = isinstance(error, DomainError) and error.fields
        if status_of(error) in self.above and not about_fields:
            messages.error(self.request, error.sentence)
            return self.show(status_of(error), **{self.form_name: form})
        return self.show(write_into(form, error), **{self.form_name: form})


class FormPage(Deed):
    """A page that is one form: GET shows it empty, POST carries it out."""

    above: ClassVar[frozenset[HTTPStatus]] = frozenset({HTTPStatus.FORBIDDEN})

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the form."""
        return self.show(HTTPStatus.OK, **{self.form_name: self.form()})
