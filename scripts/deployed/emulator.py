"""ministack on a loopback port of its own, ended with whatever started it."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import boto3
import servers
from botocore.config import Config

REPOSITORY = Path(__file__).resolve().parents[2]
REGION = "eu-central-1"
ACCOUNT = "000000000000"
SECRET = "testing"


@dataclass(frozen=True, slots=True)
class Ministack(servers.Server):
    """A running server."""

    def client(self, service):
        """A boto3 client of the server."""
        config = Config(s3={"addressing_style": "path"}, max_pool_connections=32, retries={"max_attempts": 3},
                        read_timeout=120)
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, config=config,
                            aws_access_key_id=ACCOUNT, aws_secret_access_key=SECRET)


@contextlib.contextmanager
def ministack(folder, *, for_stacks=False):
    """Starts the server. `folder`: an empty one for its log and its temporary files. `for_stacks`: mended for them
    (`mended`), and it tells functions where it is, whatever their own environment says; else that has to say it."""
    settings = {"AWS_ENDPOINT_URL": lambda port: f"http://127.0.0.1:{port}"} if for_stacks else {}
    module = "deployed.mended" if for_stacks else "ministack"
    with servers.ministack(Path(folder, "ministack.log"), folder, region=REGION, module=module, **settings) as server:
        yield Ministack(server.endpoint, server.guard_pid, server.log)
