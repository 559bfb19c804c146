"""Every text of the status page, in Chinese and English; the terminal shows the same ones."""

Pair = tuple[str, str]
"""TRANSITION: a text in Chinese and in English."""

LANGUAGES = ("zh", "en")

TEXTS: dict[str, tuple[str, str]] = {
    "title": ("wpsync 状态", "wpsync status"),
    "good": ("数据齐全，且是最新的", "Everything is there, and current"),
    "good.detail": (
        "所有资源均已同步，账本中每一天都与厂商总数核对一致。",
        "Every resource is up to date, and every day that was read agrees with the vendor's count.",
    ),
    "behind": ("数据没有及时更新", "The data has fallen behind"),
    "behind.detail": ("{names}：{why}。", "{names}: {why}."),
    "also.away": ("{said}。", "{said}."),
    "open": ("数据是最新的，但还不完整", "Current, but not yet complete"),
    "open.detail": (
        "{count} 处尚未核对一致，会自动补读。",
        "{count} stretches do not yet agree with the vendor; they are read again by themselves.",
    ),
    "unreadable": ("数据是最新的，但较多内容无法读取", "Current, but much could not be read"),
    "unreadable.detail": (
        "所有资源均已同步，账本中每一天都与厂商总数核对一致。",
        "Every resource is up to date, and every day that was read agrees with the vendor's count.",
    ),
    "good.filling": ("数据是最新的，历史数据正在回填", "Current; history is still being read"),
    "good.filling.detail": (
        "已读的每一天都与厂商总数核对一致。",
        "Every day that was read agrees with the vendor's count.",
    ),
    "good.halted": (
        "数据是最新的，但历史回填没有完成",
        "Current, but the backfill is not finished",
    ),
    "good.halted.detail": (
        "已读的每一天都与厂商总数核对一致。",
        "Every day that was read agrees with the vendor's count.",
    ),
    "disputed": ("数据是最新的，但上次对账发现差异", "Current, but verify found differences"),
    "disputed.detail": (
        "上次 wpsync verify 发现与厂商不一致之处且未修复；执行 wpsync verify --repair 即可补读。",
        "The last wpsync verify found what differs from the vendor, and left it: wpsync verify --repair mends it.",
    ),
    "gaps": ("数据是最新的，但中间有遗漏", "Current, but with gaps"),
    "gaps.detail": (
        "有 {gaps} 段夹在已读数据之间、还没有读取；执行 wpsync verify --repair 即可补读。",
        "{gaps} stretches between what was read have not been read: wpsync verify --repair reads them.",
    ),
    "filling": ("历史数据正在回填", "History is being read"),
    "filling.detail": (
        "目前没有服务在持续同步新数据，回填后请启动 wpsync run。",
        "Nothing follows the present yet: start wpsync run.",
    ),
    "halted": ("历史回填没有完成", "The backfill is not finished"),
    "halted.detail": (
        "目前也没有服务在持续同步新数据（wpsync run）。",
        "Nothing follows the present yet (wpsync run).",
    ),
    "past": (
        "历史数据已有，但没有服务在持续同步",
        "History is there; nothing follows the present yet",
    ),
    "past.detail": (
        "请启动 wpsync run，持续同步新数据。",
        "Start wpsync run, which keeps everything current.",
    ),
    "starting": ("还没有数据", "Nothing has been read yet"),
    "starting.detail": (
        "首次同步正在进行；历史数据请用 wpsync backfill 回填。",
        "The first sync is under way. History comes with wpsync backfill.",
    ),
    "empty": ("还没有数据", "Nothing has been read yet"),
    "empty.detail": (
        "没有正在运行的服务。wpsync backfill 回填历史数据，wpsync run 持续同步新数据。",
        "No service is running. wpsync backfill reads history, wpsync run keeps everything current.",
    ),
    "also.running": ("正在回填：{where}。", "Being read by a backfill: {where}."),
    "also.interrupted": (
        "回填已中断：{where}。再次执行同一命令即可继续（{command}）。",
        "A backfill was interrupted: {where}. Give the same command again to go on ({command}).",
    ),
    "also.failed": (
        "回填因出错停止：{where}。再次执行同一命令即可继续（{command}）。",
        "A backfill stopped with an error: {where}. Give the same command again to go on ({command}).",
    ),
    "backfill.rows": ("{rows} 行", "{rows} rows"),
    "also.unreadable": (
        "另有 {count} 条消息的内容无法解析，已在下方列出。",
        "{count} messages whose content could not be read are listed below.",
    ),
    "also.unreadable.one": (
        "另有 {count} 条消息的内容无法解析，已在下方列出。",
        "{count} message whose content could not be read is listed below.",
    ),
    "also.refused": (
        "另有 {count} 行未能接收，已在下方列出。",
        "{count} rows that could not be taken are listed below.",
    ),
    "also.refused.one": (
        "另有 {count} 行未能接收，已在下方列出。",
        "{count} row that could not be taken is listed below.",
    ),
    "away": ("数据库没有响应", "The database does not answer"),
    "away.detail": (
        "服务会一直等待数据库恢复，恢复后自动继续，数据不会丢失。",
        "The service waits for it and goes on by itself. Nothing is lost.",
    ),
    "away.as_of": (
        "以下是 {at} 的状态：{said}。",
        "This is the state as of {at}: {said}.",
    ),
    "also.missing": (
        "{tables} 暂时无法读取（可能被其他会话锁定），相关数字截至 {at}。",
        "{tables} cannot be read now, perhaps because another session locks it: its numbers are as of {at}.",
    ),
    "also.missing.unknown": (
        "{tables} 暂时无法读取（可能被其他会话锁定），相关数字未知。",
        "{tables} cannot be read now, perhaps because another session locks it: its numbers are not known.",
    ),
    "calendar": ("完整性日历", "Completeness"),
    "calendar.note": (
        "每格是一天（上海时间），颜色表示库中行数与厂商总数是否一致。点击可查看详情。今天尚未结束，不计入天数。",
        "One square is one day (Shanghai): do our rows agree with the vendor's count? Select a day for its details."
        " Today is not over, and not counted.",
    ),
    "calendar.days": ("近 30 天完整性，今天不计入", "The last 30 days, today not counted"),
    "state.complete": ("完整", "complete"),
    "state.differing": ("有差异", "differing"),
    "state.incomplete": ("不完整", "incomplete"),
    "state.partial": ("部分读取", "partly read"),
    "state.unread": ("未读取", "not read"),
    "days.summary": (
        "近 {days} 天中 {complete} 天完整",
        "{complete} of the last {days} days complete",
    ),
    "days.trouble": ("{count} 天待补", "{count} to mend"),
    "day.of": ("{resource} · {day}", "{resource} · {day}"),
    "close": ("关闭", "Close"),
    "resources": ("资源", "Resources"),
    "resources.note": (
        "库中行数以账本为准，列表和报表为最近一次读取的行数；今日写入只计已结束的运行。",
        "Rows are those of the ledger, of listings and reports those of the last reading; written today counts runs that have ended.",
    ),
    "resource": ("资源", "Resource"),
    "number": ("编号", "No."),
    "account": ("账号", "Account"),
    "freshness": ("新鲜度", "Freshness"),
    "watermark": ("已读到", "Read up to"),
    "rows": ("库中行数", "Rows"),
    "today": ("今日写入", "Written today"),
    "last_run": ("上次运行", "Last run"),
    "next_run": ("下次运行", "Next run"),
    "state": ("状态", "State"),
    "vendor_count": ("厂商总数", "Vendor's count"),
    "rows_held": ("库中行数", "Rows held"),
    "rows_seen": ("读到行数", "Rows read"),
    "next_read": ("下次补读", "Read again"),
    "window": ("时间窗口", "Window"),
    "reason": ("原因", "Reason"),
    "checked": ("最近核对", "Last checked"),
    "read": ("最近读取", "Last read"),
    "run": ("运行", "Run"),
    "attempts": ("读取次数", "Readings"),
    "reason.differing": (
        "差额在死信中，或没有时间",
        "the rest is in dead letters, or without a time",
    ),
    "no_windows": ("这一天还没有读取过。", "Nothing of this day has been read."),
    "activity": ("近 48 小时", "The last 48 hours"),
    "chart.messages": ("微信消息", "WeChat messages"),
    "chart.calls": ("通话", "Calls"),
    "chart.requests": ("接口请求", "API requests"),
    "chart.total": ("共 {count}", "{count} in all"),
    "budget": ("请求预算（最近一分钟）", "Request budget (this minute)"),
    "budget.none": ("不限", "no limit"),
    "budget.every": ("所有接口", "all endpoints"),
    "budget.paused": ("厂商要求暂停至 {at}", "paused by the vendor until {at}"),
    "backfill": ("历史回填", "Backfill"),
    "backfill.note": (
        "本次回填已读的行数 / 开始时厂商统计的行数，不含实时新增的数据。",
        "Rows read by this backfill, of those the vendor counted when it began; live rows are not included.",
    ),
    "backfill.left": ("预计还需 {left}", "about {left} left"),
    "outcome.running": ("进行中", "running"),
    "outcome.done": ("完成", "done"),
    "outcome.incomplete": ("不完整", "incomplete"),
    "outcome.failed": ("失败", "failed"),
    "outcome.interrupted": ("已中断", "interrupted"),
    "outcome.deadline": ("超时", "timed out"),
    "trouble": ("待处理", "Open points"),
    "trouble.none": ("没有待处理的问题。", "Nothing is open."),
    "incomplete": ("未核对一致的窗口", "Windows that do not agree yet"),
    "job.failed": ("失败的任务", "Failing jobs"),
    "failures": ("连续失败", "In a row"),
    "error": ("错误", "Error"),
    "letters": (
        "死信：无法解析的消息、未能接收的行",
        "Dead letters: messages that could not be read, rows that could not be taken",
    ),
    "letters.newest": ("最新的 {count} 条：", "The newest {count}:"),
    "letters.note": (
        "原文不在此显示，请用 wpsync dead-letters show 查看。",
        "Originals are not shown here: wpsync dead-letters show.",
    ),
    "first_seen": ("首次出现", "First seen"),
    "detail": ("说明", "Detail"),
    "drift": ("厂商数据结构的变化", "What the vendor sends that nobody declared"),
    "drift.field": ("未知字段", "unknown field"),
    "drift.type": ("类型变化", "changed type"),
    "drift.kind": ("未知消息类型", "unknown kind of message"),
    "seen": ("次数", "Times"),
    "name": ("名称", "Name"),
    "service": ("服务", "Service"),
    "role.leader": ("主实例", "leader"),
    "role.standby": ("备用实例", "standby"),
    "no_instance": ("没有正在运行的服务", "No service is running"),
    "since": ("自 {at}", "since {at}"),
    "tokens": ("令牌", "Tokens"),
    "tokens.age": ("已使用 {age}，{left}后到期", "{age} old, {left} left"),
    "tokens.paused": (
        "凭据被厂商拒绝，暂停登录至 {at}",
        "the vendor rejected the credentials; no login before {at}",
    ),
    "never": ("从未", "never"),
    "ago": ("{span}前", "{span} ago"),
    "in": ("{span}后", "in {span}"),
    "now": ("现在", "now"),
    "seconds": ("{n} 秒", "{n} s"),
    "minutes": ("{n} 分钟", "{n} min"),
    "hours": ("{n} 小时", "{n} h"),
    "days": ("{n} 天", "{n} d"),
    "updated": ("更新于 {at}（上海时间）", "Updated {at} (Shanghai time)"),
    "lost": (
        "与服务器的连接已断开，正在重试……",
        "The server does not answer; trying again …",
    ),
    "theme": ("主题", "Theme"),
    "theme.auto": ("跟随系统", "Auto"),
    "theme.light": ("浅色", "Light"),
    "theme.dark": ("深色", "Dark"),
    "language": ("语言", "Language"),
    "skip": ("跳到正文", "Skip to the content"),
}


def say(key: str, language: str, **values: object) -> str:
    """A text in a language, with its values. Raises KeyError for a text that nobody wrote."""
    return TEXTS[key][LANGUAGES.index(language)].format(**values)


def chosen(wanted: str | None, accepted: str) -> str:
    """The language that was asked for, or the first of the browser's that we speak; English otherwise."""
    if wanted in LANGUAGES:
        return str(wanted)
    for part in accepted.split(","):
        name = part.split(";")[0].strip().lower()[:2]
        if name in LANGUAGES:
            return name
    return "en"


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
