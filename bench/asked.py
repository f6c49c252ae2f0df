"""What all sides ask a shop for by `_fields`; its pages are rendered with these and no others."""

ACCOUNT_FIELDS = (
    "id", "date_created_gmt", "date_modified_gmt", "email", "first_name", "last_name", "role", "billing", "shipping",
    "meta_data",
)  # fmt: skip
ORDER_FIELDS = (
    "id", "number", "status", "currency", "date_created_gmt", "date_modified_gmt", "date_completed_gmt", "date_paid_gmt",
    "total", "customer_id", "billing", "payment_method", "line_items", "refunds",
)  # fmt: skip
