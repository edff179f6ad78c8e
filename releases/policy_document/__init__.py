"""The policy document `gatehouse.policy/v1`: checked when it is saved, typed when it is used."""

from releases.policy_document.document import SCHEMA as SCHEMA
from releases.policy_document.document import ApprovalRule as ApprovalRule
from releases.policy_document.document import Policy as Policy
from releases.policy_document.document import Requires as Requires
from releases.policy_document.document import UnknownAuthors as UnknownAuthors
from releases.policy_document.problems import PolicyProblem as PolicyProblem
from releases.policy_document.validate import validate as validate
