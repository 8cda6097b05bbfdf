"""The digest: what pages need of an hour of photos, made once and kept beside them in the bucket.

docs/digest.md describes the objects. run.py decides what is due, hour.py and day.py make it.
"""
