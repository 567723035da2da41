"""What is said and shown in each video of the example course."""

from __future__ import annotations

from dataclasses import dataclass

from . import scenes
from .canvas import AMBER, CORAL, TEAL
from .narration import Sentence
from .scenes import Scene


@dataclass(frozen=True)
class Script:
    """One video: where its files go in the course, its scenes with what is said in each, and a fixed length or None."""

    path: str
    parts: list[tuple[Scene, list[Sentence]]]
    poster_at: float
    length: float | None = None


WELCOME = Script(
    "10-memory/welcome",
    [
        (
            scenes.title(("Why rereading fails", "Почему не помогает перечитывать")),
            [
                Sentence(
                    "Welcome. Reading a chapter twice feels like learning.",
                    "Здравствуйте. Прочитать главу дважды — кажется, что это и есть учёба.",
                ),
                Sentence("But a week later, most of it is gone.", "Но через неделю почти всё забыто."),
            ],
        ),
        (
            scenes.bars(
                ("Remembered after a week", "Сколько вспомнили через неделю"),
                [(("reread", "перечитывали"), 40, CORAL), (("tested themselves", "проверяли себя"), 61, TEAL)],
            ),
            [
                Sentence(
                    "In one study, those who only reread remembered 40 %. Those who tested themselves, 61 %.",
                    "В одном опыте те, кто только перечитывал, вспомнили 40 %, а те, кто проверял себя, — 61 %.",
                    "In one study, those who only re-read remembered forty percent. "
                    "Those who tested themselves, sixty one percent.",
                ),
            ],
        ),
        (
            scenes.steps(
                ("How we will study", "Как мы будем учиться"),
                [("A little", "Понемногу"), ("Often", "Часто"), ("From memory", "По памяти")],
            ),
            [
                Sentence(
                    "This course shows how to study like that: a little, often, and from memory.",
                    "Этот курс учит заниматься именно так: понемногу, часто и по памяти.",
                ),
            ],
        ),
    ],
    poster_at=2.5,
    length=24.0,
)

FORGETTING = Script(
    "10-memory/forgetting",
    [
        (
            scenes.title(("The forgetting curve", "Кривая забывания")),
            [
                Sentence(
                    "Why do we forget? Because memories that we do not use become harder to reach.",
                    "Почему мы забываем? Потому что до воспоминаний, которыми не пользуются, всё труднее добраться.",
                ),
            ],
        ),
        (
            scenes.curve(("Without review", "Без повторения"), (), ("days", "дни")),
            [
                Sentence(
                    "In 1885, Hermann Ebbinghaus measured this on himself.",
                    "В 1885 году Герман Эббингауз измерил это на себе.",
                    "In eighteen eighty five, Hermann Ebbing-house measured this on himself.",
                ),
                Sentence(
                    "An hour after learning a list, less than half of the work was still saved.",
                    "Через час после заучивания списка сохранялось меньше половины труда.",
                ),
                Sentence("A day later, about a third.", "Через день — около трети."),
            ],
        ),
        (
            scenes.curve(("With reviews", "С повторениями"), (1.2, 3.4, 7.0), ("days", "дни")),
            [
                Sentence(
                    "Each review lifts the memory up again. And after each one, it fades more slowly.",
                    "Каждое повторение поднимает память снова, и после каждого она тускнеет медленнее.",
                ),
            ],
        ),
        (
            scenes.days(
                ("Same hours, spread out", "Те же часы, но врозь"),
                [(0, ("today", "сегодня")), (2, ("in 2 days", "через 2 дня")), (7, ("in a week", "через неделю"))],
                9,
            ),
            [
                Sentence(
                    "So do not study for three hours in one evening. Study for one hour, on three days.",
                    "Поэтому не занимайтесь три часа за вечер. Занимайтесь по часу, но в три разных дня.",
                ),
                Sentence("The hours are the same. What stays is not.", "Часов столько же. Остаётся — намного больше."),
            ],
        ),
        (
            scenes.steps(
                ("How long to wait?", "Сколько ждать?"),
                [
                    ("Exam in a week: wait a day or two", "Экзамен через неделю: день-два"),
                    ("In a month: three to ten days", "Через месяц: от трёх до десяти дней"),
                    ("In a year: three weeks or more", "Через год: три недели и больше"),
                ],
            ),
            [
                Sentence("For an exam in a week, wait a day or two.", "К экзамену через неделю ждите день-два."),
                Sentence("In a month, three to ten days.", "Через месяц — от трёх до десяти дней."),
                Sentence("In a year, three weeks or more.", "Через год — три недели и больше."),
            ],
        ),
    ],
    poster_at=25.0,
)

