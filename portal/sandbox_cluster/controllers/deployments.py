"""The Deployment controller: a ReplicaSet per pod template, and the way from one to the next."""

import math
from typing import Any

from portal.sandbox_cluster import writing
from portal.sandbox_cluster.cluster import Cluster
from portal.sandbox_cluster.controllers import conditions, events
from portal.sandbox_cluster.controllers.templates import (
    HASH,
    REVISION,
    amount,
    revision_of,
    same_template,
    template_hash,
)
from portal.sandbox_cluster.objects import clone
from portal.sandbox_cluster.resources import DEPLOYMENT, POD, REPLICA_SET

Object = dict[str, Any]
DESIRED = "deployment.kubernetes.io/desired-replicas"
MOST = "deployment.kubernetes.io/max-replicas"
SOURCE = "deployment-controller"


def reconcile(cluster: Cluster, deployment: Object) -> None:
    """Move one Deployment one step on, and write down how it is."""
    if "deletionTimestamp" in deployment["metadata"]:
        return
    rollout = Rollout(cluster, deployment)
    if deployment["spec"].get("paused"):
        if rollout.new is not None:
            rollout.scale_alone()
    else:
        rollout.ensure_new()
        rollout.advance()
    rollout.write_status()


class Rollout:
    """One look at a Deployment and its ReplicaSets."""

    def __init__(self, cluster: Cluster, deployment: Object) -> None:
        self.cluster = cluster
        self.deployment = deployment
        self.spec = deployment["spec"]
        owned = cluster.store.owned_by(REPLICA_SET, deployment)
        self.owned = sorted(owned, key=revision_of)
        self.conditions: list[Object] = clone(deployment.get("status", {}).get("conditions", []))
        self.new = next((each for each in self.owned if same_template(each, deployment)), None)

    @property
    def old(self) -> list[Object]:
        """The earlier revisions, oldest first."""
        return [each for each in self.owned if each is not self.new]

    @property
    def most_unavailable(self) -> int:
        rolling = self.spec["strategy"].get("rollingUpdate") or {}
        unavailable = amount(rolling.get("maxUnavailable", 0), self.spec["replicas"], math.floor)
        return max(unavailable, 0 if self.surge else 1)

    @property
    def surge(self) -> int:
        rolling = self.spec["strategy"].get("rollingUpdate") or {}
        return amount(rolling.get("maxSurge", 0), self.spec["replicas"], math.ceil)

    # The new ReplicaSet

    def ensure_new(self) -> None:
        """Create the ReplicaSet of the present template, or give the known one the revision."""
        latest = max((revision_of(each) for each in self.old), default=0)
        if self.new is None:
            self._create_new(latest + 1)
        elif revision_of(self.new) <= latest:
            self._change(self.new, annotations={REVISION: str(latest + 1)})
        if conditions.find(self.conditions, "Progressing") is None and self.new is not None:
            name = self.new["metadata"]["name"]
            message = f'Found new replica set "{name}"'
            conditions.put(self.conditions, "Progressing", "True", "FoundNewReplicaSet", message)
        if self.new is not None:
            self._carry_revision(revision_of(self.new))

    def _create_new(self, revision: int) -> None:
        metadata = self.deployment["metadata"]
        template = clone(self.spec["template"])
        short = template_hash(template)
        labels = {**(template["metadata"].get("labels") or {}), HASH: short}
        template["metadata"]["labels"] = labels
        selector = clone(self.spec["selector"])
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH: short}
        body: Object = {
            "metadata": {
                "name": f"{metadata['name']}-{short}",
                "namespace": metadata["namespace"],
                "labels": labels,
                "annotations": {REVISION: str(revision), **self._amounts()},
                "ownerReferences": [writing.owner_of(self.deployment, DEPLOYMENT)],
            },
            "spec": {
                "replicas": min(self.spec["replicas"], self._room()),
                "selector": selector,
                "template": template,
            },
        }
        if self.spec.get("minReadySeconds"):
            body["spec"]["minReadySeconds"] = self.spec["minReadySeconds"]
        created = writing.create(self.cluster.store, REPLICA_SET, body, writing.CONTROLLER)
        self.owned.append(created)
        self.new = created
        name = created["metadata"]["name"]
        message = f'Created new replica set "{name}"'
        conditions.renew(self.conditions, "Progressing", "True", "NewReplicaSetCreated", message)
        self._tell_scaling(created, 0, created["spec"]["replicas"])

    def _room(self) -> int:
        """How many pods may be added now."""
        if self.spec["strategy"]["type"] == "Recreate":
            return 0 if self._old_pods() else int(self.spec["replicas"])
        wanted: int = sum(each["spec"]["replicas"] for each in self.owned)
        return max(0, int(self.spec["replicas"]) + self.surge - wanted)

    def _carry_revision(self, revision: int) -> None:
        annotations = self.deployment["metadata"].get("annotations") or {}
        if annotations.get(REVISION) == str(revision):
            return
        metadata = dict(self.deployment["metadata"])
        metadata["annotations"] = {**annotations, REVISION: str(revision)}
        after = {**self.deployment, "metadata": metadata}
        self.deployment = writing.update(
            self.cluster.store, DEPLOYMENT, self.deployment, after, writing.CONTROLLER
        )

    # Getting on

    def advance(self) -> None:
        if self.new is None:
            return
        if self._is_scaling():
            self.scale_alone()
        elif self.spec["strategy"]["type"] == "Recreate":
            self._recreate()
        else:
            self._roll()
        if conditions.is_complete(self.deployment, self.counts()):
            self._forget_oldest()

    def _is_scaling(self) -> bool:
        """Whether ``replicas`` itself was changed while only one ReplicaSet is in use."""
        active = [each for each in self.owned if each["spec"]["replicas"]]
        return active == [self.new] and active[0]["spec"]["replicas"] != self.spec["replicas"]

    def scale_alone(self) -> None:
        if self.new is not None:
            self._scale(self.new, self.spec["replicas"])

    def _recreate(self) -> None:
        for each in self.old:
            self._scale(each, 0)
        if self.new is not None and not self._old_pods():
            self._scale(self.new, self.spec["replicas"])

    def _old_pods(self) -> bool:
        return any(self.cluster.store.owned_by(POD, each) for each in self.old)

    def _roll(self) -> None:
        new = self._required_new()
        wanted = new["spec"]["replicas"]
        grown = min(self.spec["replicas"], wanted + self._room())
        if grown != wanted:
            self._scale(new, grown)
            return
        least = self.spec["replicas"] - self.most_unavailable
        total = sum(each["spec"]["replicas"] for each in self.owned)
        not_yet = wanted - new.get("status", {}).get("availableReplicas", 0)
        may_go = total - least - not_yet
        may_go = self._drop(may_go, unhealthy_only=True)
        serving = sum(each.get("status", {}).get("availableReplicas", 0) for each in self.owned)
        self._drop(min(may_go, serving - least), unhealthy_only=False)

    def _required_new(self) -> Object:
        if self.new is None:  # pragma: no cover -- advance() has looked
            raise LookupError("no ReplicaSet of the present template")
        return self.new

    def _drop(self, may_go: int, *, unhealthy_only: bool) -> int:
        """Scale old ReplicaSets down, oldest first; answer how many more may go."""
        for each in self.old:
            wanted = each["spec"]["replicas"]
            serving = each.get("status", {}).get("availableReplicas", 0)
            can_go = wanted - serving if unhealthy_only else wanted
            going = min(may_go, can_go)
            if going > 0:
                self._scale(each, wanted - going)
                may_go -= going
        return may_go

    def _forget_oldest(self) -> None:
        spent = [each for each in self.old if not each["spec"]["replicas"]]
        for each in spent[: max(0, len(spent) - self.spec["revisionHistoryLimit"])]:
            metadata = each["metadata"]
            self.cluster.store.remove(REPLICA_SET, metadata["namespace"], metadata["name"])
            self.owned.remove(each)

    # Writing

    def _amounts(self) -> dict[str, str]:
        wanted = self.spec["replicas"]
        return {DESIRED: str(wanted), MOST: str(wanted + self.surge)}

    def _scale(self, replica_set: Object, replicas: int) -> None:
        before = replica_set["spec"]["replicas"]
        if before != replicas:
            changed = self._change(replica_set, annotations=self._amounts(), replicas=replicas)
            self._tell_scaling(changed, before, replicas)

    def _tell_scaling(self, replica_set: Object, before: int, after: int) -> None:
        if before == after:
            return
        way = "up" if after > before else "down"
        name = replica_set["metadata"]["name"]
        message = f"Scaled {way} replica set {name} from {before} to {after}"
        store = self.cluster.store
        events.emit(store, DEPLOYMENT, self.deployment, "ScalingReplicaSet", message, source=SOURCE)

    def _change(
        self, before: Object, *, annotations: dict[str, str], replicas: int | None = None
    ) -> Object:
        metadata = dict(before["metadata"])
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **annotations}
        after = {**before, "metadata": metadata}
        if replicas is not None:
            after["spec"] = {**before["spec"], "replicas": replicas}
        changed = writing.update(self.cluster.store, REPLICA_SET, before, after, writing.CONTROLLER)
        self.owned[self.owned.index(before)] = changed
        if self.new is before:
            self.new = changed
        return changed

    def counts(self) -> Object:
        def total(name: str, replica_sets: list[Object]) -> int:
            return sum(each.get("status", {}).get(name, 0) for each in replica_sets)

        newest = [self.new] if self.new is not None else []
        return {
            "replicas": total("replicas", self.owned),
            "updatedReplicas": total("replicas", newest),
            "readyReplicas": total("readyReplicas", self.owned),
            "availableReplicas": total("availableReplicas", self.owned),
            "newReplicaSet": self.new["metadata"]["name"] if self.new is not None else "",
        }

    def write_status(self) -> None:
        counts = self.counts()
        before = self.deployment.get("status", {})
        serving = counts["availableReplicas"]
        enough = serving >= self.spec["replicas"] - self.most_unavailable
        conditions.availability(self.conditions, available=enough)
        if not self.spec.get("paused"):
            conditions.progress(self.conditions, before, self.deployment, counts)
        del counts["newReplicaSet"]
        status: Object = {"observedGeneration": self.deployment["metadata"]["generation"]}
        status |= {name: count for name, count in counts.items() if count}
        if missing := self.spec["replicas"] - serving:
            status["unavailableReplicas"] = max(0, missing)
        status["conditions"] = self.conditions
        writing.update_status(self.cluster.store, DEPLOYMENT, self.deployment, status)
