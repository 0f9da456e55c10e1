import msgspec


class IdentitySettings(msgspec.Struct, frozen=True):
    """`token_life_s`: how long a token lives. `bcrypt_cost`: each step doubles the CPU of a password check (12: about
    0.24 s). `admin_password`: the first password of admin, made up when empty."""

    token_life_s: int = 3600
    bcrypt_cost: int = 12
    admin_password: str = ""
