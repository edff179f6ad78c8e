"""Bundles: releases that hold images and models together."""

from collections.abc import Iterable

from catalog.models import ArtifactKind, ArtifactVersion


def bundle_words(versions: Iterable[ArtifactVersion]) -> str:
    """Return what is said of a release with images and models; empty if it is none.

    A bundle is one release like any other: one statement is signed, gates look at each item that their
    kinds name, and a carry-out puts back what it applied when one of the items fails.
    """
    kinds = [version.artifact.kind for version in versions]
    images, models = kinds.count(ArtifactKind.IMAGE), kinds.count(ArtifactKind.MODEL)
    if not images or not models:
        return ""
    return (
        f"A bundle: {_counted(images, 'image')} and {_counted(models, 'model')}, asked for, signed and "
        "deployed as one. Where all of them are bound, all are deployed or none."
    )


def _counted(count: int, noun: str) -> str:
    return f"one {noun}" if count == 1 else f"{count} {noun}s"
