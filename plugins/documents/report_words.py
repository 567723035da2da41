"""Puts a learning report into words: what the template templates/documents/report.typ is given. Imported only while a job runs."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import Any

from studium.plugins.documents.report_chart import axis, labelled_days
from studium.plugins.documents.report_formats import Formats
from studium.plugins.documents.report_values import Amount, CourseLine, LessonLine, Report
from studium.services.site import site_name
from studium.services.translation import translator
from studium.services.typesetting import drawable


def words_of(report: Report, language: str) -> dict[str, Any]:
    """All words and figures of the report in `language`."""
    return _Words(report, language).all()


class _Words:
    """The report being put into words of one language."""

    def __init__(self, report: Report, language: str) -> None:
        self.report, self.language = report, language
        translation = translator(language)
        self.gettext, self.ngettext = translation.gettext, translation.ngettext
        self.formats = Formats(language)
        self.longest = max((lesson.watched.seconds for course in report.courses for lesson in course.lessons), default=0)

    def all(self) -> dict[str, Any]:
        _, report, formats = self.gettext, self.report, self.formats
        name = drawable(report.person.full_name)
        period = formats.period(min(report.days), max(report.days))
        return {
            "language": self.language,
            "school": site_name(),
            "title": _("Learning report"),
            "document_title": _("Learning report: {name}, {period}").format(name=name, period=period),
            "name": name,
            "period": period,
            "course": drawable(report.only_course) if report.only_course else "",
            "tiles": self._tiles(),
            "chart": self._chart(),
            "courses_title": _("Courses"),
            "courses": [self._course(course) for course in report.courses],
            "lessons_title": _("Lessons"),
            "columns": [_("Lesson"), _("Watched in this period"), _("Seen"), _("Completed")],
            "groups": [self._group(course) for course in report.courses if course.lessons],
            "notes": self._notes(),
            "footer": " · ".join((site_name(), _("Learning report"), name)),
            "page": _("Page {page} of {pages}"),
        }

    def _tiles(self) -> list[dict[str, str]]:
        _, ngettext, report, formats = self.gettext, self.ngettext, self.report, self.formats
        watched, learned = report.watched, report.learning_days
        days = ngettext("{number} day", "{number} days", report.streak)
        longest = ngettext("longest: {number} day", "longest: {number} days", report.longest_streak)
        return [
            _tile(formats.duration(watched.seconds), _("watched"), _("{time} of it new").format(time=formats.duration(watched.new_seconds))
                  if watched.seconds else ""),
            _tile(_("{number} of {all}").format(number=learned, all=len(report.days)), _("days with learning"),
                  _("{time} a day on average").format(time=formats.duration(watched.seconds // learned)) if watched.seconds else ""),
            _tile(days.format(number=formats.number(report.streak)), _("in a row"),
                  longest.format(number=formats.number(report.longest_streak)) if report.longest_streak else ""),
            _tile(formats.number(report.completed), ngettext("lesson completed", "lessons completed", report.completed),
                  _("in this period")),
        ]

    def _chart(self) -> dict[str, Any]:
        _, report = self.gettext, self.report
        days = [report.days[day] for day in sorted(report.days)]
        top, ticks = axis(max(amount.seconds for amount in days))
        nothing = not report.watched.seconds
        return {
            "title": _("Watched time per day"),
            "empty": _("Nothing was watched in this period") if nothing else "",
            "advice": _("Open a lesson, and your next report will show it here."),
            "alt": self._chart_in_words(),
            "new": _("new"),
            "again": _("watched again"),
            "top": top,
            "ticks": [{"at": at, "label": self.formats.tick(at, ticks[1])} for at in ticks],
            "days": [[amount.new_seconds, amount.seconds - amount.new_seconds] for amount in days],
            "labels": self._labels(sorted(report.days)),
        }

    def _labels(self, days: list[date]) -> list[dict[str, Any]]:
        months = len(days) > 92
        name = self.formats.month if months else self.formats.day_of_year
        return [{"index": index, "label": name(days[index])} for index in labelled_days(days, months)]

    def _chart_in_words(self) -> str:
        report, formats = self.report, self.formats
        best = max(report.days, key=lambda day: report.days[day].seconds)
        return self.gettext("Bar chart of the watched time of each day. In all {time}, the most on {day}: {most}.").format(
            time=formats.duration(report.watched.seconds), day=formats.day(best), most=formats.duration(report.days[best].seconds))

    def _course(self, course: CourseLine) -> dict[str, Any]:
        return {"title": drawable(course.title), "part": course.percent / 100, "percent": self.formats.percent(course.percent),
                "facts": self._course_facts(course)}

    def _course_facts(self, course: CourseLine) -> list[str]:
        _, formats, facts = self.gettext, self.formats, []
        if course.required_lessons:
            facts.append(_("Lessons completed: {number} of {all}").format(number=course.completed_lessons, all=course.required_lessons))
        if course.finished_at:
            facts.append(_("Course completed on {day}").format(day=formats.day(course.finished_at)))
        if course.last_watched_at:
            facts.append(_("Last opened on {day}").format(day=formats.day(course.last_watched_at)))
        if course.unopened:
            unopened = self.ngettext("{number} lesson not opened yet", "{number} lessons not opened yet", course.unopened)
            facts.append(unopened.format(number=formats.number(course.unopened)))
        return facts

    def _group(self, course: CourseLine) -> dict[str, Any]:
        modules = [(title, [self._lesson(lesson) for lesson in lessons])
                   for title, lessons in groupby(course.lessons, key=lambda lesson: lesson.module_title)]
        return {
            "title": drawable(course.title) if len(self.report.courses) > 1 else "",
            "modules": [{"title": drawable(title) if len(modules) > 1 else "", "rows": rows} for title, rows in modules],
        }

    def _lesson(self, lesson: LessonLine) -> dict[str, Any]:
        formats, watched = self.formats, lesson.watched
        return {
            "title": drawable(lesson.title),
            "part": watched.seconds / self.longest if self.longest else 0,
            "new": _part(watched),
            "time": formats.duration(watched.seconds) if watched.seconds else "–",
            "covered": "" if lesson.covered is None else formats.percent(int(lesson.covered * 100)),
            "completed": self._completed(lesson),
        }

    def _completed(self, lesson: LessonLine) -> str:
        if lesson.completed_at:
            return self.formats.short_day(lesson.completed_at)
        return self.gettext("yes") if lesson.completed else ""

    def _notes(self) -> list[str]:
        _, report = self.gettext, self.report
        rule = _("Watched time is time of the video: at double speed one minute brings two. What you repeat within one visit counts once.")
        made = _("Made on {moment}; days are those of the time zone {zone}.").format(
            moment=self.formats.moment(report.made_at), zone=self.formats.zone(report.made_at.tzinfo))
        return [rule, made] if report.watched.seconds else [made]


def _tile(value: str, label: str, note: str) -> dict[str, str]:
    return {"value": value, "label": label, "note": note}


def _part(watched: Amount) -> float:
    """The new part of what was watched, 0..1."""
    return watched.new_seconds / watched.seconds if watched.seconds else 0
