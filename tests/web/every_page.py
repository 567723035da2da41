"""Which pages there are, for the tests that open them all: every GET of the URL map, by the first caller whom it answers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from tests.web.attacked_site import routes
from tests.web.page import Page
from tests.web.whole_school import WholeSchool

VISITOR = "anonymous"
READERS = ("student", "owner", "ops", VISITOR)
ANSWERED = (200, 503)  # the second by /up, where no worker runs
NO_PAGES = {  # beginnings of addresses
    "/static/": "files",
    "/media/": "files",
    "/favicon.ico": "a file",
    "/simulators/": "play other services; outside of production only",
    "/sandbox/": "plays another service; outside of production only",
    "/auth/school": "a plugin of these tests",
}
NO_FORMS = {
    "/api/": "JSON",
    "/webhooks/": "JSON",
    "/auth/dev": "outside of production only",
}
ANSWER_NOBODY = {
    "/auth/telegram": "leads to Telegram, which is not there",
    "/auth/telegram/callback": "ends a sign-in that Telegram has confirmed",
    "/auth/telegram/widget": "is not set up",
    "/auth/telegram/widget/button": "is not set up",
    "/ops": "leads to /ops/jobs",
}
QUERIES = {"/ops/jobs/bulk": "?verb=cancel", "/ops/jobs/list": "?state=queued", "/login": "?next=/dashboard"}


class EveryPage:
    """The pages of a school."""

    def __init__(self, school: WholeSchool) -> None:
        self.school = school

    @cached_property
    def rules(self) -> list[str]:
        """The rules that answer GET, but for files, and what is not of the site."""
        found = {rule for method, rule in routes(self.school.app) if method == "GET"}
        return sorted(rule for rule in found if not rule.startswith(tuple(NO_PAGES)) and "/static/" not in rule)

    @cached_property
    def answered(self) -> list[Page]:
        """One page for each rule and reader that answers."""
        return [page for rule in self.rules if rule not in ANSWER_NOBODY for page in self._readers(rule)]

    @property
    def all(self) -> Iterator[Page]:
        """Those, with each thing that they can be filled in with."""
        for page in self.answered:
            for address in self.school.addresses(page.rule):
                yield Page(page.caller, page.rule, address + QUERIES.get(page.rule, ""))

    @property
    def forms(self) -> Iterator[Page]:
        """One address for each rule that takes a form, by the caller whose it is."""
        for rule in sorted({rule for method, rule in routes(self.school.app) if method == "POST"}):
            if not rule.startswith((*NO_PAGES, *NO_FORMS)):
                yield Page(_first(rule), rule, self.school.addresses(rule)[0])

    def _readers(self, rule: str) -> list[Page]:
        """The first of the callers whom the rule answers, and a visitor if it answers them too."""
        address = self.school.addresses(rule)[0] + QUERIES.get(rule, "")
        asked = (Page(caller, rule, address) for caller in (_first(rule), *READERS))
        answered = next((page for page in asked if self._answers(page)), None)
        visitor = Page(VISITOR, rule, address)
        return [answered, visitor] if answered and answered != visitor and self._answers(visitor) else [answered] if answered else []

    def _answers(self, page: Page) -> bool:
        return self.school.open_page(page).status_code in ANSWERED


def _first(rule: str) -> str:
    """Who probably may: whose name the address begins with."""
    return next((caller for caller in READERS if rule.startswith(f"/{caller}")), READERS[0])
