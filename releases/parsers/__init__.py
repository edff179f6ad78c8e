"""Parsers of evidence: bytes in, facts and an outcome out (docs/evidence.md)."""

from releases.parsers.errors import EvidenceRejected as EvidenceRejected
from releases.parsers.port import Parsed as Parsed
from releases.parsers.port import Parser as Parser
from releases.parsers.registry import BrokenRegistry as BrokenRegistry
from releases.parsers.registry import ParserRegistry as ParserRegistry
