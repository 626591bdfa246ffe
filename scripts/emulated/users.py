"""Tests of scripts/user against moto and ministack. Started by scripts/test-users."""

import base64
import hashlib
import hmac
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from emulator import ROOT, Emulator, check, matches, run
from joserfc import jwt
from joserfc.jwk import KeySet

USER = str(ROOT / "scripts/user")
STRONG = 'Trou"bad\\our ç7 $HOME `x` %s'
WITHIN_S = 60
TOOLS = ["aws", "openssl", "curl"]


class Watch:
    """What other users of the machine could see while a script runs: command lines, and the files it leaves."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp())
        self.home, self.temporary, self.bin = (self.folder / n for n in ("home", "temporary", "bin"))
        for folder in (self.home, self.temporary, self.bin):
            folder.mkdir()
        self.calls = self.folder / "calls"
        self.lines = set()
        # Every call of a tool is written down whole, however short it is; the look at /proc sees the rest.
        for tool in TOOLS:
            path = self.bin / tool
            path.write_text(
                "#!/usr/bin/env bash\n"
                f"{{ printf '%s ' '{tool}' \"$@\"; printf '\\n'; env; }} >>'{self.calls}'\n"
                f"exec '{shutil.which(tool, path=PATH)}' \"$@\"\n")
            path.chmod(0o755)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self):
        me = str(os.getpid())
        while not self._end.is_set():
            for process in Path("/proc").iterdir():
                if process.name.isdigit() and process.name != me:
                    try:
                        self.lines.add((process / "cmdline").read_bytes())
                    except OSError:
                        pass
            self._end.wait(0.02)

    def environment(self):
        (self.home / "aws.config").write_text("[default]\ncli_history = enabled\n")
        return {
            "HOME": str(self.home), "TMPDIR": str(self.temporary), "PATH": f"{self.bin}:{PATH}",
            "AWS_CONFIG_FILE": str(self.home / "aws.config")}

    def end(self, *secrets):
        self._end.set()
        self._thread.join()
        calls = self.calls.read_text() if self.calls.exists() else ""
        check("aws " in calls, "the calls were not watched")
        for secret in secrets:
            check(secret not in calls, f"a tool was told {secret} on its command line or in its environment")
            seen = [line for line in self.lines if secret.encode() in line]
            check(not seen, f"{secret} was in a command line", seen)
            for path in self.folder.rglob("*"):
                if path.is_file():
                    check(secret.encode() not in path.read_bytes(), f"{secret} was left in {path}")
        left = list(self.temporary.iterdir())
        check(not left, "left behind", left)
        shutil.rmtree(self.folder)


PATH = os.environ["PATH"]


class Answer:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return f"status {self.status}\n-- out\n{self.out}\n-- err\n{self.err}"


class Platform:
    """An emulator with a user pool, and scripts/user at it."""

    def __init__(self, kind):
        self.emulator = Emulator(kind, AUTH="true")
        self.identity = self.emulator.client("cognito-idp")
        if kind == "ministack":
            outputs = self.emulator.create_stack("data-platform-lake", "auth.yaml")
            self.pool, self.client = outputs["UserPoolId"], outputs["UserPoolClientId"]
        else:
            # moto makes no user pools from templates: the pool is found by its name, without a stack.
            self.pool = self.identity.create_user_pool(PoolName="data_platform-user_pool")["UserPool"]["Id"]
            self.client = self.identity.create_user_pool_client(
                UserPoolId=self.pool, ClientName="c", GenerateSecret=True,
                ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            )["UserPoolClient"]["ClientId"]
        self.secret = self.identity.describe_user_pool_client(
            UserPoolId=self.pool, ClientId=self.client)["UserPoolClient"]["ClientSecret"]

    def environment(self, **more):
        return {"PATH": PATH, "HOME": os.environ["HOME"], "LANG": "C.UTF-8"} | self.emulator.environment() | more

    def user(self, *arguments, stdin="", status=0, **environment):
        """Without a terminal."""
        done = subprocess.run(
            [USER, *arguments], input=stdin, capture_output=True, text=True, start_new_session=True,
            env=self.environment(**environment), timeout=WITHIN_S, check=False)
        answer = Answer(done.returncode, done.stdout, done.stderr)
        check(answer.status == status, f"user {' '.join(arguments)}: expected status {status}", answer)
        return answer

    def at_terminal(self, *arguments, replies, **environment):
        """On a terminal of its own; answers what the terminal showed and the exit status."""
        child, terminal = pty.fork()
        if child == 0:
            os.execve(USER, [USER, *arguments], self.environment(**environment))
        shown = b""
        waiting = list(replies)
        while True:
            try:
                more = os.read(terminal, 4096)
            except OSError:  # how Linux tells that the other side is gone
                break
            if not more:
                break
            shown += more
            if waiting and re.search(waiting[0][0], shown.decode(errors="replace").rsplit("\n", 1)[-1]):
                os.write(terminal, waiting.pop(0)[1].encode() + b"\n")
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        check(not waiting, "never asked", waiting, shown.decode())
        return status, shown.decode()

    def member(self, name, password=STRONG):
        """A user with a permanent password, made without the script."""
        self.identity.admin_create_user(UserPoolId=self.pool, Username=name, MessageAction="SUPPRESS")
        self.identity.admin_set_user_password(UserPoolId=self.pool, Username=name, Password=password, Permanent=True)

    def state(self, name):
        return self.identity.admin_get_user(UserPoolId=self.pool, Username=name)["UserStatus"]

    def claims(self, token):
        """Of a token whose signature the published keys of the pool bear out."""
        with urllib.request.urlopen(f"{self.emulator.endpoint}/{self.pool}/.well-known/jwks.json") as answer:
            keys = KeySet.import_key_set(json.load(answer))
        claims = jwt.decode(token, keys, algorithms=["RS256"]).claims
        check(claims["exp"] > time.time(), "expired", claims)
        return claims


def from_nobody_to_token(platform):
    watch = Watch()
    there = watch.environment()
    made = platform.user("create", "ada", "--email", "ada@example.org", **there)
    temporary = made.out.strip()
    check(made.out.count("\n") == 1 and len(temporary) > 20, made)
    check(temporary not in made.err, made)
    matches("Next: scripts/user password ada", made.err)
    check(platform.state("ada") == "FORCE_CHANGE_PASSWORD")
    user = platform.identity.admin_get_user(UserPoolId=platform.pool, Username="ada")
    attributes = {a["Name"]: a["Value"] for a in user["UserAttributes"]}
    check(attributes["email"] == "ada@example.org", attributes)

    early = platform.user("token", "ada", "--password-file", "-", stdin=temporary, status=1, **there)
    matches("still the temporary one\n.*scripts/user password ada", early.err)
    check(early.out == "", early)

    platform.user("password", "ada", "--old-password-file", "-", "--password-file", "-",
                  stdin=f"{temporary}\n{STRONG}\n", **there)
    check(platform.state("ada") == "CONFIRMED")

    got = platform.user("token", "ada", "--password-file", "-", stdin=STRONG, **there)
    token = got.out.strip()
    check(got.err == "" and got.out == token + "\n", got)
    claims = platform.claims(token)
    check(claims["token_use"] == "id" and claims["aud"] == platform.client, claims)
    check(claims["cognito:username"] == "ada", claims)

    # Later, from one permanent password to the next.
    platform.user("password", "ada", "--old-password-file", "-", "--password-file", "-",
                  stdin=f"{STRONG}\n{STRONG}2\n", **there)
    platform.user("token", "ada", "--password-file", "-", stdin=STRONG + "2", **there)

    matches("(?m)^ada +CONFIRMED$", platform.user("list", **there).out)
    matches("deleted", platform.user("delete", "ada", "--yes", **there).err)
    matches("no user ada", platform.user("delete", "ada", "--yes", status=1, **there).err)
    check("ada" not in platform.user("list", **there).out)
    watch.end(temporary, STRONG, "Trou", platform.secret, token)


def on_a_terminal(platform):
    temporary = platform.user("create", "grace").out.strip()
    status, shown = platform.at_terminal("password", "grace", replies=[
        ("temporary password of grace: $", temporary), ("new password of grace: $", STRONG),
        ("the same again: $", STRONG)])
    check(status == 0, shown)
    check(temporary not in shown and STRONG not in shown, "echoed", shown)
    status, shown = platform.at_terminal("token", "grace", replies=[("password of grace: $", STRONG)])
    check(status == 0 and STRONG not in shown, shown)
    platform.claims(shown.split()[-1])
    status, shown = platform.at_terminal("password", "grace", replies=[
        ("temporary password", STRONG), ("new password", STRONG + "x"), ("again", STRONG + "y")])
    check(status == 1, shown)
    matches("the two differ", shown)
    status, shown = platform.at_terminal("delete", "grace", replies=[(r"\[y/N\]", "")])
    check(status == 1, shown)
    matches("user grace is kept", shown)
    check(platform.state("grace") == "CONFIRMED")
    status, shown = platform.at_terminal("delete", "grace", replies=[(r"\[y/N\]", "y")])
    check(status == 0, shown)


def generated_into_files(platform):
    watch = Watch()
    there = watch.environment()
    with tempfile.TemporaryDirectory() as folder:
        temporary, permanent = Path(folder, "temporary"), Path(folder, "permanent")
        made = platform.user("create", "alan", "--save", str(temporary), **there)
        check(made.out == "" and oct(temporary.stat().st_mode)[-3:] == "600", made)
        there_already = platform.user("create", "alan2", "--save", str(temporary), status=1, **there)
        matches("cannot make the file .*temporary", there_already.err)
        platform.user("password", "alan", "--old-password-file", str(temporary), "--generate",
                      "--save", str(permanent), **there)
        secrets = [temporary.read_text().strip(), permanent.read_text().strip()]
        token = platform.user("token", "alan", "--password-file", str(permanent), **there).out.strip()
        platform.claims(token)

        # Refused: no file with a password that no user has.
        unused = Path(folder, "unused")
        platform.user("create", "alan", "--save", str(unused), status=1, **there)
        platform.user("reset", "nobody", "--save", str(unused), status=1, **there)
        check(not unused.exists(), "kept a password of no user")

        again = platform.user("reset", "alan", **there)
        check(platform.state("alan") == "FORCE_CHANGE_PASSWORD")
        platform.user("password", "alan", "--old-password-file", "-", "--password-file", str(permanent),
                      stdin=again.out, **there)
        printed = platform.user("password", "alan", "--old-password-file", str(permanent), "--generate", **there)
        platform.user("token", "alan", "--password-file", "-", stdin=printed.out, **there)
    platform.user("delete", "alan", "--yes", **there)
    watch.end(*secrets, token, again.out.strip(), printed.out.strip(), platform.secret)


def what_goes_wrong(platform):
    def told(pattern, *arguments, status=1, **more):
        answer = platform.user(*arguments, status=status, **more)
        matches(pattern, answer.err)
        check(answer.out == "", answer)
        check("line " not in answer.err, "a fault of the script", answer)

    platform.member("eve")
    try:
        told("there is a user eve already.*\n.*scripts/user reset eve", "create", "eve")
        told("that is not the password of eve", "token", "eve", "--password-file", "-", stdin="Wrong-1-Wrong")
        told("no user mallory in pool .*\n.*scripts/user create mallory",
             "token", "mallory", "--password-file", "-", stdin=STRONG)
        told("no user mallory", "reset", "mallory")
        told("no user mallory", "delete", "mallory", "--yes")
        told("no terminal to ask on\n.*--yes", "delete", "eve")
        told("no terminal to ask for a password on\n.*standard input", "token", "eve")
        told("standard input holds no password", "token", "eve", "--password-file", "-")
        told("cannot read the password file /nonexistent", "token", "eve", "--password-file", "/nonexistent")
        told("the new password of eve is the old one", "password", "eve", "--old-password-file", "-",
             "--password-file", "-", stdin=f"{STRONG}\n{STRONG}\n")
        told("does not meet the policy", "create", "weak", "--password-file", "-", stdin="short")
        # Without AWS credentials: client, secret and region are enough, and no one is told who exists.
        with tempfile.NamedTemporaryFile("w") as secret:
            secret.write(platform.secret + "\n")
            secret.flush()
            stranger = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
            with_secret = ["--client-id", platform.client, "--client-secret-file", secret.name, "--password-file", "-"]
            token = platform.user("token", "eve", *with_secret, stdin=STRONG, **stranger).out.strip()
            platform.claims(token)
            told("wrong user name or password", "token", "eve", *with_secret, stdin="Wrong-1-Wrong", **stranger)
            told("locate credentials.*\n.*aws configure", "list", **stranger)

        platform.identity.admin_disable_user(UserPoolId=platform.pool, Username="eve")
        told("user eve is disabled", "token", "eve", "--password-file", "-", stdin=STRONG)

        told("no command aws in PATH\n.*install the AWS CLI", "list", PATH=bin_without("aws"))
        told("no command openssl in PATH", "create", "x", PATH=bin_without("openssl"))
        told("no user pool other-user_pool, nor a stack other-lake, .*\n.*--prefix", "list", "--prefix", "other")
        told("no such user pool", "list", "--user-pool-id", "eu-central-1_Nowhere12")
        told("Could not connect to the endpoint URL", "list", AWS_ENDPOINT_URL="http://127.0.0.1:1",
             AWS_MAX_ATTEMPTS="1")
        told("what is \"crate\"", "crate", "x", status=2)
        told("wants the name of a user", "create", status=2)
        told("takes no option \"--yes\"", "create", "x", "--yes", status=2)
        told("--save wants a value", "create", "x", "--save", status=2)
        told("neither generated nor saved", "create", "x", "--password-file", "-", "--save", "y", status=2)
    finally:
        platform.identity.admin_delete_user(UserPoolId=platform.pool, Username="eve")


def bin_without(tool):
    """A PATH with all that scripts use but one."""
    folder = Path(FOLDER.name, f"no-{tool}")
    folder.mkdir(exist_ok=True)
    for name in ["bash", "env", "dirname", "mktemp", "rm", "cat", "tail", "grep", "od", "tr", *TOOLS]:
        if name != tool and not (folder / name).exists():
            (folder / name).symlink_to(shutil.which(name, path=PATH))
    return str(folder)


FOLDER = tempfile.TemporaryDirectory()


def names_and_passwords_of_any_kind(platform):
    for name, password in [
        ("ünïcode", "Pässwörd-1-ß\u00a0x"), ("back\\slash\"quote", "Qu\"o\\te-1'`$(id)"),
        ("o'brien", "file:///etc/passwd-A1")]:
        temporary = platform.user("create", name).out
        platform.user("password", name, "--old-password-file", "-", "--password-file", "-",
                      stdin=temporary + password + "\n")
        token = platform.user("token", name, "--password-file", "-", stdin=password + "\r\n").out.strip()
        check(platform.claims(token)["cognito:username"] == name, name)
        platform.user("delete", name, "--yes")


def a_client_without_a_secret(platform):
    client = platform.identity.create_user_pool_client(
        UserPoolId=platform.pool, ClientName="open",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])["UserPoolClient"]["ClientId"]
    platform.member("joan")
    token = platform.user("token", "joan", "--client-id", client, "--password-file", "-", stdin=STRONG).out.strip()
    check(platform.claims(token)["aud"] == client)
    platform.user("delete", "joan", "--yes")
    # By the pool alone, its clients are two now.
    answer = platform.user("token", "joan", "--user-pool-id", platform.pool, "--password-file", "-",
                           stdin=STRONG, status=1)
    matches("more than one client.*\n.*--client-id", answer.err)
    platform.identity.delete_user_pool_client(UserPoolId=platform.pool, ClientId=client)


def ended_by_a_signal():
    """No file stays, whenever it ends."""
    # In the AWS CLI's place: a command that lasts and says that it runs, as a signal that comes between fork and exec
    # may be lost on a child of bash. (And Python may take an interrupt for an error of its own.)
    aws = Path(tempfile.mkdtemp(dir=FOLDER.name), "aws")
    aws.write_text("#!/usr/bin/env bash\n: >\"$RUNNING\"\nexec sleep 60\n")
    aws.chmod(0o755)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with tempfile.TemporaryDirectory() as folder:
            running = aws.with_name(f"running-{number}")
            script = subprocess.Popen(
                [USER, "token", "ada", "--password-file", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, start_new_session=True,
                # Under nohup, or in the background of a script, it would inherit that the signal is ignored.
                preexec_fn=lambda number=number: signal.signal(number, signal.SIG_DFL),
                env={"PATH": f"{aws.parent}:{PATH}", "HOME": os.environ["HOME"], "TMPDIR": folder,
                     "RUNNING": str(running)})
            deadline = time.monotonic() + WITHIN_S
            while not running.exists():
                check(time.monotonic() < deadline, "never began")
                time.sleep(0.005)
            os.killpg(script.pid, number)
            out, err = script.communicate(timeout=WITHIN_S)
            check(script.returncode == 128 + number and out == b"", number, script.returncode, out, err)
            check(not os.listdir(folder), "left behind", os.listdir(folder))


def refuses_a_wrong_secret(platform):
    """That the emulator checks SECRET_HASH at all, and that the script says so."""
    platform.member("ida")
    for secret in ("x" * 40, "y" * 100):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(secret)
            file.flush()
            answer = platform.user("token", "ida", "--client-id", platform.client, "--client-secret-file", file.name,
                                   "--password-file", "-", stdin=STRONG, status=1)
            matches("the secret of client .* is another", answer.err)
    platform.user("delete", "ida", "--yes")


def told_by_cognito():
    """What no emulator answers: Cognito's own words, by a stand-in for the AWS CLI, of both versions."""
    cases = [
        ("initiate-auth", "NotAuthorizedException", "InitiateAuth",
         "Temporary password has expired and must be reset by an administrator.",
         "temporary password of ada has expired\n.*scripts/user reset ada"),
        ("initiate-auth", "NotAuthorizedException", "InitiateAuth", "Password attempts exceeded",
         "too many wrong passwords"),
        ("initiate-auth", "PasswordResetRequiredException", "InitiateAuth", "Password reset required for the user",
         "has to be reset\n.*scripts/user reset ada"),
        ("initiate-auth", "InvalidParameterException", "InitiateAuth",
         "USER_PASSWORD_AUTH flow not enabled for this client", "does not allow USER_PASSWORD_AUTH"),
        ("initiate-auth", "TooManyRequestsException", "InitiateAuth", "Rate exceeded", "try again"),
        ("describe-user-pool-client", "AccessDeniedException", "DescribeUserPoolClient",
         "User: arn:aws:iam::1:user/x is not authorized to perform: cognito-idp:DescribeUserPoolClient",
         "these credentials may not do that"),
        ("describe-stacks", "ExpiredToken", "DescribeStacks",
         "The security token included in the request is expired", "sign in to AWS again"),
    ]
    for prefix in ("\n", "\naws: [ERROR]: "):
        for action, code, operation, message, pattern in cases:
            answer = stand_in({action: (254, f"{prefix}An error occurred ({code}) when calling the "
                                             f"{operation} operation: {message}\n")})
            check(answer.status == 1, answer)
            matches(pattern, answer.err)
    answer = stand_in({"initiate-auth": (0, "SMS_MFA\tsession\tada\tNone\tNone\n")})
    matches("the challenge SMS_MFA, which this script does not know", answer.err)
    check(answer.status == 1 and answer.out == "", answer)


