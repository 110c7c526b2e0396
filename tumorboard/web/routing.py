"""Address rules that write their builders when an address is first built.

Werkzeug compiles two small functions for each rule while it is added. With some 340 rules that is two thirds of what
it takes to build the application, and every command pays it, though most commands build no address at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.routing import Rule

if TYPE_CHECKING:
    from collections.abc import Callable


class LateRule(Rule):
    """A rule whose builders are compiled at their first call."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        """Stands in for the builder; two threads that come first together compile the same one twice."""
        compile_now = super()._compile_builder
        compiled: list[Callable[..., tuple[str, str]]] = []

        def build(rule: LateRule, **values: Any) -> tuple[str, str]:
            if not compiled:
                compiled.append(compile_now(append_unknown))
            return compiled[0](rule, **values)

        return build
