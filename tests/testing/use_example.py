"""A site in which examples/studium-acme-pay is installed, used by a buyer and by the owner. Run with the Python of that environment.

    use_example.py buy FOLDER PORT     # FOLDER holds the package's tests; PORT is the simulator's
    use_example.py read                # after the package was taken away
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from studium.core.app import create_app
from studium.queue.heart import Heart
from studium.queue.worker import Runner
from studium.services.provider_registry import find_provider
from studium.testing.providers.site_server import serving

HTML = {"Accept": "text/html"}
COURSE = "learn-how-to-learn"
LESSON = f"/courses/{COURSE}/retrieval"
SECONDS = 30


def signed_in(app: Flask, telegram_id: int) -> FlaskClient:
    """Somebody's browser."""
    client = app.test_client()
    assert client.post("/auth/dev", json={"telegram_id": telegram_id, "first_name": "Somebody"}).status_code == 200
    return client


def buy(folder: Path, port: int) -> None:
    """Checkout, pay at the simulator, webhook, access; answers the payment's address on standard output."""
    app = create_app(program="web")
    buyer = signed_in(app, 7001)
    assert buyer.get(LESSON, headers=HTML).status_code == 404, "not bought yet"
    with app.app_context():
        assert type(find_provider("acme-pay")).__module__ == "studium_acme_pay.provider"
    with serving(app, folder) as site, simulator(folder, port, f"{site.url}/webhooks/acme-pay"):
        token = buyer.get("/api/v1/session").get_json()["data"]["csrf_token"]
        form = {"csrf_token": token, "provider": "acme-pay", "currency": "USD"}
        answer = buyer.post(f"/checkout/{COURSE}/basic", data=form, headers=HTML)
        assert answer.status_code == 303, answer.text
        assert answer.location.startswith(f"http://127.0.0.1:{port}/pay/"), answer.location
        press_pay(answer.location)
        until(lambda: run_jobs(app) >= 0 and buyer.get(LESSON, headers=HTML).status_code == 200, "the webhook opens the course")
        owner = signed_in(app, 1005)
        assert "payment.paid" in owner.get("/owner/webhooks", headers=HTML).text, "it was the webhook that told"
    print(paid_at(buyer))


def read() -> None:
    """Everything of the payment, without its provider."""
    app = create_app(program="web")
    buyer, owner = signed_in(app, 7001), signed_in(app, 1005)
    assert buyer.get(LESSON, headers=HTML).status_code == 200, "bought is bought"
    page = paid_at(buyer)
    pages = [(buyer, path) for path in ("/payments", page, f"{page}/receipt")]
    pages += [(owner, path) for path in ("/owner", "/owner/payments", f"/owner{page}", "/owner/payments.csv", "/owner/webhooks")]
    for client, path in pages:
        answer = client.get(path, headers=HTML)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
    assert "acme-pay" in owner.get(f"/owner{page}", headers=HTML).text
    print("readable")


def paid_at(client: FlaskClient) -> str:
    """The address of the buyer's payment."""
    found = re.search(r'href="(/payments/[0-9a-f-]{36})"', client.get("/payments", headers=HTML).text)
    assert found
    return found[1]


def press_pay(url: str) -> None:
    """Press the button on the simulated page; it leads back to the site, where nobody listens at the address in the settings."""
    try:
        urllib.request.urlopen(url, b"do=pay", timeout=5)
    except urllib.error.URLError:
        return


def run_jobs(app: Flask) -> int:
    """As a worker does."""
    with app.app_context():
        runners = [Runner(queue, Heart(f"example:{queue}", 10.0, 3.0), 10.0) for queue in ("realtime", "default")]
        return sum(1 for _ in range(20) if any(runner.run_one(None) for runner in runners))


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for it."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.1)


@contextmanager
def simulator(folder: Path, port: int, webhook: str) -> Iterator[None]:
    """The package's simulator, as its author runs it."""
    command = [sys.executable, "-m", "tests.simulator", "--port", str(port), "--webhook", webhook]
    running = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        assert "(simulated) at" in running.stdout.readline()
        yield
    finally:
        running.terminate()
        running.wait(10)


if __name__ == "__main__":
    read() if sys.argv[1] == "read" else buy(Path(sys.argv[2]), int(sys.argv[3]))
