"""The same events in the formats of other tools. Plain dicts; the tools' own validators are in the tests."""
