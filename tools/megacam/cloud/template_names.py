"""Names of a template's resources, for whatever bucket its parameter BucketName names.

What `create` makes has names that end in a hash of the bucket's name, which CloudFormation cannot
compute; and the bucket's name itself is too long for them. So a stack with another bucket than the
template was made for has names that end in the beginning of the stack's own ID.
"""

from typing import Any

Name = str | dict[str, Any]
# A name ends in so many digits of a hash, or of the UUID in
# arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/UUID.
DIGITS = 8
_OWN = "OwnBucket"
_UUID = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
_BEGINNING = {"Fn::Select": [0, {"Fn::Split": ["-", _UUID]}]}


def conditions(bucket: str) -> dict[str, Any]:
    """Return the template's conditions: whether its bucket is the one that it was made for."""
    return {_OWN: {"Fn::Equals": [{"Ref": "BucketName"}, bucket]}}


def named(name: str, *, before: str = "", after: str = "") -> Name:
    """Return a name that ends in a hash of the bucket's name, with words before and after it."""
    other = {"Fn::Join": ["", [before + name[:-DIGITS], _BEGINNING, *([after] if after else [])]]}
    return {"Fn::If": [_OWN, before + name + after, other]}
