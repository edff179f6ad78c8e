"""The tests. A test's name is the rule it holds."""
