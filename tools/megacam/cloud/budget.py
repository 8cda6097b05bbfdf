"""A letter from AWS before the bill: a monthly budget for S3 with two alarms.

https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-create.html (alarms are free)
"""

from typing import Any

from megacam.aws import Aws, AwsError
from megacam.cloud.plan import Step
from megacam.cloud.spec import CloudSpec, shared_name

SERVICE = "Amazon Simple Storage Service"
# When this much is spent, and when AWS expects the whole of it to be spent.
_ALARMS = (("ACTUAL", 80.0), ("FORECASTED", 100.0))
_GONE = ("NotFoundException",)
# The one place on earth where Budgets answers.
_HOME_REGION = "us-east-1"


def document(bucket: str, amount_usd: float) -> dict[str, Any]:
    """Return the budget: what S3 costs the account in a month, in US dollars."""
    return {
        "BudgetName": shared_name(bucket),
        "BudgetLimit": {"Amount": f"{amount_usd:.2f}", "Unit": "USD"},
        "CostFilters": {"Service": [SERVICE]},
        "TimeUnit": "MONTHLY",
        "BudgetType": "COST",
    }


def alarms(email: str) -> list[dict[str, Any]]:
    """Return the two alarms, both to one address."""
    return [
        {
            "Notification": {
                "NotificationType": kind,
                "ComparisonOperator": "GREATER_THAN",
                "Threshold": percent,
                "ThresholdType": "PERCENTAGE",
            },
            "Subscribers": [{"SubscriptionType": "EMAIL", "Address": email}],
        }
        for kind, percent in _ALARMS
    ]


def limit_usd(aws: Aws, bucket: str) -> float | None:
    """Return the limit of the bucket's budget, or None if it has none that we may see."""
    try:
        found = _call(aws, "describe_budget", BudgetName=shared_name(bucket))
    except AwsError as error:
        if error.denied:
            return None
        raise
    return float(found["Budget"]["BudgetLimit"]["Amount"]) if found else None


def step(aws: Aws, spec: CloudSpec) -> Step | None:
    """Return the step for the budget, or None if none is asked for."""
    wanted = spec.budget_usd
    if wanted is None:
        return None
    now = limit_usd(aws, spec.bucket)
    text = f"write to {spec.budget_email} when S3 costs more than ${wanted:g} a month"
    if now == wanted:
        return Step(text)
    budget = document(spec.bucket, wanted)
    if now is not None:
        change = {"NewBudget": budget}
        return Step(text, lambda: _call(aws, "update_budget", **change), "change", f"was ${now:g}")
    new = {"Budget": budget, "NotificationsWithSubscribers": alarms(spec.budget_email)}
    return Step(text, lambda: _call(aws, "create_budget", **new))


def destroy_step(aws: Aws, bucket: str) -> Step | None:
    """Return the step that takes the budget away, or None if there is none."""
    name = shared_name(bucket)
    if limit_usd(aws, bucket) is None:
        return None
    return Step(
        f"delete the budget alarm {name}",
        lambda: _call(aws, "delete_budget", BudgetName=name),
        "remove",
    )


def _call(aws: Aws, operation: str, **arguments: Any) -> Any:
    account = aws.identity["account"]
    home = aws.in_region(_HOME_REGION)
    return home.call("budgets", operation, missing=_GONE, AccountId=account, **arguments)
