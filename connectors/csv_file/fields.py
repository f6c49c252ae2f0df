"""What a file's columns can mean, the form of each, and what shops usually call them. Data only.

`COLUMNS[noun][our field]` is the form and the usual headers, beside our own name; they count only where a stream's
`columns` are left out, and are compared without regard to case, width of characters, spaces, hyphens and underscores.
"""

from __future__ import annotations

from hub.connector import CODE, DATE, EMAIL, FLAG, GENDER, LINE, MOMENT, NUMBER, PHONE, TEXT, Form
from hub.model import NounName

Columns = dict[str, tuple[Form, tuple[str, ...]]]

_CUSTOMERS: Columns = {
    "name": (LINE, ("姓名", "会员姓名", "客户姓名", "顾客姓名", "Name", "Full name", "Customer name")),
    "family_name": (LINE, ("姓", "姓氏", "Family name", "Last name", "Surname")),
    "given_name": (LINE, ("名", "名字", "Given name", "First name")),
    "gender": (GENDER, ("性别", "Gender", "Sex")),
    "birthday": (DATE, ("生日", "出生日期", "会员生日", "Birthday", "Birth date", "Date of birth")),
    "birthday_calendar": (LINE, ("生日类型", "历法", "Birthday calendar")),
    "phone": (PHONE, ("手机", "手机号", "手机号码", "电话", "联系电话", "会员手机", "Mobile", "Phone", "Phone number")),
    "other_phones": (PHONE, ("其他电话", "备用电话", "Other phones")),
    "email": (EMAIL, ("邮箱", "电子邮箱", "电子邮件", "E-mail", "Email", "Email address")),
    "other_emails": (EMAIL, ("其他邮箱", "备用邮箱", "Other emails")),
    "wechat_unionid": (CODE, ("UnionID", "微信UnionID")),
    "wechat_openid": (CODE, ("OpenID", "微信OpenID")),
    "member_card": (CODE, ("会员卡号", "卡号", "Member card", "Card", "Card number")),
    "push_token": (CODE, ("推送标识", "Push token")),
    "country": (LINE, ("国家", "Country")),
    "province": (LINE, ("省", "省份", "Province", "State")),
    "city": (LINE, ("市", "城市", "City")),
    "district": (LINE, ("区", "区县", "District", "County")),
    "street": (LINE, ("地址", "详细地址", "街道", "Street", "Address")),
    "postcode": (CODE, ("邮编", "邮政编码", "Postcode", "Postal code", "Zip")),
    "home_store": (CODE, ("所属门店", "开卡门店", "注册门店", "门店编码", "Home store", "Store code")),
    "adviser": (CODE, ("专属导购", "导购", "导购工号", "Adviser", "Sales adviser")),
    "preferred_channel": (LINE, ("偏好渠道", "Preferred channel")),
    "language": (LINE, ("语言", "Language")),
    "time_zone": (CODE, ("时区", "Time zone")),
    "registered_at": (
        MOMENT,
        ("注册时间", "注册日期", "入会时间", "开卡时间", "Registered", "Joined"),
    ),
    "origin": (LINE, ("来源", "会员来源", "Origin", "Source")),
    "lawful_basis": (LINE, ("处理依据", "Lawful basis")),
    "occupation": (LINE, ("职业", "Occupation")),
    "note": (TEXT, ("备注", "Note", "Notes", "Remark")),
    "interests": (LINE, ("兴趣", "爱好", "Interests")),
}

_BUYER: Columns = {
    "buyer.external_id": (CODE, ("会员号", "会员编号", "会员ID", "Member number", "Member ID", "Customer ID")),
    "buyer.phone": (PHONE, ("手机", "手机号", "手机号码", "会员手机", "联系电话", "Mobile", "Phone", "Phone number")),
    "buyer.email": (EMAIL, ("邮箱", "电子邮箱", "E-mail", "Email")),
    "buyer.name": (LINE, ("姓名", "会员姓名", "客户姓名", "Customer name")),
}

