"""One course as it was at one revision, in memory: builds the values of every page in every language, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .texts import keep_text
from .values import Attachment, Caption, Chapter, CourseInfo, LessonInfo, LessonPage, ModuleInfo, TierInfo

Row = dict[str, Any]


@dataclass
class CourseSnapshot:
    """Rows of one course as plain data; the answers are made on first use and kept."""

    course: Row
    modules: list[Row]
    lessons: list[Row]
    tiers: list[Row]
    assets: list[Row]
    _infos: dict[str, CourseInfo] = field(default_factory=dict)
    _pages: dict[tuple[str, str], LessonPage | None] = field(default_factory=dict)

    @property
    def revision(self) -> str:
        """The revision of the stored course that these rows are."""
        return str(self.course["revision"])

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of the course, the main one first."""
        return tuple(self.course["languages"].split(","))

    def info(self, language: str) -> CourseInfo:
        """Return the course in `language`."""
        if language not in self._infos:
            self._infos[language] = self._make_info(language)
        return self._infos[language]

    def lesson(self, lesson_id: int, language: str) -> LessonInfo | None:
        """Return a lesson by its id, archived ones included."""
        for index, row in enumerate(self.lessons):
            if row["id"] == lesson_id:
                return self._make_lesson(row, -1 if row["archived"] else index, language)
        return None

    def page(self, lesson_slug: str, language: str) -> LessonPage | None:
        """Return a lesson's page by its slug, or None."""
        if not any(row["slug"] == lesson_slug and not row["archived"] for row in self.lessons):
            return None  # unknown slugs are not remembered: anybody can make them up
        key = (lesson_slug, language)
        if key not in self._pages:
            self._pages[key] = self._make_page(lesson_slug, language)
        return self._pages[key]

    def pick(self, texts: Mapping[str, str] | None, language: str) -> str:
        """Return the text in `language`, else in the course's main language, else in any."""
        if not texts:
            return ""
        for code in (language, *self.languages):
            if texts.get(code):
                return texts[code]
        return next(iter(texts.values()))

    def _make_info(self, language: str) -> CourseInfo:
        row, texts = self.course, self.course["texts"]
        modules = tuple(self._make_module(module, language) for module in self.modules if not module["archived"])
        lessons = [lesson for module in modules for lesson in module.lessons]
        cover = self._first(None, "cover")
        return CourseInfo(
            id=row["id"],
            key=row["key"],
            slug=row["slug"],
            title=self.pick(texts["title"], language),
            summary=self.pick(texts["summary"], language),
            languages=self.languages,
            description_html=self._render(self.pick(texts["description"], language), "course.yaml", None),
            cover_url=self._url(cover) if cover else None,
            modules=modules,
            tiers=tuple(self._make_tier(tier, language) for tier in self.tiers if not tier["archived"]),
            lesson_count=len(lessons),
            duration_ms=sum(lesson.duration_ms for lesson in lessons),
            revision=self.revision,
            language=language,
        )

    def _make_module(self, row: Row, language: str) -> ModuleInfo:
        lessons = tuple(
            self._make_lesson(lesson, index, language)
            for index, lesson in enumerate(self.lessons)
            if lesson["module"] == row["id"] and not lesson["archived"]
        )
        title, summary = (self.pick(row["texts"][name], language) for name in ("title", "summary"))
        return ModuleInfo(row["id"], row["key"], title, lessons, summary)

    def _make_tier(self, row: Row, language: str) -> TierInfo:
        texts = row["texts"]
        includes = tuple(self.pick(line, language) for line in texts["includes"])
        return TierInfo(
            row["key"],
            self.pick(texts["title"], language),
            includes,
            row["prices"],
            row["access_days"],
            row["id"],
            self.pick(texts["summary"], language),
        )

    def _make_lesson(self, row: Row, index: int, language: str) -> LessonInfo:
        module = next(module for module in self.modules if module["id"] == row["module"])
        return LessonInfo(
            id=row["id"],
            key=row["key"],
            course_id=self.course["id"],
            course_slug=self.course["slug"],
            slug=row["slug"],
            title=self.pick(row["texts"]["title"], language),
            module_title=self.pick(module["texts"]["title"], language),
            index=index,
            type=row["type"],
            rule=row["rule"],
            threshold=row["threshold"],
            duration_ms=row["duration_ms"],
            preview=row["preview"],
            required=row["required"],
            asset_rev=row["asset_rev"],
            summary=self.pick(row["texts"]["summary"], language),
            tiers=tuple(row["tiers"]),
            available=row["available"],
            archived=row["archived"],
        )

    def _make_page(self, slug: str, language: str) -> LessonPage:
        lessons = self.info(language).lessons
        lesson = next(lesson for lesson in lessons if lesson.slug == slug)
        row = next(row for row in self.lessons if row["id"] == lesson.id)
        bodies = row["texts"]["body"]
        shown = language if language in bodies else next((code for code in self.languages if code in bodies), language)
        video, poster = self._first(lesson.id, "video"), self._first(lesson.id, "poster")
        titles = self._first(lesson.id, "chapters", language) or self._first(lesson.id, "chapters", self.languages[0])
        return LessonPage(
            lesson=lesson,
            body_html=keep_text(
                self.course["id"], self.revision, lesson.id, shown, lambda: self._render(bodies.get(shown, ""), row["path"], lesson.id)
            ),
            body_language=shown,
            video_url=self._url(video) if video else None,
            video_type=video["mime"] if video else "",
            poster_url=self._url(poster) if poster else None,
            captions=tuple(self._make_caption(asset) for asset in self._all(lesson.id, "caption")),
            chapters=tuple(Chapter(at["at"], self.pick(at["title"], language)) for at in row["chapters"]),
            chapters_url=self._url(titles) if titles else None,
            attachments=self._attachments(lesson.id, language),
            previous=lessons[lesson.index - 1] if lesson.index else None,
            next=lessons[lesson.index + 1] if lesson.index + 1 < len(lessons) else None,
        )

    def _attachments(self, lesson_id: int, language: str) -> tuple[Attachment, ...]:
        spoken = language if language in self.languages else self.languages[0]
        return tuple(
            Attachment(self.pick(asset["texts"]["title"], language), self._url(asset), asset["size"], filename(asset))
            for asset in self._all(lesson_id, "attachment")
            if asset["language"] in ("", spoken)
        )

    def _make_caption(self, asset: Row) -> Caption:
        return Caption(asset["language"], self.pick(asset["texts"]["title"], asset["language"]), self._url(asset))

    def _render(self, text: str, path: str, lesson_id: int | None) -> str:
        from . import markdown  # processes that show no page (cable, workers) do without it

        def resolve(target: str) -> str | None:
            wanted = markdown.local_path(path, target)
            for asset in self.assets:
                if asset["path"] == wanted and asset["lesson"] == lesson_id:
                    return self._url(asset)
            fragment = "#" + target.partition("#")[2] if "#" in target else ""
            for lesson in self.lessons:
                if lesson["path"] == wanted and not lesson["archived"]:
                    return f"/courses/{self.course['slug']}/{lesson['slug']}{fragment}"
            return None

        return markdown.render(text, resolve)

    def _url(self, asset: Row) -> str:
        return f"/media/{self.course['slug']}/{asset['place']}/{asset['name']}"

    def _all(self, lesson_id: int | None, kind: str) -> Sequence[Row]:
        return [asset for asset in self.assets if asset["lesson"] == lesson_id and asset["kind"] == kind]

    def _first(self, lesson_id: int | None, kind: str, language: str = "") -> Row | None:
        found = (asset for asset in self._all(lesson_id, kind) if asset["language"] == language)
        return next(found, None)


def filename(asset: Row) -> str:
    """Return the file's name as the author wrote it, for saving."""
    return str(asset["path"]).rpartition("/")[2]
