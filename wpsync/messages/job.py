"""Failures of jobs of the service, and of runs."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

ENTRIES: Mapping[str, Entry] = {
    "job.failed": Entry(
        Text("failed without an error", "失败，没有错误信息"),
    ),
    "job.deadline": Entry(
        Text("not finished within {seconds:duration}", "未能在 {seconds:duration} 内完成"),
        Text(
            "the job runs again at its next time; if it lasts, check how fast the vendor and the database answer",
            "任务到时会再次运行；如持续出现，请检查厂商接口和数据库的响应速度",
        ),
    ),
    "job.abandoned": Entry(
        Text("the process ended before the run did", "运行结束前进程已退出"),
    ),
    "job.defect": Entry(
        Text(
            "defect in wpsync: {kind} at {place}",
            "wpsync 程序缺陷：{kind}，位于 {place}",
        ),
        Text(
            "report it with the log of this time (`wpsync -v`); the job runs again at its next time",
            "请附上当时的日志（`wpsync -v`）报告此问题；任务到时会再次运行",
        ),
    ),
    "job.targets_unreachable": Entry(
        Text(
            "alert targets take no message: {targets:list}",
            "告警目标无法接收消息：{targets:list}",
        ),
        Text(
            "run `wpsync check` to see why; unsent alerts are sent again every minute",
            "请运行 `wpsync check` 查看原因；未送达的告警每分钟重发",
        ),
    ),
    "job.no_vendor_time": Entry(
        Text(
            "no vendor shows its time, so nothing was removed",
            "无法从厂商接口取得时间，本次没有清理数据",
        ),
    ),
}
