"""Every sample of the vendor's document, with its damage: what is sent, and what rows result."""

from datetime import UTC, date, datetime
from decimal import Decimal

from tests.spec.cases import MESSAGE, message, normalized, only_row, rows, typed


def at(
    year: int, month: int, day: int, hour: int, minute: int, second: int, micros: int = 0
) -> datetime:
    return datetime(year, month, day, hour, minute, second, micros, tzinfo=UTC)


def contains(row: dict[str, object], **expected: object) -> bool:
    different = {k: (row[k], v) for k, v in expected.items() if row[k] != v}
    assert not different
    return True


def test_an_agent():
    row = only_row("agents", {"_id": "agiew74717516969", "name": "张三", "phone": "13899999999"})
    assert row == {"id": "agiew74717516969", "name": "张三", "phone": "13899999999", "_extra": None}


CALL = {
    "_id": "0e4ccc60-8b6e-4693-87d4-f7d84bf57bf5",
    "did": "e1ec479c-971f-11e9-b311-0242ac120002",
    "imei": "867183048059394",
    "callType": "out",
    "connectType": "disconnected",
    "localTel": "13323333333",
    "uid": "076f2acf-e810-4bc0-9c31-bbc21135709d",
    "uName": "川普",
    "contactTel": "15023333333",
    "contactName": "奥巴马",
    "beginTime": "2019-06-26 11:01:49",
    "endTime": "2019-06-26 11:02:50",
    "duration": 61,
    "soundUrl": "cf-workphone.oss-cn-hangzhou.aliyuncs.com/originalRecord/P00000000024/201907/20190708172233-19926022861-outCall-1562577753335.mp3",
}


def test_a_call():
    row = only_row("calls", CALL)
    assert contains(
        row,
        id=CALL["_id"],
        direction="out",
        connected=False,
        agent_name="川普",
        began_at=at(2019, 6, 26, 3, 1, 49),
        ended_at=at(2019, 6, 26, 3, 2, 50),
        duration_seconds=61,
        recording_url="https://" + str(CALL["soundUrl"]),
        recording_status="available",
        _extra=None,
    )


def test_a_call_with_the_id_that_the_table_names():
    renamed = {("id" if k == "_id" else k): v for k, v in CALL.items()}
    assert only_row("calls", renamed) == only_row("calls", CALL)


def test_what_soundurl_says_instead_of_an_address():
    words = {
        "not_found": "not_found",
        "copy_fail": "copy_failed",
        "multiple_call_lose": "lost_multiple_calls",
    }
    for sent, status in words.items():
        assert contains(
            only_row("calls", {**CALL, "soundUrl": sent}),
            recording_status=status,
            recording_url=None,
        )
    for nothing in ("", None):
        sent_none = {**CALL, "soundUrl": nothing, "connectType": "connected"}
        assert contains(
            only_row("calls", sent_none), recording_status="pending", recording_url=None
        )
        assert contains(only_row("calls", {**CALL, "soundUrl": nothing}), recording_status="none")


def test_an_sms_with_the_time_as_the_sample_spells_it():
    sms = {
        k: v
        for k, v in CALL.items()
        if k
        not in ("_id", "callType", "connectType", "beginTime", "endTime", "duration", "soundUrl")
    }
    sample = {**sms, "id": "0e4ccc60", "smsType": "out", "snedTime": "2019-06-26 11:01:49"}
    row = only_row("sms", sample)
    assert contains(row, direction="out", sent_at=at(2019, 6, 26, 3, 1, 49), _extra=None)
    named = {("sendTime" if k == "snedTime" else k): v for k, v in sample.items()}
    assert only_row("sms", named) == row


def test_a_wechat_user():
    sample = {
        "id": "00557d49-9d7a-11e9-b16f-0242ac110006", "imei": "4dff585a-930a-11e9-9022-0242ac110005",
        "phone": "17781651273", "wxNo": "wxid_m90g9psrmdbf22", "wxNo1": "fake_1561617539899", "version": "7.0.5",
        "nick": "电信手", "headImg": "http://wx.qlogo.cn/132", "headImg1": "http://wx.qlogo.cn/0",
    }  # fmt: skip
    row = only_row("wechat_users", sample)
    assert contains(
        row,
        wx_alias="fake_1561617539899",
        wechat_version="7.0.5",
        nick="电信手",
        avatar_large_url="http://wx.qlogo.cn/0",
        _extra=None,
    )


