"""产业链: the firms of a zone's industry, what they make for whom, where the chain has gaps, how output grows.

Reads tables that people keep (CSV, XLSX), refuses bad rows one by one with their reasons, and answers by arithmetic that
can be checked by hand. What it is not: an official statistic, or a judgement of any firm.
"""