RETRIEVAL = Script(
    "10-memory/retrieval",
    [
        (
            scenes.title(("Retrieval practice", "Вспоминать, а не перечитывать")),
            [
                Sentence(
                    "Remembering is not only a way to check what you have learned. It is a way to learn.",
                    "Вспоминать — это не только способ проверить себя. Это способ учиться.",
                ),
            ],
        ),
        (
            scenes.bars(
                ("What it feels like", "Как это ощущается"),
                [(("rereading", "перечитывать"), 22, AMBER), (("recalling", "вспоминать"), 78, TEAL)],
                unit="",
            ),
            [
                Sentence(
                    "It feels harder than rereading, and that is the point.",
                    "Это труднее, чем перечитывать, и в этом весь смысл.",
                    "It feels harder than re-reading, and that is the point.",
                ),
                Sentence(
                    "Each time you pull an idea out of your memory, the path to it becomes stronger.",
                    "Каждый раз, когда вы достаёте мысль из памяти, дорога к ней становится прочнее.",
                ),
            ],
        ),
        (
            scenes.steps(
                ("The empty page", "Чистый лист"),
                [
                    ("Close the book", "Закройте книгу"),
                    ("Write what you remember", "Напишите всё, что помните"),
                    ("Open it and mend the gaps", "Откройте и закройте пробелы"),
                ],
            ),
            [
                Sentence("Close the book.", "Закройте книгу."),
                Sentence(
                    "On an empty page, write down everything you remember.",
                    "На чистом листе напишите всё, что помните.",
                ),
                Sentence(
                    "Then open the book, and mend what is missing, in another colour.",
                    "Потом откройте книгу и другим цветом допишите, чего не хватает.",
                ),
            ],
        ),
        (
            scenes.cards(
                ("Mistakes help too", "Ошибки тоже помогают"),
                ("I answered wrong", "я ответил неверно"),
                ("I look it up at once", "сразу смотрю, как верно"),
            ),
            [
                Sentence(
                    "Wrong answers help as well, if you look up the right one straight away.",
                    "Неверные ответы тоже помогают, если сразу узнать верный.",
                ),
                Sentence("A surprise is easy to remember.", "Неожиданное легко запоминается."),
            ],
        ),
    ],
    poster_at=17.0,
)

ATTENTION = Script(
    "20-focus/attention",
    [
        (
            scenes.title(("One thing at a time", "Одно дело за раз")),
            [
                Sentence(
                    "Before you can remember something, you have to notice it.", "Прежде чем запомнить, надо заметить."
                ),
            ],
        ),
        (
            scenes.beam(("A narrow beam", "Узкий луч"), [("book", "книга"), ("chat", "чат"), ("music", "музыка")]),
            [
                Sentence(
                    "Attention is a narrow beam. It lights one thing at a time.",
                    "Внимание — узкий луч. Он освещает что-то одно.",
                ),
            ],
        ),
        (
            scenes.lanes(
                ("Switching costs time", "Переключение стоит времени"),
                (("study", "учёба"), ("chat", "чат")),
                ("time lost between tasks", "время, потерянное между делами"),
            ),
            [
                Sentence(
                    "When you study and chat, your mind does not do both. It switches.",
                    "Когда вы учитесь и переписываетесь, ум не делает два дела сразу. Он переключается.",
                ),
                Sentence(
                    "And after every switch, it needs time to find the place again.",
                    "И после каждого переключения ему нужно время, чтобы найти место, где вы остановились.",
                ),
            ],
        ),
        (
            scenes.steps(
                ("Make focus the easy way", "Пусть сосредоточиться будет легко"),
                [
                    ("Phone in another room", "Телефон — в другую комнату"),
                    ("Close what you do not need", "Закройте лишнее"),
                    ("One task on the table", "На столе одно дело"),
                ],
            ),
            [
                Sentence("So let the right thing be the easy thing.", "Поэтому пусть правильное будет лёгким."),
                Sentence(
                    "Put the phone in another room, close what you do not need, keep one task on the table.",
                    "Телефон — в другую комнату, лишнее закрыть, на столе одно дело.",
                ),
            ],
        ),
        (
            scenes.clock(("Work, then rest", "Работа, потом отдых"), (25, ("work", "работа")), (5, ("rest", "отдых"))),
            [
                Sentence(
                    "Work for 25 minutes, then rest for 5: stand up, look far away, drink some water.",
                    "Работайте 25 минут, потом 5 отдыхайте: встаньте, посмотрите вдаль, выпейте воды.",
                    "Work for twenty five minutes, then rest for five: stand up, look far away, drink some water.",
                ),
                Sentence("Rest is a part of the work.", "Отдых — часть работы."),
            ],
        ),
    ],
    poster_at=11.0,
)

PLANS = Script(
    "20-focus/plans",
    [
        (
            scenes.title(("If-then plans", "План «если — то»")),
            [
                Sentence(
                    "I will study more. That is a wish, not a plan.", "«Буду больше учиться» — это желание, а не план."
                ),
                Sentence("It does not say when, or where, or what.", "В нём нет ни когда, ни где, ни что именно."),
            ],
        ),
        (
            scenes.cards(
                ("Give it a time and a place", "Дайте ему время и место"),
                ("It is 8 in the evening", "сейчас 8 вечера"),
                ("I open my cards", "я открываю карточки"),
            ),
            [
                Sentence(
                    "A good plan has two halves. If it is eight in the evening, then I open my cards.",
                    "У хорошего плана две половины. Если сейчас восемь вечера, то я открываю карточки.",
                ),
            ],
        ),
        (
            scenes.cards(
                ("Plan for trouble as well", "Продумайте и помехи"),
                ("A friend calls", "звонит друг"),
                ("I call back at nine", "перезвоню в девять"),
            ),
            [
                Sentence(
                    "Plan for trouble in the same way. If a friend calls, then I say that I will call back at nine.",
                    "Так же продумайте помехи. Если позвонит друг, то скажу, что перезвоню в девять.",
                ),
                Sentence(
                    "In 94 studies, such plans made people clearly more likely to reach their goals.",
                    "В 94 исследованиях такие планы заметно помогали людям достигать целей.",
                    "In ninety four studies, such plans made people clearly more likely to reach their goals.",
                ),
            ],
        ),
        (
            scenes.steps(
                ("Start too small to refuse", "Начните с малого"),
                [("Five minutes", "Пять минут"), ("One page", "Одна страница"), ("Three cards", "Три карточки")],
            ),
            [
                Sentence(
                    "And make the first step too small to refuse: five minutes, one page, three cards.",
                    "И начните с шага, от которого не отказаться: пять минут, одна страница, три карточки.",
                ),
            ],
        ),
    ],
    poster_at=14.0,
)

SCRIPTS = [WELCOME, FORGETTING, RETRIEVAL, ATTENTION, PLANS]
