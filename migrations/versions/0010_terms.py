"""One term for one thing in the comments: 工作微信号, 联系人

Revision: 0010, after 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NUMBER = (
    "座席微信号 / the agent's WeChat number",
    "工作微信号 / the agent's WeChat number",
)
_RELATIONS = (
    "wp.wechat_chats",
    "wp.wechat_contacts",
    "wp.wechat_room_members",
    "wp.wechat_rooms",
    "wp_bi.message_facts",
    "wp_bi.money_flows",
    "wp_bi.response_times",
    "wp_bi.risk_events",
    "wp_bi.wechat_agents",
)
COMMENTS = (
    *((f"column {relation}.agent_wx_no", *_NUMBER) for relation in _RELATIONS),
    (
        "column wp.wechat_chats.contact_wx_no",
        "好友微信号；群聊为空 / the contact; NULL in a room",
        "联系人微信号；群聊为空 / the contact; NULL in a room",
    ),
    (
        "column wp.wechat_contacts.agent_nick",
        "座席微信昵称 / the agent's nickname",
        "工作微信昵称 / the agent's nickname",
    ),
    (
        "column wp.wechat_contacts.nick",
        "好友昵称 / the contact's nickname",
        "联系人昵称 / the contact's nickname",
    ),
    (
        "table wp.wechat_contacts",
        "微信好友 / contacts of the work WeChat accounts",
        "微信联系人 / contacts of the work WeChat accounts",
    ),
    (
        "view wp_bi.agent_daily",
        "座席每日汇总。消息按会话所属座席微信计（群聊含他人发言）；客户流失：完整的联系人列表中不再出现的当天"
        " / one row per agent and day. Messages count for the agent of their chat; a contact is lost on the day a"
        " complete listing lacked it",
        "座席每日汇总。消息按会话所属的工作微信计（群聊含他人发言）；客户流失：完整的联系人列表中不再出现的当天"
        " / one row per agent and day. Messages count for the agent of their chat; a contact is lost on the day a"
        " complete listing lacked it",
    ),
    (
        "view wp_bi.wechat_agents",
        "座席微信号与座席的对应：微信号 → 工作手机号 → 座席手机号"
        " / which agent a WeChat number belongs to: by the phone's number",
        "工作微信号与座席的对应：微信号 → 工作手机号 → 座席手机号"
        " / which agent a WeChat number belongs to: by the phone's number",
    ),
)
"""What is commented, its comment before and after."""


def upgrade() -> None:
    for what, _, after in COMMENTS:
        _comment(what, after)


def downgrade() -> None:
    for what, before, _ in COMMENTS:
        _comment(what, before)


def _comment(what: str, text: str) -> None:
    op.execute(f"comment on {what} is '{text.replace(chr(39), chr(39) * 2)}'")
