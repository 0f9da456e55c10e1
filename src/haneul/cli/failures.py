"""What the command says when it can't go on."""


class Failure(Exception):
    """One sentence on what is wrong and, where there is one, how to fix it; the command ends with code 1."""

    def __init__(self, sentence: str, fix: str = "") -> None:
        super().__init__(sentence)
        self.fix = fix
