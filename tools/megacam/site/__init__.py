"""The private web site of a bucket: who may look, what they see, and where it comes from."""
