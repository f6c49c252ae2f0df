"""A stateful stand-in for Fxiaoke's open platform, served over HTTP; what it knows stands in the fact sheet."""

from connectors.fxiaoke.twin.fxiaoke import FxiaokeTwin
from connectors.fxiaoke.twin.options import FxiaokeOptions
from hub.testing.stand import Stand

__all__ = ["STAND", "TWIN", "FxiaokeOptions", "FxiaokeTwin"]

TWIN = FxiaokeTwin

STAND = Stand(
    "fxiaoke",
    FxiaokeTwin,
    {
        "host": "{url}",
        "app_id": FxiaokeOptions.app_id,
        "app_secret": "${FXIAOKE_APP_SECRET}",
        "permanent_code": "${FXIAOKE_PERMANENT_CODE}",
        "user_mobile": "${FXIAOKE_USER_MOBILE}",
        "key_field": "field_hubId__c",
        "settle_seconds": 1,
        "calls": 10,
        "fields": [
            {"ours": "tier", "theirs": "field_tier__c"},
            {"ours": "stage", "theirs": "field_stage__c"},
            {"stream": "orders", "ours": "source_ref", "theirs": "field_source__c"},
            {"stream": "orders", "ours": "refunded", "theirs": "field_refund__c"},
            {
                "stream": "orders",
                "ours": "status",
                "theirs": "field_state__c",
                "values": {"paid": "s1", "shipped": "s2", "done": "s3", "cancelled": "s4", "returned": "s5"},
            },
        ],
    },
    {
        "FXIAOKE_APP_SECRET": FxiaokeOptions.app_secret,
        "FXIAOKE_PERMANENT_CODE": FxiaokeOptions.permanent_code,
        "FXIAOKE_USER_MOBILE": "13800000000",
    },
    {"customers": "AccountObj", "orders": "SalesOrderObj"},
    options={"calls": 10},
    small={"page_size": 4},
)
