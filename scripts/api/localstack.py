"""LocalStack, as the API's tests want it."""

from pathlib import Path

import servers


def localstack(python, folder, **elsewhere):
    """A running LocalStack of that Python. `elsewhere`: endpoints, by service, that its API Gateway finds instead of
    LocalStack's own (`stand_ins`): `dynamodb`, `s3`."""
    def command(port):
        return [python, "-m", "api.stand_ins"], settings | {"GATEWAY_LISTEN": f"127.0.0.1:{port}"}

    settings = {
        "OVERRIDE_IN_DOCKER": "0",
        "FILESYSTEM_ROOT": str(Path(folder, "localstack")),
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
        "EAGER_SERVICE_LOADING": "0",
        # The request's time is the machine's there, and UTC on AWS.
        "TZ": "UTC",
        "XDG_CACHE_HOME": str(Path(folder, "cache")),
        "PYTHONPATH": str(Path(__file__).parent.parent),
    } | {f"{service.upper()}_ENDPOINT": endpoint for service, endpoint in elsewhere.items()}
    return servers.serving(command, "/_localstack/health", Path(folder, "localstack.log"))
