"""The owner's side of AWS: a private bucket, a key that can only put, and nothing else.

`create.plan()` says what would change, `plan.make()` makes it; `rotate`, `destroy` and `show` are
beside it. All of them talk through megacam.aws.
"""