def hashes_as_cognito_does():
    """Where the name that Cognito goes on with is not the one typed in, the hash is of Cognito's."""
    calls = Path(FOLDER.name, "challenge")
    answer = stand_in({
        "describe-user-pool-client": (0, "key/+of the client\n"),
        "initiate-auth": (0, "NEW_PASSWORD_REQUIRED\tsess+ion==\t0a1b-sub\tNone\tNone\n"),
        "respond-to-auth-challenge": (0, "None\tNone\tNone\tid\taccess\n"),
    }, "password", "ada@example.org", "--old-password-file", "-", "--password-file", "-", stdin="old\nnew\n", calls=calls)
    check(answer.status == 0, answer)
    asked = [json.loads(line) for line in calls.read_text().splitlines()]
    first, second = asked[-2]["AuthParameters"], asked[-1]["ChallengeResponses"]
    check(second["USERNAME"] == "0a1b-sub" and asked[-1]["Session"] == "sess+ion==", asked)
    for parameters in (first, second):
        digest = hmac.digest(b"key/+of the client", f"{parameters['USERNAME']}client".encode(), hashlib.sha256)
        check(parameters["SECRET_HASH"] == base64.b64encode(digest).decode(), parameters)


def stand_in(answers, *arguments, stdin="password\n", calls=os.devnull):
    """scripts/user with an `aws` that answers as told, and writes down what it is asked."""
    folder = aws_that_answers({
        "describe-stacks": (0, "UserPoolId\tpool\nUserPoolClientId\tclient\n"),
        "describe-user-pool-client": (0, "secret\n"), "admin-get-user": (0, "CONFIRMED\n")} | answers, calls)
    done = subprocess.run(
        [USER, *(arguments or ("token", "ada", "--password-file", "-"))], input=stdin, capture_output=True, text=True,
        start_new_session=True, env={"PATH": f"{folder}:{PATH}", "HOME": os.environ["HOME"]}, timeout=WITHIN_S,
        check=False)
    return Answer(done.returncode, done.stdout, done.stderr)


