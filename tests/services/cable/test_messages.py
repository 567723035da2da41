"""What is published reaches exactly those who may hear it, in order, each message once, also through reconnects."""

from __future__ import annotations

import random
import threading
import time

import pytest

from studium.core.database import transaction
from studium.services.cable import last_id, publish, sign_stream, user_stream
from studium.services.cable.publishing import close_sessions


def tell(app, stream, *numbers, **options):
    with app.app_context():
        for number in numbers:
            publish(stream, {"data": {"n": number}}, **options)


def numbers_until(browser, last):
    """The numbers of all messages up to `last`."""
    found = []
    while not found or found[-1] != last:
        found.append(browser.receive()["data"]["n"])
    return found


def test_a_message_has_the_signed_stream_an_id_and_its_data(app, browser, anna):
    begun = browser.subscribe(anna.stream)
    tell(app, anna.stream_name, 1)
    message = browser.receive()
    assert message == {"stream": anna.stream, "id": message["id"], "data": {"n": 1}}
    assert message["id"] > begun


def test_a_fragment_is_passed_on_as_it_is(app, browser, anna):
    browser.subscribe(anna.stream)
    fragment = {"action": "replace", "target": "bar", "html": "<b>Ё & \u2028 </b>"}
    with app.app_context():
        publish(anna.stream_name, {"fragment": fragment})
    assert browser.receive()["fragment"] == fragment


def test_every_open_page_of_a_person_hears_it_and_nobody_else(app, cable, anna, boris):
    pages = [cable.open(anna.token) for _ in range(3)]
    other = cable.open(boris.token)
    for page in pages:
        page.subscribe(anna.stream)
    other.subscribe(boris.stream)
    tell(app, anna.stream_name, 1)
    tell(app, boris.stream_name, 2)
    assert [page.receive()["data"]["n"] for page in pages] == [1, 1, 1]
    assert other.receive()["data"]["n"] == 2


def test_without_a_subscription_nothing_comes(app, browser, anna, boris):
    tell(app, anna.stream_name, 1)
    assert browser.ask({"nonsense": 1})["error"]["code"] == "unknown"


def test_after_the_end_of_a_subscription_nothing_comes(app, browser, anna):
    browser.subscribe(anna.stream)
    assert browser.ask({"unsubscribe": anna.stream}) == {"unsubscribed": anna.stream}
    tell(app, anna.stream_name, 1)
    assert browser.ask({"unsubscribe": anna.stream, "id": 3})["error"]["code"] == "unknown"


def test_messages_come_in_the_order_of_publishing(app, browser, anna):
    browser.subscribe(anna.stream)
    tell(app, anna.stream_name, *range(200))
    assert numbers_until(browser, 199) == list(range(200))


def test_what_was_missed_comes_after_the_subscription(app, cable, anna):
    tell(app, anna.stream_name, 0)
    with app.app_context():
        seen = last_id()
    tell(app, anna.stream_name, 1, 2, 3)
    browser = cable.open(anna.token)
    last = browser.subscribe(anna.stream, after=seen)
    messages = [browser.receive() for _ in range(3)]
    assert [message["data"]["n"] for message in messages] == [1, 2, 3]
    assert seen < messages[0]["id"] < messages[1]["id"] < messages[2]["id"] == last


def test_without_a_last_id_only_new_messages_come(app, browser, anna):
    tell(app, anna.stream_name, 1)
    browser.subscribe(anna.stream)
    tell(app, anna.stream_name, 2)
    assert browser.receive()["data"]["n"] == 2


def test_a_last_id_of_the_future_is_no_error(app, browser, anna):
    browser.subscribe(anna.stream, after=2**62)
    tell(app, anna.stream_name, 1)
    assert browser.receive()["data"]["n"] == 1


@pytest.mark.parametrize("seed", [1, 2])
def test_replay_joins_live_delivery_without_a_gap_or_a_double(app, cable, anna, seed):
    """Another process publishes all the time while this browser comes and goes."""
    chance, total, seen = random.Random(seed), 400, []
    with app.app_context():
        last = last_id()

    def publish_all() -> None:
        for number in range(total):
            tell(app, anna.stream_name, number)
            time.sleep(0.0005 if number % 7 else 0.005)  # bursts and pauses, so that joins meet every state

    publisher = threading.Thread(target=publish_all)
    publisher.start()
    while len(seen) < total:
        browser = cable.open(anna.token)
        browser.subscribe(anna.stream, after=last)
        for _ in range(min(total - len(seen), chance.randrange(1, 25))):
            message = browser.receive()
            assert message["id"] > last
            last = message["id"]
            seen.append(message["data"]["n"])
        browser.close()
    publisher.join()
    assert seen == list(range(total))