def test_a_contact_whose_ts_is_in_milliseconds():
    sample = {
        "id": "a989bc40-9329-11e9-b272-0242ac110006", "agentWxNo": "wxid_1gdwolwrn5hs22", "agentNick": "呵呵1",
        "wxNo": "wxid_nbyw4pxrqk3l12", "wxNo1": "", "nick": "A00耘健身小虎 15397778083", "headImg": "http://a/96",
        "headImg1": "http://a/0", "status": "normal", "createTime": "2019-06-20 15:04:35", "ts": 1561014275882,
    }  # fmt: skip
    row = only_row("wechat_contacts", sample)
    assert contains(
        row,
        wx_alias=None,
        status="normal",
        created_at=at(2019, 6, 20, 7, 4, 35),
        vendor_ts=at(2019, 6, 20, 7, 4, 35, 882_000),
        _extra=None,
    )


def test_a_room():
    sample = {
        "id": "2a7a1c4d-9323-11e9-b272-0242ac110006", "imei": "4dff585a", "agentWxNo": "wxid_tzp39rgo8r9u22",
        "member": ["ffc17316-a454-11e9-adf5-0242ac110009"], "name": "打农药的王者", "headImg": "http://a/0",
        "memberList": "lu616601854;ZhangJunBo666666;haibing0", "displayName": "黄璐、ZhangJunBo666666、haibing0",
        "roomOwner": "lu616601854", "memberCount": "15",
    }  # fmt: skip
    row = only_row("wechat_rooms", sample)
    assert contains(
        row,
        member_ids=["ffc17316-a454-11e9-adf5-0242ac110009"],
        member_wx_nos=["lu616601854", "ZhangJunBo666666", "haibing0"],
        member_count=15,
        owner_wx_no="lu616601854",
        _extra=None,
    )


def test_a_room_member_and_one_that_is_no_agent():
    sample = {
        "id": "ffc21cdb-a454-11e9-adf5-0242ac110009", "chatRoomId": "2a7a1c4d", "nick": "海冰",
        "headImg": "http://a/132", "wxNo": "haibing0", "isAgent": True, "agentWxNo": "haibing0",
    }  # fmt: skip
    assert contains(
        only_row("wechat_room_members", sample), is_agent=True, agent_wx_no="haibing0", _extra=None
    )
    plain = {k: v for k, v in sample.items() if k not in ("isAgent", "agentWxNo")}
    assert contains(only_row("wechat_room_members", plain), is_agent=False, agent_wx_no=None)
    listed = {**sample, "headImg": ["http://a/132"]}
    assert contains(only_row("wechat_room_members", listed), avatar_url="http://a/132")


def test_a_chat():
    sample = {
        "id": "2b0959b1-9323-11e9-b272-0242ac110006", "agentWxNo": "wxid_tzp39rgo8r9u22",
        "group": "2b06e8a8-9323-11e9-b272-0242ac110006", "chatType": "group", "isSend": "0",
    }  # fmt: skip
    row = only_row("wechat_chats", sample)
    assert contains(
        row, room_id=sample["group"], contact_wx_no=None, chat_type="group", started_by_agent=False
    )


def test_a_message_of_the_raw_type_1():
    row = only_row("wechat_messages", MESSAGE)
    assert contains(
        row,
        kind="text",
        msg_type="1",
        sent_at=at(2019, 6, 20, 6, 44, 24),
        sent_on=date(2019, 6, 20),
        sent_by_agent=False,
        server_msg_id="9046641001935868169",
        body="\n真的是好难约噢",
        plain_text="\n真的是好难约噢",
        payload_ok=True,
        _extra=None,
    )


def test_a_text_as_the_type_table_shows_it():
    assert contains(
        only_row("wechat_messages", message("101", {"msg": "这是文本"})), plain_text="这是文本"
    )


def test_media_paths_in_the_row_and_in_the_payload():
    paths = {"bigImgPath": "test_big.jpg", "thumbImgPath": "test_thumb.jpg"}
    for code, kind in (
        ("102", "image"),
        ("103", "voice"),
        ("104", "video"),
        ("3", "image"),
        ("34", "voice"),
        ("43", "video"),
    ):
        expected = {
            "media_kind": kind,
            "thumb_path": "test_thumb.jpg",
            "media_path": "test_big.jpg",
            "_extra": None,
        }
        assert contains(typed(code, paths, "message_media"), **expected)
        assert contains(typed(code, "", "message_media", **paths), **expected)


