"""The pack's README: what is in it, and how it is verified with tools that we did not write."""

from collections.abc import Mapping, Sequence
from typing import Any

from audit.packs.scope import Mode, Scope
from audit.packs.sealed import SealedLog
from audit.packs.signing_key import NAMESPACE, PackKey
from audit.packs.stamps import PLACE, ROOTS, sentence_of

_TEXT = """\
EVIDENCE PACK
=============

{sentence}

From the log {origin}, at {size} entries under the root
{root}

Begin with report.pdf, or open index.html: it reads offline and verifies in the browser.


HOW TO VERIFY IT
----------------

1. Everything at once, with a program of one file (take it from where you trust, not from this pack):

     python3 gatehouse_verify.py THIS_PACK.zip \\
       --log-key '{vkey}' \\
       --signers signers.txt

   Compare the log's key above, and the key of the manifest's signer,
     {fingerprint}
   with what the operator published elsewhere. This file may have been changed with the rest.

2. Every file, with coreutils:

     sha256sum --check MANIFEST.sha256

3. The manifest's signature, with OpenSSH:

     ssh-keygen -Y verify -f allowed_signers -I {origin} -n {namespace} \\
       -s MANIFEST.sha256.sig < MANIFEST.sha256

4. The log's signature under the tree, with OpenSSL:

     openssl pkeyutl -verify -pubin -inkey log.pem -rawin \\
       -in log/checkpoint.body -sigfile log/checkpoint.sig

5. One entry, with sha256sum: its leaf hash is that of a zero byte and the entry,

     (printf '\\000'; cat samples/CR-1/entries/EVENT.json) | sha256sum

   and samples/CR-1/proofs/EVENT.tlog-proof (c2sp.org/tlog-proof) leads from it to the root.
{stamps}

WHAT IS IN IT
-------------

  scope.json            what was asked for
  ipe_statement.json    how every list was drawn, its rows, and what was counted twice
  population/           the lists: change requests, approvals, deployments, releases, evidence, roles,
                        what failed or was denied, deployments without approval and approvals without
                        deployment; reconciliation.csv: what was counted twice
  population/columns.csv   what each column of each of these tables means
  samples/CR-…/         changes with everything: entries, proofs, timeline, names, attachments{drawn}
  log/                  the signed checkpoint and the tiles of the tree (c2sp.org/tlog-tiles){full}
{previous}  formats/              all entries in scope as JSON lines, CSV, OCSF; OSCAL, CycloneDX, in-toto
  policy.tlog           who must have cosigned a checkpoint (c2sp.org/tlog-policy)


WHAT IT DOES NOT SHOW
---------------------

  That something happened outside the portal. That the portal told its log the truth at the moment
  itself: the log shows that nothing was changed, removed or put in afterwards. {part}{unstamped}
"""
_STAMP = """
{number}. When the log was in which state, with OpenSSL (RFC 3161). A time stamp says:
   {sentence}

     openssl ts -verify -CAfile {roots} \\
       -data {place}/checkpoint.body \\
       -in {place}/checkpoint.tsr

   Take the authority's certificates from where you trust; those under which the portal believes
   stamps are in {roots}. Once the authority's own certificate has
   expired, add -attime with the stamp's time in seconds since 1970.
   log/consistency/{size}-{now}.txt (RFC 6962, section 2.1.2; hashes in base64) leads from that
   checkpoint to the one of this pack: gatehouse_verify.py follows it.
"""
_PREVIOUS = """\
  log/previous-checkpoints/   what a time-stamp authority stamped; log/consistency/ leads from there
                        to the pack's checkpoint
"""
_UNSTAMPED = "\n  That the log is as old as it says: no time stamp from outside is in this pack."
_PART = (
    "That nothing in\n  scope was left out of the lists rests on the numbers of the streams and the "
    "portal's counts;\n  a pack in full mode lets you draw the lists anew."
)


def readme(
    scope: Scope, log: SealedLog, key: PackKey, stamps: Sequence[Mapping[str, Any]] = ()
) -> str:
    """Return the text; ``stamps`` are the documents of the stamped checkpoints."""
    full = scope.mode == Mode.FULL
    return _TEXT.format(
        sentence=f"{scope.sentence[0].upper()}{scope.sentence[1:]}.",
        origin=log.checkpoint.origin,
        size=log.size,
        root=log.checkpoint.root.hex(),
        vkey=log.key,
        fingerprint=key.fingerprint,
        namespace=NAMESPACE,
        drawn="" if scope.sampled is not None else "; drawn by the root",
        full=" with every entry" if full else "",
        part="" if full else _PART,
        stamps="".join(_stamp(number, each, log.size) for number, each in enumerate(stamps, 6)),
        previous=_PREVIOUS if stamps else "",
        unstamped="" if stamps else _UNSTAMPED,
    )


def _stamp(number: int, told: Mapping[str, Any], now: int) -> str:
    size = told["size"]
    return _STAMP.format(
        number=number,
        sentence=sentence_of(told),
        roots=ROOTS,
        place=f"{PLACE}/{size}",
        size=size,
        now=now,
    )
