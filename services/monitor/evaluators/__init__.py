"""The closed set of ways to decide: one file each, a value named ``EVALUATOR``; pure."""
