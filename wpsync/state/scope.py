"""The key of wpsync's own state: one resource of one account."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose state: one resource of one account."""

    account: str
    resource: str

    def parameters(self, **more: object) -> dict[str, object]:
        return {"account": self.account, "resource": self.resource, **more}
