"""The catalogue (测试项目库): items of standards and of our own, each with its scenario, its cases and its rules.

Scenarios are ``scenarios/*.toml`` in the compact form, items ``items/*.toml``. A limit that a public text does not give is a
number of the profile with its origin there, and its item says ``limits = "unverified"``.
"""
