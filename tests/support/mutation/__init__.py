"""Tests of the tests: the pure cores with one small change each; some test must notice it."""
