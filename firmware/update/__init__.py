"""Updates from the bucket, signed by the owner: docs/updates.md has the whole way of one."""
