"""Objects and fields as Fxiaoke describes them (sheet sections 3 and 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connectors.fxiaoke.twin.options import FxiaokeOptions

Labels = tuple[tuple[str, str], ...]
"""The options of a select field: (value, label)."""


@dataclass(frozen=True)
class FieldSpec:
    """One field of an object; `target` is the object that a reference leads to."""

    name: str
    type: str = "text"
    label: str = ""
    required: bool = False
    unique: bool = False
    options: Labels = ()
    target: str = ""

    @property
    def read_only(self) -> bool:
        """Whether it cannot be written: computed by the system, or one of its own."""
        return self.type in ("formula", "count", "quote", "auto_number") or self.name in _SYSTEM_NAMES


_OBJECTS = {
    "AccountObj": """
        name:text:客户名称:! account_no:text:客户编号 account_type:select_one:客户类型 account_level:select_one:客户级别
        account_source:select_one:来源 tel:phone_number:电话 fax:phone_number:传真 email:email:邮件 url:url:网址
        address:text:详细地址 industry_level1:select_one:行业 remark:long_text:备注 back_reason:text:退回原因
        field_birth__c:date:生日 field_noMail__c:true_or_false:拒收邮件 field_card__c:text:会员卡号
        field_hobby__c:select_many:兴趣 field_visited__c:date_time:最近到店 field_size__c:number:尺码
        field_deals__c:count:订单数""",
    "ContactObj": """
        name:text:姓名:! account_id:object_reference:客户 tel1:phone_number:电话1 tel2:phone_number:电话2
        mobile1:phone_number:手机1 mobile2:phone_number:手机2 mobile3:phone_number:手机3 mobile4:phone_number:手机4
        mobile5:phone_number:手机5 tel3:phone_number:电话3 tel4:phone_number:电话4 tel5:phone_number:电话5
        email:email:邮件 company:text:公司""",
    "MemberObj": "name:text:会员名称:! mobile:phone_number:手机 email:email:邮箱",
    "Guest__c": "name:text:姓名:! field_mobile__c:phone_number:手机 field_mail__c:email:邮箱",
    "SalesOrderObj": """
        name:text:订单编号:! account_id:object_reference:客户:! order_time:date:下单日期 order_amount:currency:订单金额
        discount:percentile:整单折扣 delivery_date:date:交货日期 ship_to_id:object_reference:收货人
        ship_to_add:text:收货地址 ship_to_tel:phone_number:收货电话 remark:long_text:备注
        field_source__c:text:来源单号 field_state__c:select_one:订单状态 field_refund__c:currency:退款金额
        field_store__c:text:门店""",
}
_MONEY = "mc_currency:select_one:币种 mc_exchange_rate:number:汇率"
_SYSTEM = """
    owner:employee:负责人 owner_department:text:负责人主属部门 data_own_department:department:归属部门
    record_type:text:业务类型 life_status:select_one:生命状态 lock_status:select_one:锁定状态
    is_deleted:true_or_false:是否删除 create_time:date_time:创建时间 last_modified_time:date_time:最后修改时间
    created_by:employee:创建人 last_modified_by:employee:最后修改人 version:text:版本"""
_SYSTEM_NAMES = ("owner_department", "life_status", "lock_status", "is_deleted", "create_time", "last_modified_time",
                 "created_by", "last_modified_by", "version")  # fmt: skip
_TARGETS = {"account_id": "AccountObj", "ship_to_id": "ContactObj"}
_LABELS: Mapping[str, Labels] = MappingProxyType(
    {
        "account_type": (("1", "个人"), ("2", "企业")),
        "account_level": (("1", "普通"), ("2", "重要")),
        "account_source": (("1", "门店"), ("2", "网站"), ("3", "活动")),
        "industry_level1": (("1", "零售"),),
        "field_hobby__c": (("a1", "阅读"), ("b2", "运动"), ("c3", "音乐")),
        "field_state__c": (("s1", "已付款"), ("s2", "已发货"), ("s3", "已完成"), ("s4", "已取消"), ("s5", "已退货")),
        "mc_currency": (("CNY", "人民币"), ("USD", "美元"), ("EUR", "欧元"), ("JPY", "日元")),
        "life_status": (("normal", "正常"), ("invalid", "作废"), ("under_review", "审核中")),
        "lock_status": (("0", "未锁定"), ("1", "锁定")),
    }
)
PEOPLE = ("AccountObj", "ContactObj", "MemberObj", "Guest__c")
NAMES = MappingProxyType({"AccountObj": "客户", "ContactObj": "联系人", "MemberObj": "会员", "Guest__c": "到店客人",
                          "SalesOrderObj": "销售订单"})  # fmt: skip


def objects(options: FxiaokeOptions) -> dict[str, dict[str, FieldSpec]]:
    """The objects with their fields, by api name."""
    found = {}
    for name, text in _OBJECTS.items():
        money = _MONEY if name == "SalesOrderObj" and options.multi_currency else ""
        specs = [*_read(f"{text} {money} {_SYSTEM}"), *(_hub_fields(options) if name in PEOPLE else ())]
        found[name] = {spec.name: spec for spec in specs}
    return found


def _read(text: str) -> Iterator[FieldSpec]:
    for entry in text.split():
        name, kind, label, *required = entry.split(":")
        options = _LABELS.get(name, ())
        yield FieldSpec(name, kind, label, bool(required), options=options, target=_TARGETS.get(name, ""))


def _hub_fields(options: FxiaokeOptions) -> Iterator[FieldSpec]:
    key, tier, stage = options.hub_fields
    if key:
        yield FieldSpec(key, "text", "KeHub", unique=options.key_unique)
    for name, values, label in ((tier, options.tiers, "会员等级"), (stage, options.stages, "生命周期")):
        if name:
            picks = tuple((f"{options.option_prefix}{value}", value) for value in values)
            yield FieldSpec(name, "select_one", label, options=picks)
