"""What the tests stand on: servers, databases, a worker, the sandbox cluster, a browser.

Also a Django app (see `flush`), so that transactional tests can put the database back.
"""