def test_a_card():
    payload = {
        "nickName": "一块二包邮", "wxNo": "gh_66cc2df58915", "bigHeadImgUrl": "http://a/0", "smallHeadImgUrl": "http://a/96",
    }  # fmt: skip
    assert contains(
        typed("105", payload, "message_cards"),
        nick="一块二包邮",
        wx_no="gh_66cc2df58915",
        avatar_large_url="http://a/0",
        avatar_url="http://a/96",
        _extra=None,
    )


def test_a_location_whose_longitude_is_called_log():
    payload = {
        "log": "104.062881",
        "lat": "30.554096",
        "address": "蜀都中心二期(武侯区吉庆三路333号)",
        "wxNo": "wxid_0080250784612",
    }
    row = typed("106", payload, "message_locations")
    assert contains(
        row, longitude=104.062881, latitude=30.554096, address=payload["address"], _extra=None
    )
    swapped = {"log": "30.554096", "lat": "104.062881", "address": "", "wxNo": ""}
    row = typed("106", swapped, "message_locations")
    assert contains(row, latitude=None, _extra={"_raw.lat": '"104.062881"'})


def test_a_chat_record_with_a_damaged_key():
    payload = {
        "title": "余林呱与余林🐑的聊天记录", "des": "余林呱:[图片]\n余林呱:[色]...", "type": "19", "showtrueype": "0",
        "url": "https://support.weixin.qq.com/x?t=page", "recordItem": "余林呱与余林🐑的聊天记录",
    }  # fmt: skip
    row = typed("107", payload, "message_links")
    assert contains(
        row,
        app_type=19,
        link_kind="chat_record",
        show_type=0,
        record_item=payload["recordItem"],
        _extra=None,
    )
    assert only_row("wechat_messages", message("107", payload))["plain_text"] == payload["title"]


def test_the_four_notices():
    samples = [
        ({"content": '"A手机维修二手买卖" 撤回了一条消息', "payId": "", "msgIsSend": "", "type": 3}, "unknown", None),
        ({"content": "位置共享已经结束", "payId": "", "msgIsSend": "", "type": 2}, "ordinary", None),
        ({"content": "H.Note领取了你的红包", "payId": "1000039501201906056015038761805", "msgIsSend": "", "type": 1}, "red_packet", "1000039501201906056015038761805"),
        ({"content": '"H.Note" 撤回了一条消息', "payId": "", "msgIsSend": "", "type": 2}, "ordinary", None),
    ]  # fmt: skip
    for payload, kind, pay in samples:
        row = typed("108", payload, "message_notices")
        assert contains(
            row, content=payload["content"], notice_kind=kind, pay_id=pay, original_is_send=None
        )


def test_a_recalled_message_whose_notice_is_called_test():
    payload = {
        "test": "你撤回了一条消息",
        "timestrueamp": "1560150444638",
        "preContent": "这是第三条消息",
        "link": {"text": "重新编辑"},
    }
    row = typed("109", payload, "message_recalls")
    assert contains(
        row,
        notice="你撤回了一条消息",
        recalled_at=at(2019, 6, 10, 7, 7, 24, 638_000),
        previous_content="这是第三条消息",
        link_text="重新编辑",
        _extra=None,
    )
    mended = {
        "text": payload["test"],
        "timestamp": payload["timestrueamp"],
        "preContent": payload["preContent"],
        "link": payload["link"],
    }
    assert typed("109", mended, "message_recalls") == row


def test_the_three_room_events():
    samples = [
        ('"名字"邀请"余林🐑"加入了群聊', "invited", "名字", "余林🐑"),
        ('"名字"修改群名为“测试群”', "renamed", "名字", "测试群"),
        ('"superwomen"邀请你加入了群聊,群聊参与人还有:呵呵😄', "invited", "superwomen", "你"),
    ]
    for said, event, actor, subject in samples:
        for payload in (said, {"msg": said}):
            row = typed("110", payload, "message_room_events")
            assert contains(row, content=said, event=event, actor_nick=actor, subject=subject)


PAY_URL = "https://wxapp.tenpay.com/mmpayhb/wxhb_personalreceive?showwxpaytitle=1&sendid=1000039501201906056011499657896"
RED_PACKET = {
    "des": "我给你发了一个红包，赶紧去拆！", "url": PAY_URL, "type": "2001", "title": "微信红包",
    "thumbUrl": "https://wx.gtimg.com/hongbao/1800/hb.png",
    "wcPayInfo": {
        "templateId": "7a2a165d31da7fce6dd77e05c300028a", "url": PAY_URL, "iconUrl": "https://wx.gtimg.com/hongbao/1800/hb.png",
        "receivertrueitle": "普天同庆", "sendertrueitle": "普天同庆", "scenetrueext": "微信红包", "senderDes": "查看红包",
        "receiverDes": "领取红包", "nativeUrl": "wxpay://c2cbizmessagehandler/hongbao", "sceneId": "1002", "innertrueype": "0",
        "payMsgId": "1000039501201906056011499657896", "Invalidtrueime": "1559803593", "m7trueype": "0",
    },
}  # fmt: skip


