"""Tests of scripts/smoke and scripts/endpoint: the API and Athena are stand-ins. Started by scripts/test-users."""

import http.server
import json
import os
import subprocess
import sys
import threading

from emulator import ROOT, check, matches, run
from users import FOLDER, PATH, WITHIN_S, Answer, aws_that_answers

ID = "0192f0c1-2b7e-7c3a-9c1d-5a1e0f6b7d80"
TOKEN = "eyJ.token.of-ada"


class Api:
    """Answers what it is told, one answer a request; the last one stays."""

    def __init__(self, *states, post=(200, {"success": True, "data": {"id": ID}})):
        states, asked, documents = list(states), [], []
        self.asked, self.documents = asked, documents

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                documents.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                asked.append((self.path, self.headers.get("Authorization"), self.headers["Content-Type"]))
                self.answer(*post)

            def do_GET(self):
                if self.path == "/main/rows":
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(f"{documents[-1]['smoke']['run']}\n0\nNone\n".encode())
                    return
                asked.append((self.path, self.headers.get("Authorization"), None))
                state = states.pop(0) if len(states) > 1 else states[0]
                if state == "not_seen_yet":
                    self.answer(404, {"success": False, "error": {"code": state, "message": "later"}})
                else:
                    self.answer(200, {"success": True, "data": {"id": ID, "state": state, "reasons": [{"code": "why"}]}})

            def answer(self, status, body):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}/main"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def script(name, answers, *arguments, stdin="", **environment):
    folder = aws_that_answers(answers)
    # The values of the row are what was posted: this `aws` asks the stand-in of the API.
    aws = folder / "aws"
    aws.write_text(aws.read_text().replace(
        "case $2 in", 'case "$*" in *"Rows[1]"*) [ -z "${ROWS-}" ] || exec curl -s "$ROWS" ;; esac\ncase $2 in', 1))
    done = subprocess.run(
        [str(ROOT / "scripts" / name), *arguments], input=stdin, capture_output=True, text=True, start_new_session=True,
        env={"PATH": f"{folder}:{PATH}", "HOME": os.environ["HOME"]} | environment, timeout=WITHIN_S, check=False)
    return Answer(done.returncode, done.stdout, done.stderr)


def athena(api, state="SUCCEEDED\tNone\n"):
    return {
        "describe-stacks": (0, f"Endpoint\t{api.endpoint}\nWorkGroup\tdata_platform\n"),
        "start-query-execution": (0, "execution-1\n"), "get-query-execution": (0, state),
        # Asked for the names first, then for the values.
        "get-query-results": (0, "smoke__run\n_row\nnothing\n"),
    }


def a_document_becomes_a_row():
    with Api("not_seen_yet", "batched", "normalized") as api:
        answer = script("smoke", athena(api), "--token-file", "-", stdin=TOKEN + "\n", ROWS=f"{api.endpoint}/rows")
        check(answer.status == 0, answer)
        matches(r"accepted as document 0192(.|\n)*not seen yet(.|\n)*batched(.|\n)*normalized(.|\n)*its row", answer.err)
        matches(r"(?m)^smoke__run +[0-9a-f]{16}$", answer.out)
        check("nothing" not in answer.out and TOKEN not in answer.err, answer)
        path, token, kind = api.asked[0]
        check((path, token, kind) == ("/main/table/smoke/object", TOKEN, "application/json"), api.asked)
        check({t for _, t, _ in api.asked} == {TOKEN}, api.asked)
        check(len(api.documents[0]["items"]) == 2, api.documents)


def what_goes_wrong():
    with Api("rejected") as api:
        answer = script("smoke", athena(api))
        matches("is rejected: .*why", answer.err)
        check(answer.status == 1 and api.asked[0][1] is None, answer, api.asked)
    with Api("batched") as api:
        answer = script("smoke", athena(api), "--timeout", "1")
        matches("not normalized after 1 s: batched\n.*--timeout", answer.err)
    with Api("normalized") as api:
        matches("FAILED: no such view", script("smoke", athena(api, state="FAILED\tno such view\n")).err)
        answer = script("smoke", athena(api) | {"get-query-results": (0, "None\n")})
        matches("its row is not in lake.smoke", answer.err)
        check(answer.status == 1, answer)
    with Api("normalized", post=(401, {"message": "Unauthorized"})) as api:
        matches("status 401: .*Unauthorized.*\n.*token", script("smoke", athena(api)).err)
    missing = (254, "\nAn error occurred (ValidationError) when calling the DescribeStacks operation: "
                    "Stack with id data-platform-lake does not exist\n")
    for name in ("smoke", "endpoint"):
        answer = script(name, {"describe-stacks": missing})
        matches("no stack data-platform-lake in this account and region\n.*scripts/deploy", answer.err)
        check(answer.status == 1 and answer.out == "", answer)
        matches("has no output Endpoint", script(name, {"describe-stacks": (0, "Other\tx\n")}).err)
        check(script(name, {}, "--what").status == 2)
        matches("Usage: scripts/" + name, script(name, {}, "--help").out)
    matches("cannot reach http://127.0.0.1:1", script("smoke", {"describe-stacks": missing}, "--endpoint", "http://127.0.0.1:1").err)


def the_endpoint():
    with Api("normalized") as api:
        check(script("endpoint", athena(api), "--stack", "x").out == api.endpoint + "\n")


if __name__ == "__main__":
    sys.exit(run([a_document_becomes_a_row, what_goes_wrong, the_endpoint]))
