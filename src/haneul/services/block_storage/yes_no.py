"""What Cinder takes for yes and no."""

from collections.abc import Mapping

from haneul.kernel.errors import BadRequest

TRUE = ("true", "1", "on", "yes", "y", "t")
FALSE = ("false", "0", "off", "no", "n", "f")


def truth(value: bool | str, name: str) -> bool:
    """A body's yes or no; BadRequest for any other word."""
    if isinstance(value, bool):
        return value
    if value.lower() not in (*TRUE, *FALSE):
        raise BadRequest(
            "Invalid input for field/attribute {name}. Value: {value}. '{value}' is not a boolean.",
            name=name,
            value=value[:64],
        )
    return value.lower() in TRUE


def asked_truth(parameters: Mapping[str, list[str]], name: str) -> bool:
    """A query parameter's yes or no, no where it isn't given; BadRequest for any other word."""
    given = parameters.get(name)
    if not given:
        return False
    word = given[-1].strip().lower()
    if word not in (*TRUE, *FALSE):
        raise BadRequest("Value '{value}' for '{name}' is not a boolean.", value=given[-1][:64], name=name)
    return word in TRUE
