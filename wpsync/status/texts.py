"""Every text of the status page in both languages; the terminal shows the same ones."""

from wpsync.language import Language, Text

TEXTS: dict[str, Text] = {
    "title": Text("wpsync status", "wpsync 状态"),
    "good": Text("Everything is there, and current", "数据齐全，且是最新的"),
    "good.detail": Text(
        "Every resource is up to date, and every day read agrees with the vendor's count.",
        "所有资源均已同步，账本中每一天都与厂商总数核对一致。",
    ),
    "behind": Text("The data has fallen behind", "数据没有及时更新"),
    "behind.detail": Text("{names}: {why}.", "{names}：{why}。"),
    "also.away": Text("{said}.", "{said}。"),
    "open": Text("Current, but not yet complete", "数据是最新的，但还不完整"),
    "open.detail": Text(
        "{count} stretches do not agree with the vendor yet; they are read again automatically.",
        "{count} 处尚未核对一致，会自动补读。",
    ),
    "named": Text("Current, but chats are missing", "数据是最新的，但缺少部分会话"),
    "named.detail": Text(
        "{named} chats that messages name are not in wp.wechat_chats yet; they are looked for automatically.",
        "消息引用了 {named} 个会话，wp.wechat_chats 中还没有，会自动补读。",
    ),
    "unreadable": Text("Current, but much could not be read", "数据是最新的，但较多内容无法读取"),
    "unreadable.detail": Text(
        "Every resource is up to date, and every day read agrees with the vendor's count.",
        "所有资源均已同步，账本中每一天都与厂商总数核对一致。",
    ),
    "good.filling": Text("Current; history is still being read", "数据是最新的，历史数据正在回填"),
    "good.filling.detail": Text(
        "Every day read agrees with the vendor's count.", "已读的每一天都与厂商总数核对一致。"
    ),
    "good.halted": Text(
        "Current, but the backfill is not finished", "数据是最新的，但历史回填没有完成"
    ),
    "good.halted.detail": Text(
        "Every day read agrees with the vendor's count.", "已读的每一天都与厂商总数核对一致。"
    ),
    "disputed": Text("Current, but verify found differences", "数据是最新的，但上次对账发现差异"),
    "disputed.detail": Text(
        "The last wpsync verify found differences and did not repair them; run wpsync verify --repair.",
        "上次 wpsync verify 发现与厂商不一致且未修复；请执行 wpsync verify --repair。",
    ),
    "gaps": Text("Current, but with gaps", "数据是最新的，但中间有遗漏"),
    "gaps.detail": Text(
        "{gaps} stretches in between are not read yet; run wpsync verify --repair to read them.",
        "有 {gaps} 段夹在已读数据之间、还没有读取；执行 wpsync verify --repair 即可补读。",
    ),
    "filling": Text("History is being read", "历史数据正在回填"),
    "filling.detail": Text(
        "No service keeps the data current yet: start wpsync run.",
        "目前没有服务在持续同步新数据，回填后请启动 wpsync run。",
    ),
    "halted": Text("The backfill is not finished", "历史回填没有完成"),
    "halted.detail": Text(
        "No service keeps the data current either (wpsync run).",
        "目前也没有服务在持续同步新数据（wpsync run）。",
    ),
    "past": Text(
        "History is there; no service keeps it current", "历史数据已有，但没有服务在持续同步"
    ),
    "past.detail": Text(
        "Start wpsync run to keep everything current.", "请启动 wpsync run，持续同步新数据。"
    ),
    "starting": Text("Nothing has been read yet", "还没有数据"),
    "starting.detail": Text(
        "The first sync is under way. Read history with wpsync backfill.",
        "首次同步正在进行；历史数据请用 wpsync backfill 回填。",
    ),
    "empty": Text("Nothing has been read yet", "还没有数据"),
    "empty.detail": Text(
        "No service is running. wpsync backfill reads history, wpsync run keeps everything current.",
        "没有正在运行的服务。wpsync backfill 回填历史数据，wpsync run 持续同步新数据。",
    ),
    "also.running": Text("A backfill is reading: {where}.", "正在回填：{where}。"),
    "also.interrupted": Text(
        "A backfill was interrupted: {where}. Run the same command again to continue ({command}).",
        "回填已中断：{where}。再次执行同一命令即可继续（{command}）。",
    ),
    "also.failed": Text(
        "A backfill stopped with an error: {where}. Run the same command again to continue ({command}).",
        "回填因出错停止：{where}。再次执行同一命令即可继续（{command}）。",
    ),
    "backfill.rows": Text("{rows} rows", "{rows} 行"),
    "also.unreadable": Text(
        "{count} messages have unreadable content (listed below).",
        "另有 {count} 条消息的内容无法解析，已在下方列出。",
    ),
    "also.unreadable.one": Text(
        "{count} message has unreadable content (listed below).",
        "另有 {count} 条消息的内容无法解析，已在下方列出。",
    ),
    "also.refused": Text(
        "{count} rows could not be accepted (listed below).",
        "另有 {count} 行未能接收，已在下方列出。",
    ),
    "also.refused.one": Text(
        "{count} row could not be accepted (listed below).",
        "另有 {count} 行未能接收，已在下方列出。",
    ),
    "away": Text("The database does not answer", "数据库没有响应"),
    "hangs": Text("The database takes no writes: commits hang", "数据库无法写入：提交一直没有返回"),
    "away.detail": Text(
        "The service waits for it and continues automatically. No data is lost.",
        "服务会一直等待数据库恢复，恢复后自动继续，数据不会丢失。",
    ),
    "away.as_of": Text(
        "This is the state as of {at}: {said}.",
        "以下是 {at} 的状态：{said}。",
    ),
    "also.missing": Text(
        "{tables} cannot be read now, perhaps because another session locks it: its numbers are as of {at}.",
        "{tables} 暂时无法读取（可能被其他会话锁定），相关数字截至 {at}。",
    ),
    "also.missing.unknown": Text(
        "{tables} cannot be read now, perhaps because another session locks it: its numbers are unknown.",
        "{tables} 暂时无法读取（可能被其他会话锁定），相关数字未知。",
    ),
    "calendar": Text("Completeness", "完整性日历"),
    "calendar.note": Text(
        "One square is one day (Shanghai): do our rows agree with the vendor's count? Select a day for its details. Today is not over and not counted.",
        "每格是一天（上海时间），颜色表示库中行数与厂商总数是否一致。点击可查看详情。今天尚未结束，不计入天数。",
    ),
    "calendar.days": Text("The last 30 days, today not counted", "近 30 天完整性，今天不计入"),
    "state.complete": Text("complete", "完整"),
    "state.differing": Text("differing", "有差异"),
    "state.incomplete": Text("incomplete", "不完整"),
    "state.partial": Text("partly read", "部分读取"),
    "state.unread": Text("not read", "未读取"),
    "days.summary": Text(
        "{complete} of the last {days} days complete", "近 {days} 天中 {complete} 天完整"
    ),
    "days.trouble": Text("{count} to repair", "{count} 天待补"),
    "day.of": Text("{resource} · {day}", "{resource} · {day}"),
    "close": Text("Close", "关闭"),
    "resources": Text("Resources", "资源"),
    "resources.note": Text(
        "Rows are those of the ledger, and of the last reading for listings and reports; written today counts finished runs.",
        "库中行数以账本为准，列表和报表为最近一次读取的行数；今日写入只计已结束的运行。",
    ),
    "resource": Text("Resource", "资源"),
    "number": Text("No.", "编号"),
    "account": Text("Account", "账号"),
    "freshness": Text("Freshness", "新鲜度"),
    "watermark": Text("Read up to", "已读到"),
    "rows": Text("Rows", "库中行数"),
    "today": Text("Written today", "今日写入"),
    "last_run": Text("Last run", "上次运行"),
    "next_run": Text("Next run", "下次运行"),
    "state": Text("State", "状态"),
    "vendor_count": Text("Vendor's count", "厂商总数"),
    "rows_held": Text("Rows held", "库中行数"),
    "rows_seen": Text("Rows read", "读到行数"),
    "next_read": Text("Read again", "下次补读"),
    "window": Text("Window", "时间窗口"),
    "reason": Text("Reason", "原因"),
    "checked": Text("Last checked", "最近核对"),
    "read": Text("Last read", "最近读取"),
    "run": Text("Run", "运行"),
    "attempts": Text("Readings", "读取次数"),
    "reason.differing": Text(
        "the rest are dead letters, or rows without a time", "差额在死信中，或没有时间"
    ),
    "no_windows": Text("This day has not been read yet.", "这一天还没有读取过。"),
    "activity": Text("The last 48 hours", "近 48 小时"),
    "chart.messages": Text("WeChat messages", "微信消息"),
    "chart.calls": Text("Calls", "通话"),
    "chart.requests": Text("API requests", "接口请求"),
    "chart.total": Text("{count} in total", "共 {count}"),
    "budget": Text("Request budget (this minute)", "请求预算（最近一分钟）"),
    "budget.none": Text("no limit", "不限"),
    "budget.every": Text("all endpoints", "所有接口"),
    "budget.paused": Text("paused by the vendor until {at}", "厂商要求暂停至 {at}"),
    "backfill": Text("Backfill", "历史回填"),
    "backfill.note": Text(
        "Rows read by this backfill, of those the vendor counted at its start; live rows are not included.",
        "本次回填已读的行数 / 开始时厂商统计的行数，不含实时新增的数据。",
    ),
    "backfill.left": Text("about {left} left", "预计还需 {left}"),
    "outcome.running": Text("running", "进行中"),
    "outcome.done": Text("done", "完成"),
    "outcome.incomplete": Text("incomplete", "不完整"),
    "outcome.failed": Text("failed", "失败"),
    "outcome.interrupted": Text("interrupted", "已中断"),
    "outcome.deadline": Text("timed out", "超时"),
    "trouble": Text("Open points", "待处理"),
    "trouble.none": Text("No open points.", "没有待处理的问题。"),
    "incomplete": Text("Windows that do not agree yet", "未核对一致的窗口"),
    "job.failed": Text("Failing jobs", "失败的任务"),
    "run.failed": Text("Failed runs", "失败的运行"),
    "failures": Text("In a row", "连续失败"),
    "error": Text("Error", "错误"),
    "letters": Text(
        "Dead letters: unreadable messages, rows that could not be accepted",
        "死信：无法解析的消息、未能接收的行",
    ),
    "letters.newest": Text("The newest {count}:", "最新的 {count} 条："),
    "letters.note": Text(
        "Originals are not shown here; use wpsync dead-letters show.",
        "原文不在此显示，请用 wpsync dead-letters show 查看。",
    ),
    "first_seen": Text("First seen", "首次出现"),
    "detail": Text("Detail", "说明"),
    "drift": Text("Changes in the vendor's data", "厂商数据结构的变化"),
    "drift.newest": Text("The newest {count}:", "最新的 {count} 项："),
    "drift.others": Text("others, counted without names", "其余（只计次数，不列名称）"),
    "drift.field": Text("unknown field", "未知字段"),
    "drift.type": Text("changed type", "类型变化"),
    "drift.kind": Text("unknown kind of message", "未知消息类型"),
    "seen": Text("Times", "次数"),
    "name": Text("Name", "名称"),
    "service": Text("Service", "服务"),
    "role.leader": Text("leader", "主实例"),
    "role.standby": Text("standby", "备用实例"),
    "no_instance": Text("No service is running", "没有正在运行的服务"),
    "since": Text("since {at}", "自 {at}"),
    "tokens": Text("Tokens", "令牌"),
    "tokens.age": Text("{age} old, {left} left", "已使用 {age}，{left}后到期"),
    "tokens.paused": Text(
        "the vendor rejected the credentials; no login before {at}",
        "凭据被厂商拒绝，暂停登录至 {at}",
    ),
    "never": Text("never", "从未"),
    "ago": Text("{span} ago", "{span}前"),
    "in": Text("in {span}", "{span}后"),
    "now": Text("now", "现在"),
    "seconds": Text("{n} s", "{n} 秒"),
    "minutes": Text("{n} min", "{n} 分钟"),
    "hours": Text("{n} h", "{n} 小时"),
    "days": Text("{n} d", "{n} 天"),
    "updated": Text("Updated {at} (Shanghai time)", "更新于 {at}（上海时间）"),
    "lost": Text("Connection lost; retrying …", "与服务器的连接已断开，正在重试……"),
    "theme": Text("Theme", "主题"),
    "theme.auto": Text("Auto", "跟随系统"),
    "theme.light": Text("Light", "浅色"),
    "theme.dark": Text("Dark", "深色"),
    "language": Text("Language", "语言"),
    "skip": Text("Skip to the content", "跳到正文"),
}


def say(key: str, language: Language, **values: object) -> str:
    """Return a text in a language, with its values. Raises KeyError for an unknown key."""
    return TEXTS[key].to(language).format(**values)


def chosen(wanted: str | None, accepted: str) -> Language:
    """Return the language asked for, else the first of the browser's that wpsync speaks; English otherwise."""
    known = {str(language): language for language in Language}
    if wanted in known:
        return known[wanted]
    for part in accepted.split(","):
        name = part.split(";")[0].strip().lower()[:2]
        if name in known:
            return known[name]
    return Language.EN


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
