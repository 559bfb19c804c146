"""What `/api/crm/…` lists: agents and the customer form's fields; and our ledger of customers written."""

from wpsync import values
from wpsync.model import PHONE
from wpsync.resources.spec import Column, Harmless, Mode, Personal, Resource, SqlType, Table

AGENTS = Resource(
    name="agents",
    zh="座席",
    en="Agents",
    endpoint="/api/crm/getUsers",
    mode=Mode.LISTING,
    family="other",
    table=Table(
        "agents",
        "座席（员工）",
        "agents: the employees who hold the work phones",
        (
            Column(
                "id",
                SqlType.TEXT,
                ("_id", "id"),
                values.text,
                "座席编号",
                "the agent's id",
                personal=Harmless.ID,
            ),
            Column(
                "name",
                SqlType.TEXT,
                ("name",),
                values.text,
                "座席姓名",
                "the agent's name",
                personal=Personal.NAMES,
            ),
            Column(
                "phone",
                SqlType.TEXT,
                ("phone",),
                values.text,
                "座席手机号",
                "the agent's phone",
                personal=Personal.PHONE_NUMBERS,
                ours=True,
            ),
        ),
        soft_delete=True,
        history=True,
    ),
)

CUSTOMER_FIELDS = Resource(
    name="customer_fields",
    zh="客户字段",
    en="Customer fields",
    endpoint="/api/crm/customerTmp",
    label_map="fieldMap",
    mode=Mode.LISTING,
    family="other",
    table=Table(
        "customer_fields",
        "客户资料的字段模板",
        "the fields of the customer form",
        (
            Column(
                "id",
                SqlType.TEXT,
                ("id",),
                values.text,
                "字段键，如 filed0",
                "the field's key, e.g. filed0",
                personal=Harmless.ID,
            ),
            Column(
                "label",
                SqlType.TEXT,
                ("label",),
                values.text,
                "字段名称，如 字段1",
                "what the field is called",
                personal=Harmless.LABEL,
            ),
        ),
        soft_delete=True,
        history=True,
    ),
)

CUSTOMERS = Table(
    "customers",
    "经本程序写入的客户（接口不提供客户列表）",
    "customers written through this program: the API has no listing of them",
    (
        Column(
            "id",
            SqlType.TEXT,
            ("id",),
            values.text,
            "客户编号",
            "the customer's id",
            personal=Harmless.ID,
        ),
        Column(
            "name",
            SqlType.TEXT,
            ("name",),
            values.text,
            "客户姓名",
            "the customer's name",
            personal=Personal.NAMES,
        ),
        Column(
            "phone",
            SqlType.TEXT,
            ("phone",),
            values.text,
            "客户手机号",
            "the customer's phone",
            personal=Personal.PHONE_NUMBERS,
            identifies=PHONE,
        ),
        Column(
            "fields",
            SqlType.JSON,
            (),
            values.verbatim,
            "写入的其他字段",
            "the other fields as written",
            personal=Personal.MESSAGE_BODIES,
        ),
    ),
    indexes=(("phone",),),
    soft_delete=True,
    history=True,
)
