"""Controls for machines: how they stand, and the records that are exceptions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.reach import some_reach
from audit.controls.answer import MOST_SHOWN, Answer, Standing, answers
from audit.controls.catalogue import Framework, control_named, frameworks
from audit.controls.errors import QuestionRefused
from audit.controls.question import Question, question
from audit.models import Event
from audit.reach import Reach


class QuestionSerializer(serializers.Serializer[Any]):
    """What the answer is about."""

    project = serializers.CharField(
        required=False, max_length=63, help_text="All that you may audit unless told."
    )
    environment = serializers.CharField(
        required=False, max_length=63, help_text="Its name, in the project."
    )
    since = serializers.DateTimeField(required=False, help_text="Included.")
    until = serializers.DateTimeField(required=False, help_text="Not included.")


class ExceptionSerializer(serializers.Serializer[Any]):
    """A record for which the rule does not hold."""

    about = serializers.CharField(help_text="The type of the record.")
    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field's name that the base class uses otherwise
    at = serializers.CharField(help_text="Empty when it is of no time.")
    why = serializers.CharField()


class CheckResultSerializer(serializers.Serializer[Any]):
    """What one check found."""

    name = serializers.CharField(source="check.name")
    title = serializers.CharField(source="check.title")
    counted = serializers.CharField(source="check.cases", help_text="What a case is.")
    standing = serializers.ChoiceField(["met", "exceptions", "nothing"])
    cases = serializers.IntegerField()
    exceptions = serializers.IntegerField()
    shown = ExceptionSerializer(many=True, help_text="The newest exceptions.")
    withheld = serializers.BooleanField(
        help_text="Which exceptions these are is told to those who read the whole log."
    )


class ControlSerializer(serializers.Serializer[Any]):
    """How one control stands. `met` means that the records agree, not that the control is effective."""

    name = serializers.CharField(source="control.name")
    id = serializers.CharField(source="control.id")
    title = serializers.CharField(source="control.title")
    asks = serializers.CharField(source="control.asks")
    left_to = serializers.CharField(
        source="control.left_to", help_text="What Gatehouse does not show, and who must."
    )
    standing = serializers.ChoiceField([str(each) for each in Standing])
    cases = serializers.IntegerField()
    exceptions = serializers.IntegerField()
    checks = CheckResultSerializer(many=True, source="results")


class FrameworkSerializer(serializers.Serializer[Any]):
    """A catalogue with its controls."""

    framework = serializers.CharField()
    title = serializers.CharField()
    edition = serializers.CharField()
    note = serializers.CharField()
    controls = ControlSerializer(many=True)


class ControlsView(GenericAPIView[Event]):
    """``audit/controls/``."""

    queryset = Event.objects.none()
    pagination_class = None

    @extend_schema(
        tags=["audit"],
        summary="Read how the controls of every framework stand",
        operation_id="audit_controls_list",
        parameters=[QuestionSerializer],
        responses={200: FrameworkSerializer(many=True)},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request) -> Response:
        """Over what you may audit: ``view_audit`` in a project, or ``view_whole_audit``."""
        reach = some_reach(request.user)
        listed = frameworks()
        controls = [each for framework in listed for each in framework.controls]
        found = iter(answers(controls, _question(request, reach), whole=reach.whole))
        body = [
            _framework(framework, [next(found) for _ in framework.controls]) for framework in listed
        ]
        return Response(FrameworkSerializer(body, many=True).data)


class ControlView(GenericAPIView[Event]):
    """``audit/controls/{framework}/{id}/``."""

    queryset = Event.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="Read how one control stands",
        operation_id="audit_controls_read",
        parameters=[QuestionSerializer],
        responses={200: ControlSerializer},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request, framework: str, name: str) -> Response:
        """With up to 200 exceptions of each check; a pack with the scope `control` has all of them."""
        reach = some_reach(request.user)
        control = control_named(f"{framework}/{name}")
        if control is None:
            raise NotFound(f"There is no control {framework:.40}/{name:.40}.")
        asked = _question(request, reach)
        [answer] = answers([control], asked, whole=reach.whole, shown=MOST_SHOWN)
        return Response(ControlSerializer(answer).data)


def _question(request: Request, reach: Reach) -> Question:
    asked = QuestionSerializer(data=request.query_params)
    asked.is_valid(raise_exception=True)
    try:
        return question(reach, **asked.validated_data)
    except QuestionRefused as error:
        raise ValidationError({error.field: [error.sentence]}) from error


def _framework(framework: Framework, found: list[Answer]) -> dict[str, Any]:
    return {
        "framework": framework.key,
        "title": framework.title,
        "edition": framework.edition,
        "note": framework.note,
        "controls": found,
    }