def aws_that_answers(answers, calls=os.devnull):
    """The folder of an `aws`. `answers`: of each action, the exit status and what it prints. `calls`: where the JSON
    goes that it is asked with, a line each."""
    folder = Path(tempfile.mkdtemp(dir=FOLDER.name))
    lines = ["#!/usr/bin/env bash", f"cat \"${{4#file://}}\" >>'{calls}'; echo >>'{calls}'", "case $2 in"]
    for action, (status, text) in answers.items():
        (folder / action).write_text(text)
        lines.append(f"{action}) cat '{folder / action}' >&{1 if status == 0 else 2}; exit {status} ;;")
    (folder / "aws").write_text("\n".join([*lines, "esac", "exit 99", ""]))
    (folder / "aws").chmod(0o755)
    return folder


def of(test, platform):
    def named():
        test(platform)
    named.__name__ = f"{platform.emulator.kind}: {test.__name__}"
    return named


def main():
    tests = [told_by_cognito, hashes_as_cognito_does, ended_by_a_signal]
    platforms = [Platform("ministack"), Platform("moto")]
    tests += [of(test, platforms[0]) for test in (
        from_nobody_to_token, on_a_terminal, generated_into_files, what_goes_wrong, names_and_passwords_of_any_kind,
        a_client_without_a_secret, refuses_a_wrong_secret)]
    tests.append(of(from_nobody_to_token, platforms[1]))
    wanted = sys.argv[1:]
    try:
        return run([test for test in tests if not wanted or any(w in test.__name__ for w in wanted)])
    finally:
        for platform in platforms:
            platform.emulator.__exit__()


if __name__ == "__main__":
    sys.exit(main())
