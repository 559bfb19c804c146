"""Erasing a person."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

ENTRIES: Mapping[str, Entry] = {
    "erase.several_people": Entry(
        Text(
            "{people:count} contacts have this alias, so it does not name one person",
            "有 {people:count} 个联系人使用此微信号，无法确定是哪一位",
        ),
        Text(
            "look up their wx_no in wp.wechat_contacts, and erase by wx_no",
            "请在 wp.wechat_contacts 中查到 wx_no，再按它删除",
        ),
    ),
    "erase.unknown_key": Entry(
        Text(
            "numbers are hashed with a key that the configuration lacks (key id {keys:list}),"
            " so nothing was erased: this person may be among them",
            "部分号码是用配置中没有的密钥哈希的（密钥标识 {keys:list}），其中可能有此人，因此未删除任何数据",
        ),
        Text(
            "add the key to privacy.previous_keys; if it is lost, --despite-keys erases what can be found",
            "请把该密钥加入 privacy.previous_keys；密钥已丢失时，用 --despite-keys 删除能找到的部分",
        ),
    ),
    "erase.our_number": Entry(
        Text(
            "this number belongs to a work phone or an agent, not to a customer",
            "该号码属于工作手机或座席，不是客户的号码",
        ),
        Text(
            "erase the customers of this number one by one",
            "请逐个删除与该号码有往来的客户",
        ),
    ),
    "erase.meanwhile": Entry(
        Text(
            "a person was erased meanwhile; the data is read again",
            "期间有个人数据被删除，数据将重新读取",
        ),
    ),
}
