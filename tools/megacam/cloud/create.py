"""Turn a spec into a plan: every change that the cloud needs, described in words.

plan = create.plan(aws, CloudSpec("my-photos", "cam1", keep_days=30))
plan.make(on_step=lambda step: print(step.text))
"""

from megacam.aws import Aws
from megacam.cloud import bucket, budget, digest, iot, keys, rights
from megacam.cloud.plan import Plan
from megacam.cloud.site import steps as site
from megacam.cloud.spec import CloudSpec


def plan(aws: Aws, spec: CloudSpec) -> Plan:
    """Return the plan of changes that `spec` needs; only read from AWS, change nothing.

    The plan makes no key: rotate.new_key() and rotate.rotate() do that when a board is there to
    take it. Raises MegacamError, for example if the bucket's name is taken.
    """
    if spec.iot:
        iot.check_there(aws)
    there = bucket.exists(aws, spec.bucket)
    found = Plan(warnings=bucket.warnings(aws, spec, there))
    if not rights.is_amazon(aws):
        found.warnings.append(rights.NOT_AMAZON)
    found.add(*bucket.steps(aws, spec, there))
    if spec.iot:
        found.add(*iot.steps(aws, spec))
        user = keys.find_user(aws, spec.bucket, spec.device)
        if user:
            found.warnings.append(
                f"{spec.device} also has the IAM user {user}; once its certificate works, delete "
                "the user in the IAM console"
            )
    else:
        found.add(*keys.steps(aws, spec))
    if spec.site:
        found.add(*site.steps(aws, spec.bucket, spec.device, there))
    found.add(budget.step(aws, spec), *digest.steps(aws, spec))
    return found
