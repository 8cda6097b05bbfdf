"""The digest in the CloudFormation template: the resources that cloud/digest.py makes otherwise.

The function's code is a zip that you upload first; two parameters say where it is.
"""

import dataclasses
import json
from typing import Any

from megacam.cloud import digest_function, digest_triggers, function_zip, policies, spec
from megacam.cloud.digest_function import Wanted
from megacam.cloud.template_names import named

# Not by GetAtt of the bucket: its notification needs the function, which needs this role.
_BUCKET = {"Fn::Sub": "arn:${AWS::Partition}:s3:::${BucketName}"}
_ACCOUNT = {"Ref": "AWS::AccountId"}

Resource = dict[str, Any]


def parameters(film: bool) -> dict[str, Any]:
    """Return the parameters that name the zip; another code has another key."""
    return {
        "DigestCodeBucket": {
            "Type": "String",
            "Description": "Bucket in this region to which you have uploaded the digest's code",
        },
        "DigestCodeKey": {
            "Type": "String",
            "Default": f"megacam-digest-{function_zip.identity(film)}.zip",
            "Description": "Key of the code, which `megacam cloud template --digest-zip` writes",
        },
    }


def resources(wanted: Wanted, word: str) -> dict[str, Resource]:
    """Return the resources of one camera; `word` is its name as part of a logical ID."""
    found = {
        f"DigestQueue{word}": _queue(wanted),
        f"DigestLog{word}": _log(wanted),
        f"DigestRole{word}": _role(wanted, word),
        f"Digest{word}": _function(wanted, word),
    }
    for name, when, days in digest_triggers.RULES:
        rule = f"Digest{name.title()}{word}"
        found[rule] = _rule(wanted, word, name, when, days)
        source = {"Fn::GetAtt": [rule, "Arn"]}
        found[f"{rule}May"] = _permission(word, "events.amazonaws.com", source)
    if wanted.on_upload:
        found[f"DigestUpload{word}May"] = _permission(word, "s3.amazonaws.com", _BUCKET)
    return found


def notification(wanted: Wanted, word: str) -> Resource:
    """Return the part of the bucket's NotificationConfiguration for one camera's uploads."""
    rules = [
        {"Name": "prefix", "Value": f"{wanted.device}/{digest_triggers.PHOTOS_PREFIX}"},
        {"Name": "suffix", "Value": ".jpg"},
    ]
    return {
        "Event": "s3:ObjectCreated:*",
        "Filter": {"S3Key": {"Rules": rules}},
        "Function": {"Fn::GetAtt": [f"Digest{word}", "Arn"]},
    }


def _queue(wanted: Wanted) -> Resource:
    properties = {
        "QueueName": named(wanted.name),
        "MessageRetentionPeriod": digest_function.QUEUE_S,
        "SqsManagedSseEnabled": True,
    }
    gone = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
    return {"Type": "AWS::SQS::Queue", **gone, "Properties": properties}


def _log(wanted: Wanted) -> Resource:
    properties = {
        "LogGroupName": named(wanted.name, before=digest_function.LOGS),
        "RetentionInDays": digest_function.LOG_DAYS,
    }
    gone = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
    return {"Type": "AWS::Logs::LogGroup", **gone, "Properties": properties}


def _role(wanted: Wanted, word: str) -> Resource:
    def objects(below: str) -> policies.Arn:
        return {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::${{BucketName}}/{below}"}

    arn = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
    own = policies.digest_role(
        _BUCKET,
        wanted.device,
        objects(f"{wanted.device}/*"),
        objects(f"{wanted.device}/_digest/*"),
        _ACCOUNT,
        {"Fn::GetAtt": [f"DigestLog{word}", "Arn"]},
        {"Fn::GetAtt": [f"DigestQueue{word}", "Arn"]},
    )
    own["Statement"] += wanted.more_rights(
        objects(f"{wanted.device}/2*"),
        _ACCOUNT,
        [{"Fn::Sub": arn + name} for name in _parameters(wanted)],
    )
    properties = {
        "Path": {"Fn::Sub": spec.user_path("${BucketName}", wanted.device)},
        "AssumeRolePolicyDocument": policies.lambda_trust(),
        "Policies": [{"PolicyName": digest_function.POLICY, "PolicyDocument": own}],
    }
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def _parameters(wanted: Wanted) -> tuple[str, str]:
    """Return the names of the parameters, of alarms.json and of the token, for Fn::Sub.

    CloudFormation cannot make encrypted ones.
    """
    own = dataclasses.replace(wanted, bucket="${BucketName}")
    return own.parameter, own.token_parameter


def _function(wanted: Wanted, word: str) -> Resource:
    variables = {**wanted.environment(), "MEGACAM_BUCKET": {"Ref": "BucketName"}}
    names = ("MEGACAM_ALARMS_PARAMETER", "MEGACAM_LABELS_PARAMETER")
    for name, parameter in zip(names, _parameters(wanted), strict=True):
        if variables[name]:
            variables[name] = {"Fn::Sub": parameter}
    properties = {
        "FunctionName": named(wanted.name),
        "Runtime": f"python{function_zip.PYTHON}",
        "Architectures": [function_zip.ARCHITECTURE],
        "Handler": function_zip.HANDLER,
        "Role": {"Fn::GetAtt": [f"DigestRole{word}", "Arn"]},
        "MemorySize": digest_function.MEMORY_MB,
        "Timeout": digest_function.TIMEOUT_S,
        "Code": {"S3Bucket": {"Ref": "DigestCodeBucket"}, "S3Key": {"Ref": "DigestCodeKey"}},
        "Environment": {"Variables": variables},
        "DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": [f"DigestQueue{word}", "Arn"]}},
    }
    # Otherwise Lambda makes the log itself at its first run, and then it never expires.
    after = {"DependsOn": [f"DigestLog{word}"]}
    return {"Type": "AWS::Lambda::Function", **after, "Properties": properties}


def _rule(wanted: Wanted, word: str, name: str, when: str, days: int) -> Resource:
    target = {
        "Id": "digest",
        "Arn": {"Fn::GetAtt": [f"Digest{word}", "Arn"]},
        "Input": json.dumps({"days": days}),
    }
    properties = {
        "Name": named(wanted.name, after=f"-{name}"),
        "ScheduleExpression": when,
        "State": "ENABLED",
        "Targets": [target],
    }
    return {"Type": "AWS::Events::Rule", "Properties": properties}


def _permission(word: str, service: str, source: policies.Arn) -> Resource:
    properties = {
        "FunctionName": {"Ref": f"Digest{word}"},
        "Action": "lambda:InvokeFunction",
        "Principal": service,
        "SourceArn": source,
        "SourceAccount": _ACCOUNT,
    }
    return {"Type": "AWS::Lambda::Permission", "Properties": properties}
