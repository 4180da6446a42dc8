"""Alibaba's signatures reproduce the published examples, and one flipped bit changes them."""

from __future__ import annotations

import hashlib

from virtual_numbers.providers.alibaba_signing import authorization, percent, sign_v1, sign_v3, sign_x_mode

V1_GET = {
    "Format": "XML", "Version": "2014-05-26", "AccessKeyId": "testid", "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
    "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf", "Timestamp": "2016-02-23T12:46:24Z", "Action": "DescribeRegions",
}  # fmt: skip
V1_POST = {
    "Action": "BindAxb", "Expiration": "2026-12-01 12:00:00", "OutId": "ord-1", "PhoneNoA": "13800000001", "PhoneNoB": "13900000002",
    "PoolKey": "FC123456", "Format": "JSON", "Version": "2017-05-25", "AccessKeyId": "testid", "SignatureMethod": "HMAC-SHA1",
    "SignatureVersion": "1.0", "SignatureNonce": "9b7a44b0-3be1-11e5-8c73-08002700c460", "Timestamp": "2026-11-22T00:00:00Z",
}  # fmt: skip
V3_HEADERS = {
    "host": "ecs.cn-shanghai.aliyuncs.com", "x-acs-action": "RunInstances", "x-acs-version": "2014-05-26",
    "x-acs-date": "2023-10-26T10:22:32Z", "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
    "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
}  # fmt: skip
V3_PARAMS = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
V3_SIGNATURE = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"


def test_v1_reproduces_the_documented_example_and_a_bind() -> None:
    assert sign_v1("GET", V1_GET, "testsecret") == "OLeaidS1JvxuMvnyHOwuJ+uX5qY="
    assert sign_v1("POST", V1_POST, "testsecret") == "abc8lChsFvPo7GRW64ySqwpt6Pk="


def test_v1_leaves_its_own_signature_out() -> None:
    assert sign_v1("GET", {**V1_GET, "Signature": "x"}, "testsecret") == sign_v1("GET", V1_GET, "testsecret")


def test_v3_reproduces_the_documented_example() -> None:
    names, signature = sign_v3("POST", V3_PARAMS, V3_HEADERS, b"", "YourAccessKeySecret")

    assert signature == V3_SIGNATURE
    assert authorization("YourAccessKeyId", names, signature) == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        f"x-acs-signature-nonce;x-acs-version,Signature={V3_SIGNATURE}"
    )


def test_v3_changes_with_any_signed_byte() -> None:
    changed = [
        sign_v3("GET", V3_PARAMS, V3_HEADERS, b"", "YourAccessKeySecret"),
        sign_v3("POST", {**V3_PARAMS, "RegionId": "cn-shanghah"}, V3_HEADERS, b"", "YourAccessKeySecret"),
        sign_v3("POST", V3_PARAMS, {**V3_HEADERS, "host": "ecs.cn-shanghai.aliyuncs.con"}, b"", "YourAccessKeySecret"),
        sign_v3("POST", V3_PARAMS, V3_HEADERS, b"\x00", "YourAccessKeySecret"),
        sign_v3("POST", V3_PARAMS, V3_HEADERS, b"", "YourAccessKeySecres"),
    ]

    assert V3_SIGNATURE not in {signature for _, signature in changed}


def test_encoding_is_rfc_3986() -> None:
    assert percent("a b*~_-.+/中") == "a%20b%2A~_-.%2B%2F%E4%B8%AD"


def test_x_mode_leaves_out_empty_values_and_the_signature() -> None:
    params = {"callNo": "13800000001", "secretNo": "17000000001", "extension": ""}

    assert sign_x_mode(params, "k") == sign_x_mode({**params, "signature": "x", "extension": ""}, "k")
    assert sign_x_mode(params, "k") != sign_x_mode({**params, "extension": "1"}, "k")
    assert "=" not in sign_x_mode(params, "k"), "base64, encoded for a URL"