def test_a_rolled_back_transaction_publishes_nothing(app, browser, anna):
    browser.subscribe(anna.stream)
    with app.app_context():
        with pytest.raises(RuntimeError), transaction():
            publish(anna.stream_name, {"data": {"n": "rolled back"}})
            raise RuntimeError
        with transaction():
            publish(anna.stream_name, {"data": {"n": "committed"}})
    assert browser.receive()["data"]["n"] == "committed"


def test_a_message_waits_for_the_commit(app, browser, anna):
    browser.subscribe(anna.stream)
    with app.app_context(), transaction():
        publish(anna.stream_name, {"data": {"n": "inside"}})
        before = last_id()
        assert browser.ask({"subscribe": anna.stream})["last"] == before
    assert browser.receive()["id"] > before


def test_of_messages_with_a_collapse_key_that_are_older_than_a_minute_only_the_newest_is_kept(app, cable, anna, boris, frozen_clock):
    with app.app_context():
        seen = last_id()
    tell(app, anna.stream_name, 1, 2, collapse="bar")
    tell(app, anna.stream_name, 3, collapse="other")
    tell(app, boris.stream_name, 9, collapse="bar")
    frozen_clock.advance(61)
    tell(app, anna.stream_name, 4, collapse="bar")
    browser = cable.open(anna.token)
    browser.subscribe(anna.stream, after=seen)
    assert [browser.receive()["data"]["n"] for _ in range(2)] == [3, 4]


def test_two_subscriptions_of_one_socket_do_not_mix(app, browser, anna):
    with app.app_context():
        public = sign_stream("news")
    browser.subscribe(anna.stream)
    browser.subscribe(public)
    tell(app, "news", 1)
    tell(app, anna.stream_name, 2)
    assert [(browser.receive()["stream"], n) for n in (1, 2)] == [(public, 1), (anna.stream, 2)]
    assert browser.ask({"unsubscribe": public}) == {"unsubscribed": public}
    tell(app, "news", 3)
    tell(app, anna.stream_name, 4)
    assert browser.receive()["data"]["n"] == 4


def test_the_stream_of_another_person_is_refused(app, browser, anna, boris):
    answer = browser.ask({"subscribe": boris.stream, "id": 5})
    assert (answer["error"]["code"], answer["id"]) == ("forbidden", 5)
    tell(app, boris.stream_name, 1)
    browser.subscribe(anna.stream)
    tell(app, anna.stream_name, 2)
    assert browser.receive()["data"]["n"] == 2


def forged_names(stream):
    name, signature = stream.rsplit(".", 1)
    other = "A" if signature[0] != "A" else "B"
    yield name
    yield f"{name}."
    yield f"{name}.{other}{signature[1:]}"
    yield f"{name}x.{signature}"
    yield f"user:1.{signature}"
    yield f"{signature}.{name}"
    yield f" {stream}"
    yield f"{name}.{signature}="
    yield f"{name}.!{signature}"
    yield ""
    yield "."
    yield "\u0000"
    yield "x" * 10_000
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    yield f"{name}.{signature[:-1]}{alphabet[alphabet.index(signature[-1]) ^ 1]}"  # the same bytes, spelt otherwise in base64


def test_forged_and_tampered_names_are_refused(browser, anna):
    for name in forged_names(anna.stream):
        assert browser.ask({"subscribe": name})["error"]["code"] == "forbidden", name
    browser.subscribe(anna.stream)


def test_a_name_signed_for_something_else_is_refused(app, browser, settings):
    from itsdangerous import Signer

    signed = Signer(settings.secret, salt="studium.watch").sign(user_stream(1)).decode()
    assert browser.ask({"subscribe": signed})["error"]["code"] == "forbidden"


def test_nobody_can_listen_to_the_control_stream(app, browser):
    for name in ("control", "control.control"):
        assert browser.ask({"subscribe": name})["error"]["code"] == "forbidden"


@pytest.mark.parametrize("payload", [{}, {"html": "x"}, {"data": {}, "fragment": {}}, {"data": {}, "id": 1}, {"error": {}}])
def test_a_payload_of_another_shape_is_an_error_of_the_publisher(app, payload):
    with app.app_context(), pytest.raises(ValueError, match="payload"):
        publish("news", payload)


def test_signing_out_closes_the_open_pages_of_that_browser_only(app, cable, anna, new_person, csrf):
    phone = new_person(7)
    here, there = cable.open(anna.token), cable.open(phone.token)
    assert anna.client.post("/logout", headers=csrf(anna.client)).status_code == 302
    assert here.closing() == (4001, "signed out")
    there.subscribe(phone.stream)


def test_closing_unknown_sessions_harms_nobody(app, browser, anna):
    with app.app_context():
        close_sessions([999_999, -1])
    browser.subscribe(anna.stream)