def test_a_red_packet():
    row = typed("112", RED_PACKET, "message_red_packets")
    assert contains(
        row,
        title="微信红包",
        app_type=2001,
        scene_id=1002,
        scene_text="微信红包",
        receiver_title="普天同庆",
        sender_title="普天同庆",
        sender_description="查看红包",
        inner_type=0,
        pay_msg_id="1000039501201906056011499657896",
        expires_at=at(2019, 6, 6, 6, 46, 33),
        claim_status=0,
        claimed=False,
        _extra={"wcPayInfo": {"url": PAY_URL}},
    )


def test_a_group_collection_and_its_payers():
    block = {
        "billNo": "00db48218eb1", "newAatrueype": "2", "receiverList": "wxid_1gdwolwrn5hs22,1,5,0",
        "payerList": "wxid_tzp39rgo8r9u22,2,1|wxid_m90g9psrmdbf22,2,1|wxid_afhuw9rhn5dy22,2,2",
    }  # fmt: skip
    info = {
        "receivertrueitle": "活动账单", "sendertrueitle": "活动账单", "scenetrueext": "活动账单", "senderDes": "每人需支付0.02元",
        "nativeUrl": "", "sceneId": "1001", "payMsgId": "", "Invalidtrueime": "1562226087", "newAa": block, "m7trueype": "0",
    }  # fmt: skip
    payload = {
        "des": "",
        "url": "https://support.weixin.qq.com",
        "type": "2001",
        "title": "",
        "thumbUrl": "http://t",
        "wcPayInfo": info,
        "content": "",
    }
    batch = normalized("wechat_messages", message("113", payload))
    (row,) = rows(batch, "message_group_collections")
    assert contains(
        row,
        bill_no="00db48218eb1",
        collection_type=2,
        initiator_wx_no="wxid_1gdwolwrn5hs22",
        collection_status=1,
        payer_count=5,
        paid_count=0,
        description=None,
        scene_id=1001,
        _extra={"content": ""},
    )
    payers = rows(batch, "message_group_collection_payers")
    assert [
        (p["payer_wx_no"], p["amount_fen"], p["amount"], p["paid"], p["payment_status"])
        for p in payers
    ] == [
        ("wxid_tzp39rgo8r9u22", 2, Decimal("0.02"), False, 1),
        ("wxid_m90g9psrmdbf22", 2, Decimal("0.02"), False, 1),
        ("wxid_afhuw9rhn5dy22", 2, Decimal("0.02"), True, 2),
    ]


def test_what_a_payer_gets_back_is_as_negative_in_yuan_as_in_fen():
    payload = {"wcPayInfo": {"newAa": {"payerList": "wxid_a,-105,2"}}}
    (payer,) = rows(
        normalized("wechat_messages", message("113", payload)), "message_group_collection_payers"
    )
    assert (payer["amount_fen"], payer["amount"]) == (-105, Decimal("-1.05"))


def test_a_reminder_of_a_group_collection():
    payload = {"content": "@菜头 @「卷心菜」\n你有一笔未支付的群收款", "payId": "0db48218eb1a54d7"}
    row = typed("114", payload, "message_group_collection_reminders")
    assert contains(row, content=payload["content"], pay_id="0db48218eb1a54d7", _extra=None)


TRANSFER = {
    "title": "微信转账", "des": "收到转账0.01元。如需收钱，请点此升级至最新版本", "type": "2000", "content": "",
    "url": "https://support.weixin.qq.com/r", "thumbUrl": "https://support.weixin.qq.com/r", "lowurl": "", "extinfo": "",
    "wcPayInfo": {
        "paySubtrueype": "3", "feeDesc": "¥0.01", "transcationId": "100005010119060500024224115148949337",
        "transferId": "1000050101201906051703664585970", "invalidtrueime": "1559813867",
        "begintrueransfertrueime": "1559727467", "effectiveDate": "1", "payMsgId": "", "payMemo": "",
        "hastrueransferAddress": "", "m7trueype": "2",
    },
}  # fmt: skip


