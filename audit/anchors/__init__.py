"""Time-stamp anchors (RFC 3161): an authority outside says when a checkpoint existed at the latest.

What is stamped is the checkpoint's text, its three lines without signatures. To check one by hand::

    openssl ts -verify -in checkpoint.tsr -data checkpoint.body -CAfile roots.pem
"""
