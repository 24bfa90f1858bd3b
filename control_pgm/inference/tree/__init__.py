"""Exact messages on a bucket tree: clusters, the message rule, passes, and the queries that read them."""
