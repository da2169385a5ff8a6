"""A run in three steps that a cloud's scheduler and queue drive: plan, scan each cluster, aggregate.

Each step may be delivered twice, late, out of order or cut off at any line: what it does is create-only, so that the parts of a
run always fit together and a run ends with one report. `aws`, `gcp` and `azure` beside this package translate their events.
"""
