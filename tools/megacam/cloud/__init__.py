"""Set up the owner's AWS account: a private bucket and a put-only key for each device.

`create.plan()` returns the changes and `plan.make()` makes them. `rotate`, `destroy` and `show` do
the rest. All AWS calls go through megacam.aws.
"""