def test_a_transfer():
    row = typed("115", TRANSFER, "message_transfers")
    assert contains(
        row,
        amount=Decimal("0.01"),
        currency="CNY",
        fee_description="¥0.01",
        transfer_type=3,
        transfer_kind="instant_receipt",
        claim_status=2,
        claim_kind="received",
        transaction_id="100005010119060500024224115148949337",
        transfer_id="1000050101201906051703664585970",
        memo=None,
        began_at=at(2019, 6, 5, 9, 37, 47),
        expires_at=at(2019, 6, 6, 9, 37, 47),
        effective_days=1,
    )
    assert row["_extra"] == {
        "type": "2000", "content": "", "thumbUrl": "https://support.weixin.qq.com/r", "lowurl": "", "extinfo": "",
        "wcPayInfo": {"hastrueransferAddress": ""},
    }  # fmt: skip


def test_every_spelling_of_a_key_means_the_same():
    info = TRANSFER["wcPayInfo"]
    assert isinstance(info, dict)
    clean = {k.replace("true", "T"): v for k, v in info.items() if k != "hastrueransferAddress"}
    for spelt in (
        clean,
        {k.lower(): v for k, v in clean.items()},
        {k.upper(): v for k, v in clean.items()},
    ):
        row = typed("115", {**TRANSFER, "wcPayInfo": spelt}, "message_transfers")
        assert contains(row, transfer_type=3, claim_status=2, began_at=at(2019, 6, 5, 9, 37, 47))


def test_of_two_spellings_the_clean_one_wins_and_the_other_is_kept():
    info = {**TRANSFER["wcPayInfo"], "m7Type": "3"}  # type: ignore[dict-item]  # a dict
    row = typed("115", {**TRANSFER, "wcPayInfo": info}, "message_transfers")
    assert row["claim_status"] == 3
    assert '"2"' in str(row["_extra"]).replace("'", '"')


def test_a_number_of_31_digits_without_quotes_stays_exact():
    broken = str(message("115", TRANSFER)["msg"]).replace(
        '"1000050101201906051703664585970"', "1000050101201906051703664585970"
    )
    assert (
        typed("115", broken, "message_transfers")["transfer_id"]
        == "1000050101201906051703664585970"
    )


def test_a_payload_that_cannot_be_read_keeps_its_row_and_has_a_dead_letter():
    batch = normalized("wechat_messages", message("115", '{"title": "微信'))
    (row,) = rows(batch, "wechat_messages")
    assert contains(row, kind="transfer", payload_ok=False, plain_text=None, body='{"title": "微信')
    assert "message_transfers" not in batch.rows
    (letter,) = batch.dead_letters
    assert (letter.reason, letter.record_id) == ("payload_unreadable", MESSAGE["id"])


def test_a_row_without_a_usable_id_is_a_dead_letter_with_its_original():
    for useless in (
        {**MESSAGE, "id": ""},
        {**MESSAGE, "id": None},
        {**MESSAGE, "id": "(null)"},
        {**MESSAGE, "id": ["x"]},
        5,
        None,
        "x",
    ):
        batch = normalized("wechat_messages", useless)
        assert rows(batch, "wechat_messages") == []
        assert len(batch.dead_letters) == 1


def test_nul_and_lone_surrogates_are_replaced_and_their_original_is_kept():
    body = "~SEMI_XML~\x00\x05title\ud83d!"
    row = only_row("wechat_messages", message("111", body))
    assert contains(row, kind="semi_xml", body="~SEMI_XML~\ufffd\x05title\ufffd!", plain_text=None)
    assert row["_extra"] == {"_raw.msg": '"~SEMI_XML~\\u0000\\u0005title\\ud83d!"'}


def test_fields_the_contract_does_not_name_are_kept():
    row = only_row(
        "wechat_messages", {**MESSAGE, "cfTs": 1561013064000000001, "new": {"a": [1, None]}}
    )
    assert row["_extra"] == {"cfTs": 1561013064000000001, "new": {"a": [1, None]}}


def test_a_value_that_its_column_cannot_hold_is_null_and_kept():
    row = only_row(
        "calls", {**CALL, "duration": "soon", "beginTime": "yesterday", "connectType": "perhaps"}
    )
    assert contains(row, duration_seconds=None, began_at=None, connected=None)
    assert row["_extra"] == {
        "_raw.duration": '"soon"', "_raw.beginTime": '"yesterday"', "_raw.connectType": '"perhaps"'
    }  # fmt: skip


def test_an_unknown_type_is_unknown():
    assert contains(
        only_row("wechat_messages", message("47", "<emoji/>")),
        kind="unknown",
        body="<emoji/>",
        payload_ok=True,
    )
