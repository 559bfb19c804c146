"""Why data has fallen behind: codes `cause.*`."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

ENTRIES: Mapping[str, Entry] = {
    "cause.stopped": Entry(
        Text("no service is running", "没有正在运行的服务"),
        Text("start wpsync run", "请启动 wpsync run"),
    ),
    "cause.credentials": Entry(
        Text(
            "the vendor rejects the credentials of account {account}",
            "厂商拒绝了账号 {account} 的凭据",
        ),
        Text(
            "check client_id and client_secret in the vendor's console; new ones are tried at once",
            "请在厂商后台核对 clientId 与 clientSecret，改正后立即恢复",
        ),
    ),
    "cause.vendor_away": Entry(
        Text(
            "the vendor has not answered since {since:at} ({error:message}); retrying",
            "厂商接口自 {since:at} 起没有正常应答（{error:message}），正在自动重试",
        ),
    ),
    "cause.vendor_was_away": Entry(
        Text(
            "the vendor did not answer the last request ({since:at}: {error:message})",
            "厂商接口没有正常应答最近一次请求（{since:at}：{error:message}）",
        ),
    ),
    "cause.job_retrying": Entry(
        Text("{error:message}; retrying", "{error:message}，正在自动重试"),
    ),
    "cause.job_waiting": Entry(
        Text(
            "{error:message}; next try at {next_at:at}",
            "{error:message}，将在 {next_at:at} 自动重试",
        ),
    ),
    "cause.slowed": Entry(
        Text(
            "the vendor limits the rate: slowed down to {per_minute:count} requests a minute,"
            " live reading waits its turn",
            "厂商提示请求过于频繁，已自动降到每分钟 {per_minute:count} 次，实时同步在排队，之后会逐步提速",
        ),
        Text(
            "if it lasts, ask the vendor how many requests it allows",
            "若持续如此，请向厂商确认允许的频率",
        ),
    ),
    "cause.budget_short": Entry(
        Text(
            "the request budget is too small, live reading waits its turn",
            "请求预算持续不足，实时同步在排队",
        ),
        Text(
            "raise limits.requests_per_minute, if the vendor allows it",
            "请调高 limits.requests_per_minute（需厂商允许）",
        ),
    ),
    "cause.reading": Entry(
        Text("catching up, nothing to do", "正在补读，无需处理"),
    ),
}
