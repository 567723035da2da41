"""Reads and checks course folders. `read_course` is the only way in; nothing here touches the database."""

from .course import read_course
from .mistakes import Mistake, Place, Report
from .source import CourseSource, LessonSource, ModuleSource, TierSource

__all__ = ["CourseSource", "LessonSource", "Mistake", "ModuleSource", "Place", "Report", "TierSource", "read_course"]
