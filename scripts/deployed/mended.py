"""ministack, as `python -m ministack` starts it, but for one fault in its CloudFormation.

Where a nested stack is updated, a resource in it that does not change loses its attributes, and whatever asks for one
fails: "Requested attribute Arn does not exist in schema for AWS::Logs::LogGroup". Here it keeps them.
"""

import runpy

from ministack.services.cloudformation import _stacks, provisioners

_update_resource = provisioners._update_resource


def _with_its_attributes(kind, physical_id, old, new, stack, logical_id=None, attributes=None):
    if attributes is None:
        attributes = _stacks.get(stack, {}).get("_resources", {}).get(logical_id, {}).get("Attributes")
    return _update_resource(kind, physical_id, old, new, stack, logical_id, attributes)


if __name__ == "__main__":
    provisioners._update_resource = _with_its_attributes
    runpy.run_module("ministack", run_name="__main__")