_ORDERS: Columns = {
    "number": (CODE, ("单号", "订单号", "小票号", "订单编号", "Order number", "Order no", "Receipt number")),
    **_BUYER,
    "placed_at": (MOMENT, ("时间", "下单时间", "交易时间", "销售时间", "Placed at", "Order time", "Order date")),
    "delivered_at": (MOMENT, ("送达时间", "送达日期", "签收时间", "Delivered at", "Delivered on")),
    "channel": (LINE, ("渠道", "销售渠道", "Channel", "Sales channel")),
    "store": (CODE, ("门店", "门店编码", "店铺编码", "Store", "Store code")),
    "staff": (CODE, ("导购", "导购工号", "收银员", "Staff", "Staff code", "Clerk")),
    "status": (LINE, ("状态", "订单状态", "Status", "Order status")),
    "payment_method": (LINE, ("支付方式", "付款方式", "Payment method", "Payment")),
    "currency": (CODE, ("币种", "Currency")),
    "total": (NUMBER, ("实付金额", "应付金额", "订单金额", "合计", "Total", "Order total")),
    "refunded": (NUMBER, ("订单退款金额", "退款合计", "Refund total", "Refunded total")),
    "source_ref": (CODE, ("来源单号", "线上单号", "原始单号", "Source order", "Source reference")),
    "lines.sku": (CODE, ("SKU", "商品编码", "货号", "商品条码", "Item number", "Item no")),
    "lines.name": (LINE, ("商品名称", "品名", "Item", "Item name", "Product name")),
    "lines.batch": (CODE, ("批次", "批号", "Batch", "Lot")),
    "lines.category": (LINE, ("品类", "类别", "商品分类", "Category", "Item group")),
    "lines.quantity": (NUMBER, ("数量", "销售数量", "Quantity", "Qty")),
    "lines.unit_price": (NUMBER, ("单价", "零售价", "Unit price", "Price")),
    "lines.discount": (NUMBER, ("优惠", "折扣金额", "优惠金额", "Discount")),
    "lines.refunded": (NUMBER, ("退款金额", "Refund", "Refunded")),
}

_CASES: Columns = {
    "number": (CODE, ("工单号", "投诉单号", "Case number", "Ticket number", "Ticket")),
    **_BUYER,
    "kind": (LINE, ("类型", "工单类型", "Kind", "Case type")),
    "channel": (LINE, ("渠道", "Channel")),
    "opened_at": (MOMENT, ("创建时间", "受理时间", "Opened at", "Created at")),
    "promised_at": (MOMENT, ("承诺时间", "Promised at")),
    "answered_at": (MOMENT, ("首次回复时间", "Answered at", "First answer")),
    "closed_at": (MOMENT, ("关闭时间", "完结时间", "Closed at")),
    "state": (LINE, ("状态", "State", "Status")),
    "sku": (CODE, ("SKU", "商品编码", "货号", "Item number")),
    "batch": (CODE, ("批次", "批号", "Batch", "Lot")),
    "cause": (LINE, ("原因", "Cause")),
    "unit": (LINE, ("责任部门", "Responsible unit", "Unit")),
    "satisfaction": (NUMBER, ("满意度", "客户满意度", "Satisfaction", "CSAT")),
    "text": (TEXT, ("内容", "描述", "Text", "Description")),
    "resolution": (TEXT, ("处理结果", "Resolution")),
}

_STORES: Columns = {
    "code": (CODE, ("门店编码", "门店编号", "店号", "Code", "Store code")),
    "name": (LINE, ("门店名称", "店名", "Name", "Store name")),
    "type": (LINE, ("门店类型", "Type", "Store type")),
    "region": (LINE, ("区域", "大区", "Region")),
    "city": (LINE, ("城市", "City")),
    "province": (LINE, ("省份", "省", "Province")),
    "parent": (CODE, ("上级", "上级门店", "Parent")),
    "opening_hours": (LINE, ("营业时间", "Opening hours")),
}

_STAFF: Columns = {
    "code": (CODE, ("工号", "员工编号", "Code", "Staff code")),
    "name": (LINE, ("姓名", "员工姓名", "Name", "Staff name")),
    "store": (CODE, ("门店", "门店编码", "Store", "Store code")),
    "role": (LINE, ("职位", "岗位", "Role")),
}

COLUMNS: dict[NounName, Columns] = {
    "customers": _CUSTOMERS,
    "orders": _ORDERS,
    "cases": _CASES,
    "stores": _STORES,
    "staff": _STAFF,
}

NAMED: dict[str, Form] = {"custom": LINE, "consents": FLAG, "sizes": LINE, "named_dates": DATE}
"""What a customer has any number of, each with a name of the site's choice: `custom.shoe_size`, `consents.sms`."""

MANY = frozenset(("other_phones", "other_emails", "interests"))
"""Fields that take several values out of one cell, divided by commas, semicolons, bars or line breaks."""

IDENTIFYING = frozenset(
    ("name", "phone", "email", "wechat_unionid", "wechat_openid", "buyer.phone", "buyer.email", "buyer.name")
)
"""Fields that point to a person: a key made of such a column is stored as a hash."""
