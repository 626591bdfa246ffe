"""What CloudFormation makes of the intrinsics in an expansion, as far as they occur in it."""


def evaluate(value, names):
    """`names`: of `Ref`, and of `Fn::GetAtt` as `Resource.Attribute`."""
    if isinstance(value, list):
        return [evaluate(inner, names) for inner in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (function, argument), = value.items()
        if function == "Ref":
            return names[argument]
        if function == "Fn::GetAtt":
            return names[".".join(argument)]
        if function == "Fn::Join":
            separator, parts = argument
            return separator.join(evaluate(part, names) for part in parts)
        if function.startswith("Fn::"):
            raise ValueError(f"{function} is not evaluated here")
    return {key: evaluate(inner, names) for key, inner in value.items()}
