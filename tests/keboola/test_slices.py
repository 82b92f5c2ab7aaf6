"""Where slices are, on each cloud."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agnes.keboola import KeboolaError
from agnes.keboola.slices import sign, slice_request


def test_amazons_own_example_is_signed_as_they_say():
    credentials = {
        "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    }
    headers = sign(
        "https://examplebucket.s3.amazonaws.com/test.txt",
        {"range": "bytes=0-9"},
        credentials,
        "us-east-1",
        datetime(2013, 5, 24, tzinfo=UTC),
    )
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_a_slice_at_amazon_is_asked_for_with_passing_credentials():
    file = {
        "region": "eu-central-1",
        "credentials": {"AccessKeyId": "A", "SecretAccessKey": "B", "SessionToken": "C"},
    }
    url, headers = slice_request(file, "s3://kbc.files/exp 1/part_0.gz", "orders")
    assert url == "https://s3.eu-central-1.amazonaws.com/kbc.files/exp%201/part_0.gz"
    assert headers["x-amz-security-token"] == "C"
    assert "x-amz-security-token" in headers["Authorization"]


def test_a_slice_at_google_takes_a_bearer_token():
    file = {"gcsCredentials": {"access_token": "secret", "token_type": "Bearer"}}
    url, headers = slice_request(file, "gs://bucket/exp/part+0.gz", "orders")
    assert url == "https://storage.googleapis.com/bucket/exp/part%2B0.gz"
    assert headers == {"Authorization": "Bearer secret"}


def test_a_slice_at_azure_takes_the_shared_signature():
    sas = "BlobEndpoint=https://kbc.blob.core.windows.net;SharedAccessSignature=sv=2017&sig=a%3D"
    file = {"absCredentials": {"SASConnectionString": sas}}
    url, headers = slice_request(file, "azure://kbc.blob.core.windows.net/box/part_0", "orders")
    assert url == "https://kbc.blob.core.windows.net/box/part_0?sv=2017&sig=a%3D"
    assert headers == {}


@pytest.mark.parametrize("url", ["s3://a/b", "gs://a/b", "azure://a/b", "ftp://a/b", "/etc/passwd"])
def test_a_slice_without_credentials_or_at_an_unknown_place_is_an_error(url):
    with pytest.raises(KeboolaError, match="orders"):
        slice_request({}, url, "orders")
