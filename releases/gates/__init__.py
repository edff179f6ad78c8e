"""Gates: rules in CEL over evidence, item, release and environment (docs/adr/0005)."""

from releases.gates.evaluate import combine as combine
from releases.gates.evaluate import evaluate_for_items as evaluate_for_items
from releases.gates.evaluate import evaluate_gate as evaluate_gate
from releases.gates.gate import AppliesTo as AppliesTo
from releases.gates.gate import Context as Context
from releases.gates.gate import EvidenceSeen as EvidenceSeen
from releases.gates.gate import Gate as Gate
from releases.gates.gate import GateOutcome as GateOutcome
from releases.gates.gate import Item as Item
from releases.gates.gate import OnFail as OnFail
