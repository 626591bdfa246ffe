"""The lake as it lies in the bucket: fetched for DuckDB, and asked through Athena's API."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deployed.stack import LAKE
from deployed.waiting import until

GETS_AT_ONCE = 16
QUERY_WITHIN_S = 120
# Athena takes 262,144 bytes of query text.
COUNTS_A_QUERY = 100


def objects(s3):
    """The etag of each object, by key; without what Athena writes as answers."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=LAKE)
    found = {entry["Key"]: entry["ETag"] for page in pages for entry in page.get("Contents", [])}
    return {key: etag for key, etag in found.items() if not key.startswith("athena/")}


def fetch(s3, folder):
    """Copies the bucket to a folder."""
    def one(key):
        path = Path(folder, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3.get_object(Bucket=LAKE, Key=key)["Body"].read())

    with ThreadPoolExecutor(GETS_AT_ONCE) as threads:
        list(threads.map(one, objects(s3)))


def query(athena, sql):
    """The rows of a query, every value as text or None."""
    started = athena.start_query_execution(
        QueryString=sql, QueryExecutionContext={"Database": "lake_files"},
        ResultConfiguration={"OutputLocation": f"s3://{LAKE}/athena/"})["QueryExecutionId"]

    def over():
        status = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]
        return status if status["State"] in ("SUCCEEDED", "FAILED", "CANCELLED") else None

    status = until(f"Athena answers {sql[:100]}", over, QUERY_WITHIN_S)
    if status["State"] != "SUCCEEDED":
        raise AssertionError(f"Athena: {status.get('StateChangeReason')} ({sql[:200]})")
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=started)
    rows = [[value.get("VarCharValue") for value in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
    # The first row holds the names of the columns.
    return rows[1:]


def counts(athena, tables):
    """Rows and documents of each physical table, counted by Athena."""
    found = {}
    for start in range(0, len(tables), COUNTS_A_QUERY):
        each = (f"SELECT '{table}' AS name, count(*) AS rows_, count(DISTINCT _id) AS documents "
                f'FROM "lake_files"."{table}"' for table in tables[start : start + COUNTS_A_QUERY])
        found |= {name: (int(rows), int(documents)) for name, rows, documents in query(athena, " UNION ALL ".join(each))}
    return found
