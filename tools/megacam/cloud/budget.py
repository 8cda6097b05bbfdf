"""A monthly AWS budget for S3 with two alarms that AWS sends by e-mail. Alarms are free.

https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-create.html
"""

from typing import Any

from megacam.aws import Aws, AwsError
from megacam.cloud.plan import Step
from megacam.cloud.spec import CloudSpec, shared_name

SERVICE = "Amazon Simple Storage Service"
# In percent of the budget: the amount spent, and the amount that AWS forecasts for the month.
_ALARMS = (("ACTUAL", 80.0), ("FORECASTED", 100.0))
_GONE = ("NotFoundException",)
# The only region with an endpoint for Budgets.
_HOME_REGION = "us-east-1"


def document(bucket: str, amount_usd: float) -> dict[str, Any]:
    """Return the budget document: a monthly limit for the account's S3 costs, in US dollars."""
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


def look(aws: Aws, bucket: str) -> tuple[float | None, str]:
    """Return the limit of the bucket's budget, None for none, and in words why it is unknown."""
    try:
        return _limit_usd(aws, bucket), ""
    except AwsError as error:
        if error.denied:
            return None, "unknown: your credentials may not read budgets"
        if error.no_service:
            return None, "not possible: this store has no AWS Budgets"
        raise


def _limit_usd(aws: Aws, bucket: str) -> float | None:
    found = _call(aws, "describe_budget", BudgetName=shared_name(bucket))
    return float(found["Budget"]["BudgetLimit"]["Amount"]) if found else None


def step(aws: Aws, spec: CloudSpec) -> Step | None:
    """Return the step for the budget, or None if the owner did not ask for one."""
    wanted, email = spec.budget_usd, spec.budget_email
    if wanted is None:
        return None
    try:
        now = _limit_usd(aws, spec.bucket)
    except AwsError as error:
        # It may be allowed to write one all the same.
        if not error.denied:
            raise
        now = None
    text = f"write to {email} when S3 costs more than ${wanted:g} a month"
    if now is None:
        return Step(text, lambda: _create(aws, spec.bucket, wanted, email))
    others = [one for one in _addresses(aws, spec.bucket) if one != [email]]
    if now == wanted and not others:
        return Step(text)
    told = ", ".join(sorted({one for group in others for one in group})) or "nobody"
    was = f"was ${now:g}" + (f", to {told}" if others else "")
    return Step(text, lambda: _update(aws, spec.bucket, wanted, email), "change", was)


def _create(aws: Aws, bucket: str, amount_usd: float, email: str) -> None:
    new = {"NotificationsWithSubscribers": alarms(email)}
    _call(aws, "create_budget", Budget=document(bucket, amount_usd), **new)


def _update(aws: Aws, bucket: str, amount_usd: float, email: str) -> None:
    name = shared_name(bucket)
    _call(aws, "update_budget", NewBudget=document(bucket, amount_usd))
    for alarm in alarms(email):
        kind = {"BudgetName": name, "Notification": alarm["Notification"]}
        _call(aws, "delete_notification", **kind)
        _call(aws, "create_notification", **kind, Subscribers=alarm["Subscribers"])


def _addresses(aws: Aws, bucket: str) -> list[list[str]]:
    """Return the addresses of each of our alarms; [] for a missing alarm."""
    name, found = shared_name(bucket), []
    for alarm in alarms(""):
        kind = {"BudgetName": name, "Notification": alarm["Notification"]}
        answer = _call(aws, "describe_subscribers_for_notification", **kind)
        found.append([one["Address"] for one in answer["Subscribers"]] if answer else [])
    return found


def destroy_step(aws: Aws, bucket: str) -> Step | None:
    """Return the step that deletes the budget, or None if there is none."""
    name = shared_name(bucket)
    if look(aws, bucket)[0] is None:
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
