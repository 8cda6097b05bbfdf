"""The owner's side of updates from the bucket: keys, releases, roll-outs; see docs/updates.md."""
