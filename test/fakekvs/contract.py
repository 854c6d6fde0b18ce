# Holds the fake to the service model that AWS publishes, with botocore as the
# client: it builds the requests and reads the answers by that model alone.
# Usage: contract.py URL ARN
import sys

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

url, arn = sys.argv[1:]
client = botocore.session.get_session().create_client(
    "cloudfront-keyvaluestore", region_name="us-east-1", endpoint_url=url,
    config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, inject_host_prefix=False,
                  proxies={"http": sys.argv[1]}))
model = client.meta.service_model


def call(operation, **arguments):
    method = {"DescribeKeyValueStore": client.describe_key_value_store, "UpdateKeys": client.update_keys, "ListKeys": client.list_keys,
              "GetKey": client.get_key, "PutKey": client.put_key, "DeleteKey": client.delete_key}[operation]
    out = method(KvsARN=arn, **arguments)
    for name in model.operation_model(operation).output_shape.required_members:
        assert name in out, (operation, name, out)
    return out


def refused(code, operation, **arguments):
    try:
        call(operation, **arguments)
    except ClientError as err:
        got = err.response["Error"]["Code"]
        assert got == code, (operation, got, code)
        assert code in [e.name for e in model.operation_model(operation).error_shapes], code
        return
    raise AssertionError((operation, "was not refused with", code))


first = call("DescribeKeyValueStore")
assert first["ItemCount"] == 0 and first["Status"] == "READY", first
out = call("UpdateKeys", IfMatch=first["ETag"], Puts=[{"Key": f"/k{n:02}", "Value": f"301 /to/{n}"} for n in range(30)])
assert out["ItemCount"] == 30 and out["ETag"] != first["ETag"], out
refused("ConflictException", "UpdateKeys", IfMatch=first["ETag"], Puts=[{"Key": "/late", "Value": "x"}])
assert call("GetKey", Key="/k03")["Value"] == "301 /to/3"
refused("ResourceNotFoundException", "GetKey", Key="/none")
listed, token = [], None
while True:
    page = call("ListKeys", MaxResults=20, **({"NextToken": token} if token else {}))
    listed += [i["Key"] for i in page["Items"]]
    token = page.get("NextToken")
    if not token:
        break
assert listed == [f"/k{n:02}" for n in range(30)], listed
out = call("PutKey", Key="/a b/é", Value="302 /x", IfMatch=out["ETag"])
assert call("GetKey", Key="/a b/é")["Value"] == "302 /x"
out = call("DeleteKey", Key="/k00", IfMatch=out["ETag"])
out = call("UpdateKeys", IfMatch=out["ETag"], Deletes=[{"Key": "/k01"}], Puts=[{"Key": "/k02", "Value": "new"}])
assert out["ItemCount"] == 29, out
refused("ValidationException", "UpdateKeys", IfMatch=out["ETag"], Puts=[{"Key": f"/{n}", "Value": "x"} for n in range(51)])
refused("ValidationException", "UpdateKeys", IfMatch=out["ETag"], Puts=[{"Key": "/long", "Value": "x" * 1025}])
print("contract kept")
