"""Supervision (监管): permits, rules, duties and evidence of tests and demonstrations on public roads.

Rules are those of 工信部联通装〔2021〕97号 as far as they can be computed; each is a function, a row of the profile and two
tests. Numbers stand in ``profiles/*/supervision.toml``.
"""
