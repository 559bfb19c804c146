"""The vendor's refusals and faults. Its own words stand apart (`Message.quote`)."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

_RETRIED = Text(
    "wpsync retries by itself; if it lasts, check the network, the proxy and the vendor's status",
    "wpsync 会自动重试；如持续失败，请检查网络、代理和厂商服务状态",
)
_ENCRYPTION = Text(
    "switch off parameter encryption in the vendor's console",
    "请在厂商后台关闭参数加密",
)
_ASK_VENDOR = Text(
    "if it lasts, report it to the vendor with this message",
    "如持续出现，请将此信息反馈给厂商",
)
_CONSOLE_FIRST = Text(
    "check the vendor's console before trying again",
    "重试之前请先到厂商后台核实",
)

ENTRIES: Mapping[str, Entry] = {
    # No answer, or none of the vendor's
    "vendor.unreachable": Entry(
        Text(
            "cannot reach the vendor ({endpoint}, {error})",
            "无法连接厂商接口（{endpoint}，{error}）",
        ),
        _RETRIED,
    ),
    "vendor.certificate_untrusted": Entry(
        Text(
            "the vendor's certificate is not trusted ({endpoint})",
            "厂商接口的证书不受信任（{endpoint}）",
        ),
        Text(
            "where the firm's network inspects TLS, set SSL_CERT_FILE to a PEM file with its certificates",
            "若公司网络会检查 TLS 流量，请把 SSL_CERT_FILE 设为包含公司根证书的 PEM 文件",
        ),
    ),
    "vendor.no_tls": Entry(
        Text(
            "the vendor's address does not speak TLS ({endpoint})",
            "厂商地址未使用 TLS（{endpoint}）",
        ),
        Text(
            "check host and port of base_url, and that no proxy stands between",
            "请检查 base_url 的主机和端口，以及中间是否有代理",
        ),
    ),
    "vendor.name_unknown": Entry(
        Text(
            "the vendor's host name is not known here ({endpoint})",
            "无法解析厂商接口的域名（{endpoint}）",
        ),
        Text(
            "check base_url and the DNS of this host; where there is only a proxy, set HTTPS_PROXY",
            "请检查 base_url 和本机 DNS；若只能经代理访问，请设置 HTTPS_PROXY",
        ),
    ),
    "vendor.proxy_refuses": Entry(
        Text("the proxy refuses the connection ({endpoint})", "代理拒绝了连接（{endpoint}）"),
        Text(
            "check HTTPS_PROXY (407: it wants a user and a password, http://user:password@host:port), or name"
            " the vendor's host in NO_PROXY",
            "请检查 HTTPS_PROXY（407 表示需要用户名和密码：http://用户:密码@主机:端口），或把厂商域名写入 NO_PROXY",
        ),
    ),
    "vendor.socks_proxy": Entry(
        Text(
            "{variable} names a SOCKS proxy, which wpsync does not use",
            "{variable} 是 SOCKS 代理，wpsync 不支持",
        ),
        Text(
            "set it to the proxy's HTTP address (Clash serves both on one port: http://127.0.0.1:7890), or unset it",
            "请改为该代理的 HTTP 地址（Clash 的同一端口也支持 HTTP：http://127.0.0.1:7890），或取消该变量",
        ),
    ),
    "vendor.bad_proxy": Entry(
        Text("{variable} of the environment cannot be read", "无法解析环境变量 {variable}"),
        Text(
            "write proxies like http://host:port, and NO_PROXY as names separated by commas, without brackets and masks",
            "代理应写成 http://主机:端口；NO_PROXY 为逗号分隔的名称，不含方括号和掩码",
        ),
    ),
    "vendor.bad_certificates": Entry(
        Text(
            "{variable} of the environment names no readable certificates",
            "环境变量 {variable} 指向的证书无法读取",
        ),
        Text(
            "let it name a PEM file with certificates, or unset it",
            "请指向有效的 PEM 证书文件，或取消该变量",
        ),
    ),
    "vendor.no_answer": Entry(
        Text(
            "no usable answer from the vendor ({endpoint}, {error})",
            "厂商接口没有有效响应（{endpoint}，{error}）",
        ),
        _RETRIED,
    ),
    "vendor.request_impossible": Entry(
        Text(
            "cannot make the request ({endpoint}, {error})", "无法发出请求（{endpoint}，{error}）"
        ),
        Text("check base_url in the configuration", "请检查配置中的 base_url"),
    ),
    "vendor.server_error": Entry(
        Text(
            "the vendor answers HTTP {status} ({endpoint})",
            "厂商接口返回 HTTP {status}（{endpoint}）",
        ),
        _RETRIED,
    ),
    "vendor.not_an_envelope": Entry(
        Text(
            "not a reply of the vendor's API ({endpoint}, HTTP {status})",
            "返回的不是厂商接口的内容（{endpoint}，HTTP {status}）",
        ),
        _RETRIED,
    ),
    "vendor.damaged_reply": Entry(
        Text(
            "the reply is damaged: bytes that are not UTF-8, or broken JSON ({endpoint})",
            "返回内容已损坏：字节不是 UTF-8，或 JSON 不完整（{endpoint}）",
        ),
        _RETRIED,
    ),
    "vendor.other_encoding": Entry(
        Text(
            "the reply is in another encoding than UTF-8, and does not declare it ({endpoint})",
            "返回内容不是 UTF-8 编码，也未声明所用编码（{endpoint}）",
        ),
        _ASK_VENDOR,
    ),
    "vendor.reply_too_large": Entry(
        Text(
            "the reply is larger than any page can be ({endpoint})",
            "返回内容超过一页数据可能的大小（{endpoint}）",
        ),
        _RETRIED,
    ),
    "vendor.encrypted_reply": Entry(
        Text(
            "the reply seems to be encrypted ({endpoint}, HTTP {status})",
            "返回内容疑似加密（{endpoint}，HTTP {status}）",
        ),
        Text(
            "switch off encryption of replies in the vendor's console", "请在厂商后台关闭返回加密"
        ),
    ),
    "vendor.field_missing": Entry(
        Text("the reply lacks {field} ({endpoint})", "返回内容缺少 {field}（{endpoint}）"),
        _ASK_VENDOR,
    ),
    "vendor.customer_without_id": Entry(
        Text(
            "customer added, but the reply lacks its id ({endpoint})",
            "客户已新增，但返回内容缺少编号（{endpoint}）",
        ),
        _CONSOLE_FIRST,
    ),
    "vendor.nothing_shown": Entry(
        Text(
            "{start:second} to {end:second}: the vendor shows none of the rows it showed before ({cause:message})",
            "{start:second} 至 {end:second}：厂商不再返回此前返回过的数据（{cause:message}）",
        ),
    ),
    # Refusals by statusCode
    "vendor.device_offline": Entry(
        Text(
            "the device is offline or its app too old ({endpoint})",
            "设备离线或 App 版本过低（{endpoint}）",
        ),
        Text(
            "check that the work phone is online and its app up to date",
            "请确认工作手机在线且 App 为最新版本",
        ),
    ),
    "vendor.no_such_agent": Entry(
        Text("no such agent ({endpoint})", "座席不存在（{endpoint}）"),
        Text(
            "check the agent's id or phone number with `wpsync api agents`",
            "请用 `wpsync api agents` 核对座席编号或手机号",
        ),
    ),
    "vendor.wrong_parameter": Entry(
        Text("the vendor rejects a parameter ({endpoint})", "厂商提示参数错误（{endpoint}）"),
        _ASK_VENDOR,
    ),
    "vendor.cannot_decrypt": Entry(
        Text(
            "the vendor cannot decrypt the parameters ({endpoint})",
            "厂商无法解密请求参数（{endpoint}）",
        ),
        _ENCRYPTION,
    ),
    "vendor.cannot_encrypt": Entry(
        Text(
            "the vendor cannot encrypt the parameters ({endpoint})",
            "厂商无法加密参数（{endpoint}）",
        ),
        _ENCRYPTION,
    ),
    "vendor.ip_not_allowed": Entry(
        Text(
            "this host's IP address is not on the vendor's allow list ({endpoint})",
            "本机 IP 不在厂商的白名单中（{endpoint}）",
        ),
        Text(
            "add the address to the IP allow list in the vendor's console",
            "请在厂商后台把本机 IP 加入白名单",
        ),
    ),
    "vendor.no_api_access": Entry(
        Text(
            "API access is not enabled for this account ({endpoint})",
            "该账号未开通接口权限（{endpoint}）",
        ),
        Text(
            "ask the vendor to enable API access for this account",
            "请联系厂商为该账号开通接口权限",
        ),
    ),
    "vendor.reply_not_parsed": Entry(
        Text(
            "the vendor cannot parse its own reply ({endpoint})",
            "厂商解析自身返回结果失败（{endpoint}）",
        ),
        _ASK_VENDOR,
    ),
    "vendor.reply_not_encoded": Entry(
        Text(
            "the vendor cannot encode its reply ({endpoint})", "厂商编码返回结果失败（{endpoint}）"
        ),
        _ASK_VENDOR,
    ),
    "vendor.time_format_refused": Entry(
        Text(
            "the vendor refuses the time format ({endpoint})", "厂商不接受该时间格式（{endpoint}）"
        ),
        _ASK_VENDOR,
    ),
    "vendor.span_too_large": Entry(
        Text("time span too large ({endpoint})", "时间跨度过大（{endpoint}）"),
        _ASK_VENDOR,
    ),
    "vendor.too_many_rows": Entry(
        Text("too many rows requested ({endpoint})", "请求的行数过多（{endpoint}）"),
        _ASK_VENDOR,
    ),
    # Refusals by the vendor's words, or without any
    "vendor.refused": Entry(
        Text("the vendor refuses the call ({endpoint})", "厂商拒绝了请求（{endpoint}）"),
        _ASK_VENDOR,
    ),
    "vendor.refused_with_code": Entry(
        Text(
            "the vendor refuses the call ({endpoint}, statusCode {status})",
            "厂商拒绝了请求（{endpoint}，statusCode {status}）",
        ),
        _ASK_VENDOR,
    ),
    "vendor.refused_with_new_token": Entry(
        Text(
            "the vendor refuses the call, even with a new token ({endpoint})",
            "换用新令牌后厂商仍拒绝请求（{endpoint}）",
        ),
        Text(
            "the refusal may concern a work phone rather than the token; or another program logs in with the same"
            " credentials: give wpsync its own",
            "可能与工作手机有关而非令牌失效；也可能有其他程序在用同一凭据登录，请为 wpsync 单独申请一套凭据",
        ),
    ),
    "vendor.no_reason": Entry(
        Text(
            "the vendor refuses without a reason ({endpoint}, code 0)",
            "厂商拒绝请求，未说明原因（{endpoint}，code 0）",
        ),
        _RETRIED,
    ),
    "vendor.too_fast": Entry(
        Text(
            "the vendor says requests come too fast ({endpoint})",
            "厂商提示请求过于频繁（{endpoint}）",
        ),
        Text(
            "wpsync slows down by itself; if it lasts, ask the vendor for the allowed rate and set"
            " limits.requests_per_minute",
            "wpsync 会自动降速；如持续出现，请向厂商确认允许的频率并设置 limits.requests_per_minute",
        ),
    ),
    "vendor.credentials_rejected": Entry(
        Text(
            "the vendor rejects the credentials of account {account}; next login after {until:second}",
            "厂商拒绝了账号 {account} 的凭据；{until:second} 之后才会再次登录",
        ),
        Text(
            "compare accounts.{account}.client_id and client_secret with the vendor's console; changed credentials are"
            " tried at once",
            "请对照厂商后台核对 accounts.{account}.client_id 和 client_secret；修改后立即重新尝试",
        ),
    ),
    "vendor.insecure_base_url": Entry(
        Text("base_url must begin with https://", "base_url 必须以 https:// 开头"),
        Text(
            "use https: the tokens travel in the URL, and only TLS keeps them secret",
            "请改用 https：令牌在 URL 中传输，只有 TLS 才能保密",
        ),
    ),
}
