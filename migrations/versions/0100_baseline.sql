CREATE SCHEMA IF NOT EXISTS wp;

COMMENT ON SCHEMA wp IS '厂商数据，每个资源一张表 / the vendor''s data, one table per resource';

CREATE SCHEMA IF NOT EXISTS wp_bi;

COMMENT ON SCHEMA wp_bi IS '供 BI 使用的视图 / views made for dashboards';

CREATE SCHEMA IF NOT EXISTS wpsync;

COMMENT ON SCHEMA wpsync IS '同步服务自身的状态 / the state of the sync service';

CREATE TABLE wp.agents (
	id TEXT COLLATE "C" NOT NULL,
	name TEXT,
	phone TEXT COLLATE "C",
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_deleted_at TIMESTAMP WITH TIME ZONE,
	_extra JSONB,
	CONSTRAINT agents_pkey PRIMARY KEY (_account, id)
);

CREATE INDEX agents_deleted_idx ON wp.agents (_account) WHERE _deleted_at IS NOT NULL;

COMMENT ON TABLE wp.agents IS '座席（员工） / agents: the employees who hold the work phones';

COMMENT ON COLUMN wp.agents.id IS '座席编号 / the agent''s id';

COMMENT ON COLUMN wp.agents.name IS '座席姓名 / the agent''s name';

COMMENT ON COLUMN wp.agents.phone IS '座席手机号 / the agent''s phone';

COMMENT ON COLUMN wp.agents._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.agents._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.agents._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.agents._deleted_at IS '完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back';

COMMENT ON COLUMN wp.agents._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.customer_fields (
	id TEXT COLLATE "C" NOT NULL,
	label TEXT COLLATE "C",
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_deleted_at TIMESTAMP WITH TIME ZONE,
	_extra JSONB,
	CONSTRAINT customer_fields_pkey PRIMARY KEY (_account, id)
);

CREATE INDEX customer_fields_deleted_idx ON wp.customer_fields (_account) WHERE _deleted_at IS NOT NULL;

COMMENT ON TABLE wp.customer_fields IS '客户资料的字段模板 / the fields of the customer form';

COMMENT ON COLUMN wp.customer_fields.id IS '字段键，如 filed0 / the field''s key, e.g. filed0';

COMMENT ON COLUMN wp.customer_fields.label IS '字段名称，如 字段1 / what the field is called';

COMMENT ON COLUMN wp.customer_fields._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.customer_fields._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.customer_fields._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.customer_fields._deleted_at IS '完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back';

COMMENT ON COLUMN wp.customer_fields._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.wechat_users (
	id TEXT COLLATE "C" NOT NULL,
	imei TEXT COLLATE "C",
	phone TEXT COLLATE "C",
	wx_no TEXT COLLATE "C",
	wx_alias TEXT COLLATE "C",
	wechat_version TEXT COLLATE "C",
	nick TEXT,
	avatar_url TEXT,
	avatar_large_url TEXT,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_deleted_at TIMESTAMP WITH TIME ZONE,
	_extra JSONB,
	CONSTRAINT wechat_users_pkey PRIMARY KEY (_account, id)
);

CREATE INDEX wechat_users_deleted_idx ON wp.wechat_users (_account) WHERE _deleted_at IS NOT NULL;

CREATE INDEX wechat_users_wx_no_idx ON wp.wechat_users (wx_no);

COMMENT ON TABLE wp.wechat_users IS '工作微信（登录在工作手机上的微信） / the WeChat accounts logged in on the work phones';

COMMENT ON COLUMN wp.wechat_users.id IS '主键 / the vendor''s id';

COMMENT ON COLUMN wp.wechat_users.imei IS '设备 IMEI / the device''s IMEI';

COMMENT ON COLUMN wp.wechat_users.phone IS '设备手机号 / the device''s number';

COMMENT ON COLUMN wp.wechat_users.wx_no IS '微信号 / WeChat number';

COMMENT ON COLUMN wp.wechat_users.wx_alias IS '微信号（别名） / WeChat alias';

COMMENT ON COLUMN wp.wechat_users.wechat_version IS '微信版本号 / version of WeChat';

COMMENT ON COLUMN wp.wechat_users.nick IS '微信昵称 / nickname';

COMMENT ON COLUMN wp.wechat_users.avatar_url IS '小头像地址 / small portrait';

COMMENT ON COLUMN wp.wechat_users.avatar_large_url IS '大头像地址 / large portrait';

COMMENT ON COLUMN wp.wechat_users._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.wechat_users._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.wechat_users._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.wechat_users._deleted_at IS '完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back';

COMMENT ON COLUMN wp.wechat_users._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.wechat_contacts (
	id TEXT COLLATE "C" NOT NULL,
	agent_wx_no TEXT COLLATE "C",
	agent_nick TEXT,
	wx_no TEXT COLLATE "C",
	wx_alias TEXT COLLATE "C",
	nick TEXT,
	avatar_url TEXT,
	avatar_large_url TEXT,
	status TEXT COLLATE "C",
	created_at TIMESTAMP WITH TIME ZONE,
	vendor_ts TIMESTAMP WITH TIME ZONE,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_deleted_at TIMESTAMP WITH TIME ZONE,
	_extra JSONB,
	CONSTRAINT wechat_contacts_pkey PRIMARY KEY (_account, id)
);

CREATE INDEX wechat_contacts_agent_wx_no_wx_no_idx ON wp.wechat_contacts (agent_wx_no, wx_no);

CREATE INDEX wechat_contacts_created_at_idx ON wp.wechat_contacts (created_at);

CREATE INDEX wechat_contacts_deleted_idx ON wp.wechat_contacts (_account) WHERE _deleted_at IS NOT NULL;

CREATE INDEX wechat_contacts_wx_no_idx ON wp.wechat_contacts (wx_no);

COMMENT ON TABLE wp.wechat_contacts IS '微信联系人 / contacts of the work WeChat accounts';

COMMENT ON COLUMN wp.wechat_contacts.id IS '主键 / the vendor''s id';

COMMENT ON COLUMN wp.wechat_contacts.agent_wx_no IS '工作微信号 / the agent''s WeChat number';

COMMENT ON COLUMN wp.wechat_contacts.agent_nick IS '工作微信昵称 / the agent''s nickname';

COMMENT ON COLUMN wp.wechat_contacts.wx_no IS '微信号 / WeChat number';

COMMENT ON COLUMN wp.wechat_contacts.wx_alias IS '微信号（别名） / WeChat alias';

COMMENT ON COLUMN wp.wechat_contacts.nick IS '联系人昵称 / the contact''s nickname';

COMMENT ON COLUMN wp.wechat_contacts.avatar_url IS '小头像地址 / small portrait';

COMMENT ON COLUMN wp.wechat_contacts.avatar_large_url IS '大头像地址 / large portrait';

COMMENT ON COLUMN wp.wechat_contacts.status IS '状态，如 normal / state, e.g. normal';

COMMENT ON COLUMN wp.wechat_contacts.created_at IS '创建时间 / when it was created';

COMMENT ON COLUMN wp.wechat_contacts.vendor_ts IS '厂商时间戳 / the vendor''s time stamp';

COMMENT ON COLUMN wp.wechat_contacts._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.wechat_contacts._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.wechat_contacts._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.wechat_contacts._deleted_at IS '完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back';

COMMENT ON COLUMN wp.wechat_contacts._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.wechat_rooms (
	id TEXT COLLATE "C" NOT NULL,
	imei TEXT COLLATE "C",
	agent_wx_no TEXT COLLATE "C",
	name TEXT,
	avatar_url TEXT,
	owner_wx_no TEXT COLLATE "C",
	member_count INTEGER,
	member_ids TEXT[] COLLATE "C",
	member_wx_nos TEXT[] COLLATE "C",
	display_name TEXT,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_deleted_at TIMESTAMP WITH TIME ZONE,
	_extra JSONB,
	CONSTRAINT wechat_rooms_pkey PRIMARY KEY (_account, id)
);

CREATE INDEX wechat_rooms_agent_wx_no_idx ON wp.wechat_rooms (agent_wx_no);

CREATE INDEX wechat_rooms_deleted_idx ON wp.wechat_rooms (_account) WHERE _deleted_at IS NOT NULL;

CREATE INDEX wechat_rooms_owner_wx_no_idx ON wp.wechat_rooms (owner_wx_no);

COMMENT ON TABLE wp.wechat_rooms IS '微信群 / WeChat rooms (group chats)';

COMMENT ON COLUMN wp.wechat_rooms.id IS '主键 / the vendor''s id';

COMMENT ON COLUMN wp.wechat_rooms.imei IS '设备 IMEI / the device''s IMEI';

COMMENT ON COLUMN wp.wechat_rooms.agent_wx_no IS '工作微信号 / the agent''s WeChat number';

COMMENT ON COLUMN wp.wechat_rooms.name IS '群名称 / the room''s name';

COMMENT ON COLUMN wp.wechat_rooms.avatar_url IS '群头像 / the room''s picture';

COMMENT ON COLUMN wp.wechat_rooms.owner_wx_no IS '群主微信号 / the owner''s WeChat number';

COMMENT ON COLUMN wp.wechat_rooms.member_count IS '群成员数 / number of members';

COMMENT ON COLUMN wp.wechat_rooms.member_ids IS '群成员编号 / the members'' ids';

COMMENT ON COLUMN wp.wechat_rooms.member_wx_nos IS '群成员微信号 / the members'' WeChat numbers';

COMMENT ON COLUMN wp.wechat_rooms.display_name IS '成员展示昵称（原样） / the members'' names as shown';

COMMENT ON COLUMN wp.wechat_rooms._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.wechat_rooms._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.wechat_rooms._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.wechat_rooms._deleted_at IS '完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back';

COMMENT ON COLUMN wp.wechat_rooms._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.wechat_room_members (
	id TEXT COLLATE "C" NOT NULL,
	room_id TEXT COLLATE "C",
	nick TEXT,
	avatar_url TEXT,
	wx_no TEXT COLLATE "C",
	is_agent BOOLEAN NOT NULL,
	agent_wx_no TEXT COLLATE "C",
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_deleted_at TIMESTAMP WITH TIME ZONE,
	_extra JSONB,
	CONSTRAINT wechat_room_members_pkey PRIMARY KEY (_account, id)
);

CREATE INDEX wechat_room_members_agent_wx_no_idx ON wp.wechat_room_members (agent_wx_no);

CREATE INDEX wechat_room_members_deleted_idx ON wp.wechat_room_members (_account) WHERE _deleted_at IS NOT NULL;

CREATE INDEX wechat_room_members_room_id_idx ON wp.wechat_room_members (room_id);

CREATE INDEX wechat_room_members_wx_no_idx ON wp.wechat_room_members (wx_no);

COMMENT ON TABLE wp.wechat_room_members IS '微信群成员 / members of WeChat rooms';

COMMENT ON COLUMN wp.wechat_room_members.id IS '主键 / the vendor''s id';

COMMENT ON COLUMN wp.wechat_room_members.room_id IS '群编号 / the room';

COMMENT ON COLUMN wp.wechat_room_members.nick IS '昵称 / nickname';

COMMENT ON COLUMN wp.wechat_room_members.avatar_url IS '头像 / portrait';

COMMENT ON COLUMN wp.wechat_room_members.wx_no IS '微信号 / WeChat number';

COMMENT ON COLUMN wp.wechat_room_members.is_agent IS '是否座席（厂商为否时不发送此字段） / whether an agent; absent means false';

COMMENT ON COLUMN wp.wechat_room_members.agent_wx_no IS '工作微信号 / the agent''s WeChat number';

COMMENT ON COLUMN wp.wechat_room_members._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.wechat_room_members._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.wechat_room_members._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.wechat_room_members._deleted_at IS '完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back';

COMMENT ON COLUMN wp.wechat_room_members._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.wechat_chats (
	id TEXT COLLATE "C" NOT NULL,
	agent_wx_no TEXT COLLATE "C",
	contact_wx_no TEXT COLLATE "C",
	room_id TEXT COLLATE "C",
	chat_type TEXT COLLATE "C",
	started_by_agent BOOLEAN,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_deleted_at TIMESTAMP WITH TIME ZONE,
	_extra JSONB,
	CONSTRAINT wechat_chats_pkey PRIMARY KEY (_account, id)
);

CREATE INDEX wechat_chats_account_agent_wx_no_contact_wx_no_idx ON wp.wechat_chats (_account, agent_wx_no, contact_wx_no);

CREATE INDEX wechat_chats_contact_wx_no_idx ON wp.wechat_chats (contact_wx_no);

CREATE INDEX wechat_chats_deleted_idx ON wp.wechat_chats (_account) WHERE _deleted_at IS NOT NULL;

CREATE INDEX wechat_chats_room_id_idx ON wp.wechat_chats (room_id);

COMMENT ON TABLE wp.wechat_chats IS '微信会话 / WeChat chats: one agent''s account with one contact or room';

COMMENT ON COLUMN wp.wechat_chats.id IS '主键 / the vendor''s id';

COMMENT ON COLUMN wp.wechat_chats.agent_wx_no IS '工作微信号 / the agent''s WeChat number';

COMMENT ON COLUMN wp.wechat_chats.contact_wx_no IS '联系人微信号；群聊为空 / the contact; NULL in a room';

COMMENT ON COLUMN wp.wechat_chats.room_id IS '群编号；单聊为空 / the room; NULL in a single chat';

COMMENT ON COLUMN wp.wechat_chats.chat_type IS 'single 单聊，group 群聊 / single or group';

COMMENT ON COLUMN wp.wechat_chats.started_by_agent IS '会话是否由座席发起 / whether the agent began it';

COMMENT ON COLUMN wp.wechat_chats._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.wechat_chats._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.wechat_chats._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.wechat_chats._deleted_at IS '完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back';

COMMENT ON COLUMN wp.wechat_chats._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.calls (
	id TEXT COLLATE "C" NOT NULL,
	device_id TEXT COLLATE "C",
	imei TEXT COLLATE "C",
	direction TEXT COLLATE "C",
	connected BOOLEAN,
	local_tel TEXT COLLATE "C",
	agent_id TEXT COLLATE "C",
	agent_name TEXT,
	contact_tel TEXT COLLATE "C",
	contact_name TEXT,
	began_at TIMESTAMP WITH TIME ZONE,
	ended_at TIMESTAMP WITH TIME ZONE,
	duration_seconds INTEGER,
	recording_url TEXT COLLATE "C",
	recording_status TEXT COLLATE "C",
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_gone_at TIMESTAMP WITH TIME ZONE,
	_extra JSONB,
	CONSTRAINT calls_pkey PRIMARY KEY (_account, id)
);

CREATE INDEX calls_account_began_at_idx ON wp.calls (_account, began_at);

CREATE INDEX calls_agent_id_began_at_idx ON wp.calls (agent_id, began_at);

CREATE INDEX calls_began_at_idx ON wp.calls (began_at);

CREATE INDEX calls_contact_tel_idx ON wp.calls (contact_tel);

CREATE INDEX calls_gone_idx ON wp.calls (_account, began_at) WHERE _gone_at IS NOT NULL;

CREATE INDEX calls_local_tel_idx ON wp.calls (local_tel);

COMMENT ON TABLE wp.calls IS '通话记录 / phone calls';

COMMENT ON COLUMN wp.calls.id IS '通话记录编号 / the call''s id';

COMMENT ON COLUMN wp.calls.device_id IS '设备编号 / the device''s id';

COMMENT ON COLUMN wp.calls.imei IS '设备 IMEI 码 / the device''s IMEI';

COMMENT ON COLUMN wp.calls.direction IS '呼叫方向：in 呼入，out 呼出 / in or out; in is incoming';

COMMENT ON COLUMN wp.calls.connected IS '是否接通 / whether the call was answered';

COMMENT ON COLUMN wp.calls.local_tel IS '本机号码 / the work phone''s own number';

COMMENT ON COLUMN wp.calls.agent_id IS '当时持机座席编号 / the agent who held the phone then';

COMMENT ON COLUMN wp.calls.agent_name IS '当时持机座席姓名 / that agent''s name then';

COMMENT ON COLUMN wp.calls.contact_tel IS '对方号码 / the other side''s number';

COMMENT ON COLUMN wp.calls.contact_name IS '通讯录中对方的名称 / the other side''s name in the phone''s address book';

COMMENT ON COLUMN wp.calls.began_at IS '呼通时间 / when the call connected';

COMMENT ON COLUMN wp.calls.ended_at IS '挂机时间 / when the call ended';

COMMENT ON COLUMN wp.calls.duration_seconds IS '录音时长（秒） / length of the recording in seconds';

COMMENT ON COLUMN wp.calls.recording_url IS '录音地址；没有录音时为空 / where the recording is; NULL where there is none';

COMMENT ON COLUMN wp.calls.recording_status IS '录音状态：available 有录音，not_found 未找到，copy_failed 拷贝失败，lost_multiple_calls 多通通话丢失，pending 待上传，none 未接通，unknown 未知 / available, not_found, copy_failed, lost_multiple_calls, pending (connected, nothing sent yet), none (not connected) or unknown (another word)';

COMMENT ON COLUMN wp.calls._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.calls._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.calls._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.calls._gone_at IS '完整读取中不再出现的时间（行保留）；重新出现则清空 / when a complete reading no longer had it (the row is kept); NULL again if it comes back';

COMMENT ON COLUMN wp.calls._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.sms (
	id TEXT COLLATE "C" NOT NULL,
	device_id TEXT COLLATE "C",
	imei TEXT COLLATE "C",
	direction TEXT COLLATE "C",
	local_tel TEXT COLLATE "C",
	agent_id TEXT COLLATE "C",
	agent_name TEXT,
	contact_tel TEXT COLLATE "C",
	contact_name TEXT,
	sent_at TIMESTAMP WITH TIME ZONE,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_gone_at TIMESTAMP WITH TIME ZONE,
	_extra JSONB,
	CONSTRAINT sms_pkey PRIMARY KEY (_account, id)
);

CREATE INDEX sms_account_sent_at_idx ON wp.sms (_account, sent_at);

CREATE INDEX sms_agent_id_sent_at_idx ON wp.sms (agent_id, sent_at);

CREATE INDEX sms_contact_tel_idx ON wp.sms (contact_tel);

CREATE INDEX sms_gone_idx ON wp.sms (_account, sent_at) WHERE _gone_at IS NOT NULL;

CREATE INDEX sms_sent_at_idx ON wp.sms (sent_at);

COMMENT ON TABLE wp.sms IS '短信记录 / text messages (SMS); the vendor does not send their text';

COMMENT ON COLUMN wp.sms.id IS '短信记录编号 / the SMS''s id';

COMMENT ON COLUMN wp.sms.device_id IS '设备编号 / the device''s id';

COMMENT ON COLUMN wp.sms.imei IS '设备 IMEI 码 / the device''s IMEI';

COMMENT ON COLUMN wp.sms.direction IS '方向：in 接收，out 发送 / in or out; in is received';

COMMENT ON COLUMN wp.sms.local_tel IS '本机号码 / the work phone''s own number';

COMMENT ON COLUMN wp.sms.agent_id IS '当时持机座席编号 / the agent who held the phone then';

COMMENT ON COLUMN wp.sms.agent_name IS '当时持机座席姓名 / that agent''s name then';

COMMENT ON COLUMN wp.sms.contact_tel IS '对方号码 / the other side''s number';

COMMENT ON COLUMN wp.sms.contact_name IS '通讯录中对方的名称 / the other side''s name in the phone''s address book';

COMMENT ON COLUMN wp.sms.sent_at IS '发送或接收时间 / when it was sent or received';

COMMENT ON COLUMN wp.sms._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.sms._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.sms._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.sms._gone_at IS '完整读取中不再出现的时间（行保留）；重新出现则清空 / when a complete reading no longer had it (the row is kept); NULL again if it comes back';

COMMENT ON COLUMN wp.sms._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.wechat_messages (
	id TEXT COLLATE "C" NOT NULL,
	chat_id TEXT COLLATE "C",
	sender_id TEXT COLLATE "C",
	msg_type TEXT COLLATE "C",
	kind TEXT COLLATE "C" NOT NULL,
	sent_at TIMESTAMP WITH TIME ZONE,
	sent_on DATE,
	device_msg_id TEXT COLLATE "C",
	server_msg_id TEXT COLLATE "C",
	sent_by_agent BOOLEAN,
	body TEXT,
	plain_text TEXT,
	payload_ok BOOLEAN NOT NULL,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_gone_at TIMESTAMP WITH TIME ZONE,
	_extra JSONB,
	CONSTRAINT wechat_messages_pkey PRIMARY KEY (_account, id)
);

CREATE INDEX wechat_messages_account_chat_id_sent_on_sent_at_id_idx ON wp.wechat_messages (_account, chat_id, sent_on, sent_at, id);

CREATE INDEX wechat_messages_account_sent_at_idx ON wp.wechat_messages (_account, sent_at);

CREATE INDEX wechat_messages_gone_idx ON wp.wechat_messages (_account, sent_at) WHERE _gone_at IS NOT NULL;

CREATE INDEX wechat_messages_sender_id_idx ON wp.wechat_messages (sender_id);

CREATE INDEX wechat_messages_sent_at_idx ON wp.wechat_messages (sent_at);

CREATE INDEX wechat_messages_server_msg_id_idx ON wp.wechat_messages (server_msg_id);

COMMENT ON TABLE wp.wechat_messages IS '微信消息 / WeChat messages';

COMMENT ON COLUMN wp.wechat_messages.id IS '主键 / the vendor''s id';

COMMENT ON COLUMN wp.wechat_messages.chat_id IS '会话编号 / the chat';

COMMENT ON COLUMN wp.wechat_messages.sender_id IS '发送人编号 / the sender';

COMMENT ON COLUMN wp.wechat_messages.msg_type IS '消息类型代码（原样） / the vendor''s type code, as sent';

COMMENT ON COLUMN wp.wechat_messages.kind IS '消息种类，如 text、image、transfer / kind of message, e.g. text, image, transfer';

COMMENT ON COLUMN wp.wechat_messages.sent_at IS '发送时间 / when it was sent';

COMMENT ON COLUMN wp.wechat_messages.sent_on IS '发送日期（上海） / the day it was sent (Shanghai)';

COMMENT ON COLUMN wp.wechat_messages.device_msg_id IS '手机上的消息编号 / the message''s id on the phone';

COMMENT ON COLUMN wp.wechat_messages.server_msg_id IS '微信服务器的消息编号 / the message''s id on WeChat''s server';

COMMENT ON COLUMN wp.wechat_messages.sent_by_agent IS '是否由座席发送 / whether the agent sent it';

COMMENT ON COLUMN wp.wechat_messages.body IS '消息内容（原样） / the content exactly as sent';

COMMENT ON COLUMN wp.wechat_messages.plain_text IS '可读文本，用于检索 / what a person would read, made for search';

COMMENT ON COLUMN wp.wechat_messages.payload_ok IS '内容是否解析成功；否则原因见 wpsync.dead_letters / whether the payload could be read; if not, wpsync.dead_letters has the reason';

COMMENT ON COLUMN wp.wechat_messages._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.wechat_messages._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.wechat_messages._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.wechat_messages._gone_at IS '完整读取中不再出现的时间（行保留）；重新出现则清空 / when a complete reading no longer had it (the row is kept); NULL again if it comes back';

COMMENT ON COLUMN wp.wechat_messages._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.agent_call_totals (
	id TEXT COLLATE "C" NOT NULL,
	agent_id TEXT COLLATE "C",
	as_of DATE,
	today INTEGER,
	last_7_days INTEGER,
	last_30_days INTEGER,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_extra JSONB,
	CONSTRAINT agent_call_totals_pkey PRIMARY KEY (_account, id)
);

CREATE INDEX agent_call_totals_agent_id_as_of_idx ON wp.agent_call_totals (agent_id, as_of);

COMMENT ON TABLE wp.agent_call_totals IS '座席通话总数（每座席每读取日一行） / call totals, one row per agent and day they were read on';

COMMENT ON COLUMN wp.agent_call_totals.id IS '座席编号:日期 / agent_id:as_of';

COMMENT ON COLUMN wp.agent_call_totals.agent_id IS '座席编号 / the agent';

COMMENT ON COLUMN wp.agent_call_totals.as_of IS '读取日期（上海） / the day of reading (Shanghai)';

COMMENT ON COLUMN wp.agent_call_totals.today IS '当日通话总数 / calls on that day so far';

COMMENT ON COLUMN wp.agent_call_totals.last_7_days IS '近 7 天通话总数 / calls in the last 7 days';

COMMENT ON COLUMN wp.agent_call_totals.last_30_days IS '近 30 天通话总数 / calls in the last 30 days';

COMMENT ON COLUMN wp.agent_call_totals._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.agent_call_totals._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.agent_call_totals._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.agent_call_totals._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.agent_call_days (
	id TEXT COLLATE "C" NOT NULL,
	agent_id TEXT COLLATE "C",
	day DATE,
	calls_in INTEGER,
	calls_out INTEGER,
	seconds_in INTEGER,
	seconds_out INTEGER,
	connected_in INTEGER,
	connected_out INTEGER,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_extra JSONB,
	CONSTRAINT agent_call_days_pkey PRIMARY KEY (_account, id)
);

CREATE INDEX agent_call_days_agent_id_day_idx ON wp.agent_call_days (agent_id, day);

CREATE INDEX agent_call_days_day_idx ON wp.agent_call_days (day);

COMMENT ON TABLE wp.agent_call_days IS '座席每日通话（厂商统计） / calls by agent and day, as the vendor counts them';

COMMENT ON COLUMN wp.agent_call_days.id IS '座席编号:日期 / agent_id:day';

COMMENT ON COLUMN wp.agent_call_days.agent_id IS '座席编号 / the agent';

COMMENT ON COLUMN wp.agent_call_days.day IS '日期（上海） / the day (Shanghai)';

COMMENT ON COLUMN wp.agent_call_days.calls_in IS '呼入次数 / incoming calls';

COMMENT ON COLUMN wp.agent_call_days.calls_out IS '呼出次数 / outgoing calls';

COMMENT ON COLUMN wp.agent_call_days.seconds_in IS '呼入通话秒数 / seconds of incoming calls';

COMMENT ON COLUMN wp.agent_call_days.seconds_out IS '呼出通话秒数 / seconds of outgoing calls';

COMMENT ON COLUMN wp.agent_call_days.connected_in IS '呼入接通次数；厂商只给当日，其余为空 / answered incoming calls; NULL but for days the vendor told';

COMMENT ON COLUMN wp.agent_call_days.connected_out IS '呼出接通次数；厂商只给当日，其余为空 / answered outgoing calls; NULL but for days the vendor told';

COMMENT ON COLUMN wp.agent_call_days._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.agent_call_days._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.agent_call_days._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.agent_call_days._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.customers (
	id TEXT COLLATE "C" NOT NULL,
	name TEXT,
	phone TEXT COLLATE "C",
	fields JSONB,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_deleted_at TIMESTAMP WITH TIME ZONE,
	_extra JSONB,
	CONSTRAINT customers_pkey PRIMARY KEY (_account, id)
);

CREATE INDEX customers_deleted_idx ON wp.customers (_account) WHERE _deleted_at IS NOT NULL;

CREATE INDEX customers_phone_idx ON wp.customers (phone);

COMMENT ON TABLE wp.customers IS '经本程序写入的客户（接口不提供客户列表） / customers written through this program: the API has no listing of them';

COMMENT ON COLUMN wp.customers.id IS '客户编号 / the customer''s id';

COMMENT ON COLUMN wp.customers.name IS '客户姓名 / the customer''s name';

COMMENT ON COLUMN wp.customers.phone IS '客户手机号 / the customer''s phone';

COMMENT ON COLUMN wp.customers.fields IS '写入的其他字段 / the other fields as written';

COMMENT ON COLUMN wp.customers._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.customers._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.customers._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.customers._deleted_at IS '完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back';

COMMENT ON COLUMN wp.customers._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.message_media (
	message_id TEXT COLLATE "C" NOT NULL,
	media_kind TEXT COLLATE "C",
	thumb_path TEXT,
	media_path TEXT,
	sent_at TIMESTAMP WITH TIME ZONE,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_extra JSONB,
	CONSTRAINT message_media_pkey PRIMARY KEY (_account, message_id)
);

CREATE INDEX message_media_account_sent_at_idx ON wp.message_media (_account, sent_at);

COMMENT ON TABLE wp.message_media IS '图片、语音、视频消息 / image, voice and video messages';

COMMENT ON COLUMN wp.message_media.message_id IS '消息编号 / the message';

COMMENT ON COLUMN wp.message_media.media_kind IS 'image 图片，voice 语音，video 视频 / image, voice or video';

COMMENT ON COLUMN wp.message_media.thumb_path IS '缩略图、语音或视频封面地址 / thumbnail, voice or cover';

COMMENT ON COLUMN wp.message_media.media_path IS '原图或视频地址 / full picture or video';

COMMENT ON COLUMN wp.message_media.sent_at IS '发送时间 / when the message was sent';

COMMENT ON COLUMN wp.message_media._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.message_media._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.message_media._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.message_media._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.message_cards (
	message_id TEXT COLLATE "C" NOT NULL,
	nick TEXT,
	wx_no TEXT COLLATE "C",
	avatar_large_url TEXT,
	avatar_url TEXT,
	sent_at TIMESTAMP WITH TIME ZONE,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_extra JSONB,
	CONSTRAINT message_cards_pkey PRIMARY KEY (_account, message_id)
);

CREATE INDEX message_cards_account_sent_at_idx ON wp.message_cards (_account, sent_at);

CREATE INDEX message_cards_wx_no_idx ON wp.message_cards (wx_no);

COMMENT ON TABLE wp.message_cards IS '名片消息 / name cards shared in chats';

COMMENT ON COLUMN wp.message_cards.message_id IS '消息编号 / the message';

COMMENT ON COLUMN wp.message_cards.nick IS '名片昵称 / the card''s nickname';

COMMENT ON COLUMN wp.message_cards.wx_no IS '名片微信号 / the card''s WeChat number';

COMMENT ON COLUMN wp.message_cards.avatar_large_url IS '大头像地址 / large portrait';

COMMENT ON COLUMN wp.message_cards.avatar_url IS '小头像地址 / small portrait';

COMMENT ON COLUMN wp.message_cards.sent_at IS '发送时间 / when the message was sent';

COMMENT ON COLUMN wp.message_cards._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.message_cards._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.message_cards._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.message_cards._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.message_locations (
	message_id TEXT COLLATE "C" NOT NULL,
	longitude DOUBLE PRECISION,
	latitude DOUBLE PRECISION,
	address TEXT,
	wx_no TEXT COLLATE "C",
	sent_at TIMESTAMP WITH TIME ZONE,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_extra JSONB,
	CONSTRAINT message_locations_pkey PRIMARY KEY (_account, message_id)
);

CREATE INDEX message_locations_account_sent_at_idx ON wp.message_locations (_account, sent_at);

COMMENT ON TABLE wp.message_locations IS '位置消息 / locations shared in chats';

COMMENT ON COLUMN wp.message_locations.message_id IS '消息编号 / the message';

COMMENT ON COLUMN wp.message_locations.longitude IS '经度 / degrees east';

COMMENT ON COLUMN wp.message_locations.latitude IS '纬度 / degrees north';

COMMENT ON COLUMN wp.message_locations.address IS '地址 / address';

COMMENT ON COLUMN wp.message_locations.wx_no IS '微信号 / WeChat number';

COMMENT ON COLUMN wp.message_locations.sent_at IS '发送时间 / when the message was sent';

COMMENT ON COLUMN wp.message_locations._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.message_locations._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.message_locations._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.message_locations._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.message_links (
	message_id TEXT COLLATE "C" NOT NULL,
	title TEXT,
	description TEXT,
	app_type INTEGER,
	link_kind TEXT COLLATE "C",
	show_type INTEGER,
	url TEXT,
	record_item TEXT,
	sent_at TIMESTAMP WITH TIME ZONE,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_extra JSONB,
	CONSTRAINT message_links_pkey PRIMARY KEY (_account, message_id)
);

CREATE INDEX message_links_account_sent_at_idx ON wp.message_links (_account, sent_at);

COMMENT ON TABLE wp.message_links IS '链接、文件、小程序、聊天记录等消息 / links, files, mini programs, chat records and the like';

COMMENT ON COLUMN wp.message_links.message_id IS '消息编号 / the message';

COMMENT ON COLUMN wp.message_links.title IS '标题 / title';

COMMENT ON COLUMN wp.message_links.description IS '描述 / description';

COMMENT ON COLUMN wp.message_links.app_type IS '内部类型（原样） / WeChat''s inner type, as sent';

COMMENT ON COLUMN wp.message_links.link_kind IS '种类：link、file、chat_record、mini_program、quote、announcement、channels_video、other / link, file, chat_record, mini_program, quote, announcement, channels_video or other';

COMMENT ON COLUMN wp.message_links.show_type IS '显示类型 / how it is shown';

COMMENT ON COLUMN wp.message_links.url IS '链接地址 / address';

COMMENT ON COLUMN wp.message_links.record_item IS '聊天记录详情 / the chat record''s content';

COMMENT ON COLUMN wp.message_links.sent_at IS '发送时间 / when the message was sent';

COMMENT ON COLUMN wp.message_links._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.message_links._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.message_links._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.message_links._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.message_notices (
	message_id TEXT COLLATE "C" NOT NULL,
	content TEXT,
	notice_type INTEGER,
	notice_kind TEXT COLLATE "C",
	pay_id TEXT COLLATE "C",
	original_is_send TEXT COLLATE "C",
	sent_at TIMESTAMP WITH TIME ZONE,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_extra JSONB,
	CONSTRAINT message_notices_pkey PRIMARY KEY (_account, message_id)
);

CREATE INDEX message_notices_account_sent_at_idx ON wp.message_notices (_account, sent_at);

CREATE INDEX message_notices_pay_id_idx ON wp.message_notices (pay_id);

COMMENT ON TABLE wp.message_notices IS '系统消息 / system notices';

COMMENT ON COLUMN wp.message_notices.message_id IS '消息编号 / the message';

COMMENT ON COLUMN wp.message_notices.content IS '内容 / what it says';

COMMENT ON COLUMN wp.message_notices.notice_type IS '类型（原样）：1 红包，2 普通，3 未知 / type as sent: 1 red packet, 2 ordinary, 3 unknown';

COMMENT ON COLUMN wp.message_notices.notice_kind IS 'red_packet 红包，ordinary 普通，unknown 未知 / red_packet, ordinary or unknown';

COMMENT ON COLUMN wp.message_notices.pay_id IS '微信支付编号（红包） / WeChat Pay''s id (red packets)';

COMMENT ON COLUMN wp.message_notices.original_is_send IS '原消息的发送方向（红包） / direction of the original message (red packets)';

COMMENT ON COLUMN wp.message_notices.sent_at IS '发送时间 / when the message was sent';

COMMENT ON COLUMN wp.message_notices._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.message_notices._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.message_notices._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.message_notices._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.message_recalls (
	message_id TEXT COLLATE "C" NOT NULL,
	notice TEXT,
	recalled_at TIMESTAMP WITH TIME ZONE,
	previous_content TEXT,
	link_text TEXT,
	sent_at TIMESTAMP WITH TIME ZONE,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_extra JSONB,
	CONSTRAINT message_recalls_pkey PRIMARY KEY (_account, message_id)
);

CREATE INDEX message_recalls_account_sent_at_idx ON wp.message_recalls (_account, sent_at);

COMMENT ON TABLE wp.message_recalls IS '撤回的消息 / recalled messages';

COMMENT ON COLUMN wp.message_recalls.message_id IS '消息编号 / the message';

COMMENT ON COLUMN wp.message_recalls.notice IS '撤回提示 / the notice';

COMMENT ON COLUMN wp.message_recalls.recalled_at IS '被撤回消息的时间 / time of the recalled message';

COMMENT ON COLUMN wp.message_recalls.previous_content IS '被撤回的内容 / what had been written';

COMMENT ON COLUMN wp.message_recalls.link_text IS '链接文字，如 重新编辑 / the link''s text';

COMMENT ON COLUMN wp.message_recalls.sent_at IS '发送时间 / when the message was sent';

COMMENT ON COLUMN wp.message_recalls._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.message_recalls._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.message_recalls._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.message_recalls._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.message_room_events (
	message_id TEXT COLLATE "C" NOT NULL,
	content TEXT,
	event TEXT COLLATE "C",
	actor_nick TEXT,
	subject TEXT,
	sent_at TIMESTAMP WITH TIME ZONE,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_extra JSONB,
	CONSTRAINT message_room_events_pkey PRIMARY KEY (_account, message_id)
);

CREATE INDEX message_room_events_account_sent_at_idx ON wp.message_room_events (_account, sent_at);

COMMENT ON TABLE wp.message_room_events IS '群系统消息 / what happened in a room';

COMMENT ON COLUMN wp.message_room_events.message_id IS '消息编号 / the message';

COMMENT ON COLUMN wp.message_room_events.content IS '内容 / what it says';

COMMENT ON COLUMN wp.message_room_events.event IS 'invited 邀请入群，renamed 修改群名，other 其他 / invited, renamed or other';

COMMENT ON COLUMN wp.message_room_events.actor_nick IS '操作人昵称 / who did it';

COMMENT ON COLUMN wp.message_room_events.subject IS '被邀请人或新群名 / who was invited, or the new name';

COMMENT ON COLUMN wp.message_room_events.sent_at IS '发送时间 / when the message was sent';

COMMENT ON COLUMN wp.message_room_events._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.message_room_events._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.message_room_events._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.message_room_events._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.message_red_packets (
	message_id TEXT COLLATE "C" NOT NULL,
	title TEXT,
	description TEXT,
	app_type INTEGER,
	url TEXT,
	thumb_url TEXT,
	scene_id INTEGER,
	scene_text TEXT,
	template_id TEXT COLLATE "C",
	icon_url TEXT,
	receiver_title TEXT,
	sender_title TEXT,
	sender_description TEXT,
	receiver_description TEXT,
	native_url TEXT,
	inner_type INTEGER,
	pay_msg_id TEXT COLLATE "C",
	expires_at TIMESTAMP WITH TIME ZONE,
	claim_status INTEGER,
	claimed BOOLEAN,
	sent_at TIMESTAMP WITH TIME ZONE,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_extra JSONB,
	CONSTRAINT message_red_packets_pkey PRIMARY KEY (_account, message_id)
);

CREATE INDEX message_red_packets_account_sent_at_idx ON wp.message_red_packets (_account, sent_at);

CREATE INDEX message_red_packets_pay_msg_id_idx ON wp.message_red_packets (pay_msg_id);

COMMENT ON TABLE wp.message_red_packets IS '红包消息 / red packets';

COMMENT ON COLUMN wp.message_red_packets.message_id IS '消息编号 / the message';

COMMENT ON COLUMN wp.message_red_packets.title IS '标题 / title';

COMMENT ON COLUMN wp.message_red_packets.description IS '描述 / description';

COMMENT ON COLUMN wp.message_red_packets.app_type IS '消息内部类型 / WeChat''s inner type';

COMMENT ON COLUMN wp.message_red_packets.url IS '链接地址 / address';

COMMENT ON COLUMN wp.message_red_packets.thumb_url IS '缩略图地址 / thumbnail';

COMMENT ON COLUMN wp.message_red_packets.scene_id IS '场景：1002 红包，1001 群收款 / 1002 red packet, 1001 group collection';

COMMENT ON COLUMN wp.message_red_packets.scene_text IS '场景描述 / the scene in words';

COMMENT ON COLUMN wp.message_red_packets.template_id IS '模板编号 / template';

COMMENT ON COLUMN wp.message_red_packets.icon_url IS '图标地址 / icon';

COMMENT ON COLUMN wp.message_red_packets.receiver_title IS '收款方看到的标题 / title as the receiver sees it';

COMMENT ON COLUMN wp.message_red_packets.sender_title IS '付款方看到的标题 / title as the sender sees it';

COMMENT ON COLUMN wp.message_red_packets.sender_description IS '付款方看到的描述 / description as the sender sees it';

COMMENT ON COLUMN wp.message_red_packets.receiver_description IS '收款方看到的描述 / description as the receiver sees it';

COMMENT ON COLUMN wp.message_red_packets.native_url IS '微信内部地址 / address inside WeChat';

COMMENT ON COLUMN wp.message_red_packets.inner_type IS '显示样式 / display style';

COMMENT ON COLUMN wp.message_red_packets.pay_msg_id IS '微信支付交易编号 / WeChat Pay''s id';

COMMENT ON COLUMN wp.message_red_packets.expires_at IS '失效时间 / when it expires';

COMMENT ON COLUMN wp.message_red_packets.claim_status IS '领取状态（原样）：0 未领取，1 已领取 / claim status as sent: 0 no, 1 yes';

COMMENT ON COLUMN wp.message_red_packets.claimed IS '是否已领取 / whether it was claimed';

COMMENT ON COLUMN wp.message_red_packets.sent_at IS '发送时间 / when the message was sent';

COMMENT ON COLUMN wp.message_red_packets._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.message_red_packets._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.message_red_packets._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.message_red_packets._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.message_group_collections (
	message_id TEXT COLLATE "C" NOT NULL,
	title TEXT,
	description TEXT,
	app_type INTEGER,
	url TEXT,
	thumb_url TEXT,
	scene_id INTEGER,
	scene_text TEXT,
	template_id TEXT COLLATE "C",
	icon_url TEXT,
	receiver_title TEXT,
	sender_title TEXT,
	sender_description TEXT,
	receiver_description TEXT,
	native_url TEXT,
	inner_type INTEGER,
	pay_msg_id TEXT COLLATE "C",
	expires_at TIMESTAMP WITH TIME ZONE,
	claim_status INTEGER,
	claimed BOOLEAN,
	bill_no TEXT COLLATE "C",
	collection_type INTEGER,
	initiator_wx_no TEXT COLLATE "C",
	collection_status INTEGER,
	payer_count INTEGER,
	paid_count INTEGER,
	sent_at TIMESTAMP WITH TIME ZONE,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_extra JSONB,
	CONSTRAINT message_group_collections_pkey PRIMARY KEY (_account, message_id)
);

CREATE INDEX message_group_collections_account_sent_at_idx ON wp.message_group_collections (_account, sent_at);

CREATE INDEX message_group_collections_bill_no_idx ON wp.message_group_collections (bill_no);

COMMENT ON TABLE wp.message_group_collections IS '群收款消息 / group collections';

COMMENT ON COLUMN wp.message_group_collections.message_id IS '消息编号 / the message';

COMMENT ON COLUMN wp.message_group_collections.title IS '标题 / title';

COMMENT ON COLUMN wp.message_group_collections.description IS '描述 / description';

COMMENT ON COLUMN wp.message_group_collections.app_type IS '消息内部类型 / WeChat''s inner type';

COMMENT ON COLUMN wp.message_group_collections.url IS '链接地址 / address';

COMMENT ON COLUMN wp.message_group_collections.thumb_url IS '缩略图地址 / thumbnail';

COMMENT ON COLUMN wp.message_group_collections.scene_id IS '场景：1002 红包，1001 群收款 / 1002 red packet, 1001 group collection';

COMMENT ON COLUMN wp.message_group_collections.scene_text IS '场景描述 / the scene in words';

COMMENT ON COLUMN wp.message_group_collections.template_id IS '模板编号 / template';

COMMENT ON COLUMN wp.message_group_collections.icon_url IS '图标地址 / icon';

COMMENT ON COLUMN wp.message_group_collections.receiver_title IS '收款方看到的标题 / title as the receiver sees it';

COMMENT ON COLUMN wp.message_group_collections.sender_title IS '付款方看到的标题 / title as the sender sees it';

COMMENT ON COLUMN wp.message_group_collections.sender_description IS '付款方看到的描述 / description as the sender sees it';

COMMENT ON COLUMN wp.message_group_collections.receiver_description IS '收款方看到的描述 / description as the receiver sees it';

COMMENT ON COLUMN wp.message_group_collections.native_url IS '微信内部地址 / address inside WeChat';

COMMENT ON COLUMN wp.message_group_collections.inner_type IS '显示样式 / display style';

COMMENT ON COLUMN wp.message_group_collections.pay_msg_id IS '微信支付交易编号 / WeChat Pay''s id';

COMMENT ON COLUMN wp.message_group_collections.expires_at IS '失效时间 / when it expires';

COMMENT ON COLUMN wp.message_group_collections.claim_status IS '领取状态（原样）：0 未领取，1 已领取 / claim status as sent: 0 no, 1 yes';

COMMENT ON COLUMN wp.message_group_collections.claimed IS '是否已领取 / whether it was claimed';

COMMENT ON COLUMN wp.message_group_collections.bill_no IS '账单编号 / bill number';

COMMENT ON COLUMN wp.message_group_collections.collection_type IS '群收款类型 / kind of collection';

COMMENT ON COLUMN wp.message_group_collections.initiator_wx_no IS '发起人微信号 / who asked for the money';

COMMENT ON COLUMN wp.message_group_collections.collection_status IS '收款状态：3 已收齐，2 有人支付，1 无人支付 / 3 all paid, 2 some paid, 1 nobody paid';

COMMENT ON COLUMN wp.message_group_collections.payer_count IS '参与人数 / how many take part';

COMMENT ON COLUMN wp.message_group_collections.paid_count IS '已支付人数 / how many have paid';

COMMENT ON COLUMN wp.message_group_collections.sent_at IS '发送时间 / when the message was sent';

COMMENT ON COLUMN wp.message_group_collections._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.message_group_collections._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.message_group_collections._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.message_group_collections._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.message_group_collection_reminders (
	message_id TEXT COLLATE "C" NOT NULL,
	content TEXT,
	pay_id TEXT COLLATE "C",
	sent_at TIMESTAMP WITH TIME ZONE,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_extra JSONB,
	CONSTRAINT message_group_collection_reminders_pkey PRIMARY KEY (_account, message_id)
);

CREATE INDEX message_group_collection_reminders_account_sent_at_idx ON wp.message_group_collection_reminders (_account, sent_at);

CREATE INDEX message_group_collection_reminders_pay_id_idx ON wp.message_group_collection_reminders (pay_id);

COMMENT ON TABLE wp.message_group_collection_reminders IS '群收款提醒 / reminders of group collections';

COMMENT ON COLUMN wp.message_group_collection_reminders.message_id IS '消息编号 / the message';

COMMENT ON COLUMN wp.message_group_collection_reminders.content IS '内容 / what it says';

COMMENT ON COLUMN wp.message_group_collection_reminders.pay_id IS '收款支付编号 / the collection''s id';

COMMENT ON COLUMN wp.message_group_collection_reminders.sent_at IS '发送时间 / when the message was sent';

COMMENT ON COLUMN wp.message_group_collection_reminders._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.message_group_collection_reminders._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.message_group_collection_reminders._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.message_group_collection_reminders._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.message_transfers (
	message_id TEXT COLLATE "C" NOT NULL,
	title TEXT,
	description TEXT,
	amount NUMERIC(14, 2),
	currency TEXT COLLATE "C",
	fee_description TEXT,
	transfer_type INTEGER,
	transfer_kind TEXT COLLATE "C",
	claim_status INTEGER,
	claim_kind TEXT COLLATE "C",
	transaction_id TEXT COLLATE "C",
	transfer_id TEXT COLLATE "C",
	memo TEXT,
	began_at TIMESTAMP WITH TIME ZONE,
	expires_at TIMESTAMP WITH TIME ZONE,
	effective_days INTEGER,
	pay_msg_id TEXT COLLATE "C",
	url TEXT,
	sent_at TIMESTAMP WITH TIME ZONE,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_extra JSONB,
	CONSTRAINT message_transfers_pkey PRIMARY KEY (_account, message_id)
);

CREATE INDEX message_transfers_account_sent_at_idx ON wp.message_transfers (_account, sent_at);

CREATE INDEX message_transfers_transfer_id_idx ON wp.message_transfers (transfer_id);

COMMENT ON TABLE wp.message_transfers IS '转账消息（转账与回执以 transfer_id 相连） / transfers; a transfer and its receipts share transfer_id';

COMMENT ON COLUMN wp.message_transfers.message_id IS '消息编号 / the message';

COMMENT ON COLUMN wp.message_transfers.title IS '标题 / title';

COMMENT ON COLUMN wp.message_transfers.description IS '描述 / description';

COMMENT ON COLUMN wp.message_transfers.amount IS '金额（元） / amount in yuan';

COMMENT ON COLUMN wp.message_transfers.currency IS '币种：CNY / currency: CNY';

COMMENT ON COLUMN wp.message_transfers.fee_description IS '金额文字（原样） / the amount as shown';

COMMENT ON COLUMN wp.message_transfers.transfer_type IS '转账类型（原样） / type as sent';

COMMENT ON COLUMN wp.message_transfers.transfer_kind IS 'instant 实时转账，instant_receipt 实时收钱回执，refund_receipt 退还回执，delayed_receipt 非实时收钱回执，delayed 非实时转账 / instant, instant_receipt, refund_receipt, delayed_receipt or delayed';

COMMENT ON COLUMN wp.message_transfers.claim_status IS '领取状态（原样） / claim status as sent';

COMMENT ON COLUMN wp.message_transfers.claim_kind IS 'unclaimed 未领取，claimed 已被领取，received 已领取，refunded 已退还，claimed_pending 已领取待到账 / unclaimed, claimed, received, refunded or claimed_pending';

COMMENT ON COLUMN wp.message_transfers.transaction_id IS '支付交易编号 / payment number';

COMMENT ON COLUMN wp.message_transfers.transfer_id IS '转账编号；转账与回执相同 / transfer number, the same on its receipts';

COMMENT ON COLUMN wp.message_transfers.memo IS '转账附言 / the payer''s note';

COMMENT ON COLUMN wp.message_transfers.began_at IS '开始时间 / when it began';

COMMENT ON COLUMN wp.message_transfers.expires_at IS '失效时间 / when it expires';

COMMENT ON COLUMN wp.message_transfers.effective_days IS '有效天数 / days it stays valid';

COMMENT ON COLUMN wp.message_transfers.pay_msg_id IS '微信支付消息编号 / WeChat Pay''s id';

COMMENT ON COLUMN wp.message_transfers.url IS '链接地址 / address';

COMMENT ON COLUMN wp.message_transfers.sent_at IS '发送时间 / when the message was sent';

COMMENT ON COLUMN wp.message_transfers._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.message_transfers._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.message_transfers._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.message_transfers._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.message_group_collection_payers (
	message_id TEXT COLLATE "C" NOT NULL,
	payer_wx_no TEXT COLLATE "C" NOT NULL,
	amount_fen BIGINT,
	amount NUMERIC(14, 2),
	paid BOOLEAN,
	payment_status INTEGER,
	sent_at TIMESTAMP WITH TIME ZONE,
	_account TEXT COLLATE "C" NOT NULL,
	_first_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	_extra JSONB,
	CONSTRAINT message_group_collection_payers_pkey PRIMARY KEY (_account, message_id, payer_wx_no)
);

CREATE INDEX message_group_collection_payers_payer_wx_no_idx ON wp.message_group_collection_payers (payer_wx_no);

COMMENT ON TABLE wp.message_group_collection_payers IS '群收款的付款人 / who is asked to pay in a group collection';

COMMENT ON COLUMN wp.message_group_collection_payers.message_id IS '消息编号 / the message';

COMMENT ON COLUMN wp.message_group_collection_payers.payer_wx_no IS '付款人微信号 / the payer''s WeChat number';

COMMENT ON COLUMN wp.message_group_collection_payers.amount_fen IS '应付金额（分） / amount in fen';

COMMENT ON COLUMN wp.message_group_collection_payers.amount IS '应付金额（元） / amount in yuan';

COMMENT ON COLUMN wp.message_group_collection_payers.paid IS '是否已付；状态未知时为空 / whether it was paid; NULL where the status is unknown';

COMMENT ON COLUMN wp.message_group_collection_payers.payment_status IS '支付状态（原样）：1 未支付，2 已支付 / status as sent: 1 unpaid, 2 paid';

COMMENT ON COLUMN wp.message_group_collection_payers.sent_at IS '发送时间 / when the message was sent';

COMMENT ON COLUMN wp.message_group_collection_payers._account IS '来源账号 / the configured account the row came from';

COMMENT ON COLUMN wp.message_group_collection_payers._first_synced_at IS '首次写入时间 / when the row was first written';

COMMENT ON COLUMN wp.message_group_collection_payers._synced_at IS '内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)';

COMMENT ON COLUMN wp.message_group_collection_payers._extra IS '厂商发送而本表未列出的字段 / what the vendor sent that has no column here';

CREATE TABLE wp.history (
	resource TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
	valid_to TIMESTAMP WITH TIME ZONE NOT NULL,
	row JSONB NOT NULL,
	_account TEXT COLLATE "C" NOT NULL,
	CONSTRAINT history_pkey PRIMARY KEY (_account, resource, id, valid_from)
);

CREATE INDEX history_account_valid_to_idx ON wp.history (_account, valid_to);

COMMENT ON TABLE wp.history IS '列表类数据被替换或删除的历史版本 / versions of listing rows that were replaced or deleted';

COMMENT ON COLUMN wp.history.resource IS '数据表名 / the table''s name';

COMMENT ON COLUMN wp.history.id IS '行的主键 / the row''s id';

COMMENT ON COLUMN wp.history.valid_from IS '该版本开始时间 / when this version began';

COMMENT ON COLUMN wp.history.valid_to IS '被替换或删除的时间 / when it was replaced or deleted';

COMMENT ON COLUMN wp.history.row IS '该版本的整行内容 / the whole row as it was';

COMMENT ON COLUMN wp.history._account IS '来源账号 / the configured account the row came from';

CREATE TABLE wpsync.runs (
	id BIGINT GENERATED ALWAYS AS IDENTITY,
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	started_at TIMESTAMP WITH TIME ZONE NOT NULL,
	finished_at TIMESTAMP WITH TIME ZONE,
	outcome TEXT COLLATE "C" NOT NULL,
	requests INTEGER DEFAULT 0 NOT NULL,
	rows_read BIGINT DEFAULT 0 NOT NULL,
	rows_inserted BIGINT DEFAULT 0 NOT NULL,
	rows_updated BIGINT DEFAULT 0 NOT NULL,
	dead_letters INTEGER DEFAULT 0 NOT NULL,
	idle_runs INTEGER DEFAULT 0 NOT NULL,
	error_code TEXT COLLATE "C",
	error_params JSONB,
	error_words TEXT,
	CONSTRAINT runs_pkey PRIMARY KEY (id)
);

CREATE INDEX runs_account_resource_started_at_idx ON wpsync.runs (account, resource, started_at);

CREATE INDEX runs_started_at_idx ON wpsync.runs (started_at);

COMMENT ON TABLE wpsync.runs IS '每次运行 / runs: one execution for one resource';

COMMENT ON COLUMN wpsync.runs.id IS '运行编号 / run';

COMMENT ON COLUMN wpsync.runs.account IS '账号 / account';

COMMENT ON COLUMN wpsync.runs.resource IS '资源 / resource';

COMMENT ON COLUMN wpsync.runs.kind IS 'sync 增量，backfill 回填 / sync or backfill';

COMMENT ON COLUMN wpsync.runs.started_at IS '开始时间 / when it began';

COMMENT ON COLUMN wpsync.runs.finished_at IS '结束时间 / when it ended';

COMMENT ON COLUMN wpsync.runs.outcome IS '结果：running、done、incomplete、failed、interrupted / running, done, incomplete, failed or interrupted';

COMMENT ON COLUMN wpsync.runs.requests IS '请求次数 / requests made';

COMMENT ON COLUMN wpsync.runs.rows_read IS '读到的行数 / rows read';

COMMENT ON COLUMN wpsync.runs.rows_inserted IS '新增行数 / rows inserted';

COMMENT ON COLUMN wpsync.runs.rows_updated IS '更新行数 / rows updated';

COMMENT ON COLUMN wpsync.runs.dead_letters IS '未能接收的行数 / rows that could not be taken';

COMMENT ON COLUMN wpsync.runs.idle_runs IS '此行代表连续多少次无事可记的定时运行（显示最近一次）；0 表示单独的一次运行 / how many ticks that did nothing this row stands for, showing the newest; 0: a run of its own';

COMMENT ON COLUMN wpsync.runs.error_code IS '错误代码 / the error''s code';

COMMENT ON COLUMN wpsync.runs.error_params IS '错误参数 / the error''s parameters';

COMMENT ON COLUMN wpsync.runs.error_words IS '数据库或系统的原文（不含行内容） / the words of the database or the system, without values of rows';

CREATE TABLE wpsync.requests (
	account TEXT COLLATE "C" NOT NULL,
	hour TIMESTAMP WITH TIME ZONE NOT NULL,
	requests BIGINT NOT NULL,
	CONSTRAINT requests_pkey PRIMARY KEY (account, hour)
);

COMMENT ON TABLE wpsync.requests IS '每小时的请求次数 / requests to the vendor by hour';

COMMENT ON COLUMN wpsync.requests.account IS '账号 / account';

COMMENT ON COLUMN wpsync.requests.hour IS '小时（起） / the hour, by its beginning';

COMMENT ON COLUMN wpsync.requests.requests IS '请求次数 / requests of the runs that began in it';

CREATE TABLE wpsync.windows (
	id BIGINT GENERATED ALWAYS AS IDENTITY,
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	vendor_count BIGINT,
	rows_seen BIGINT NOT NULL,
	rows_held BIGINT NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	reason TEXT COLLATE "C",
	attempts INTEGER DEFAULT 1 NOT NULL,
	read_at TIMESTAMP WITH TIME ZONE NOT NULL,
	checked_at TIMESTAMP WITH TIME ZONE NOT NULL,
	retry_at TIMESTAMP WITH TIME ZONE,
	run_id BIGINT,
	disputed_at TIMESTAMP WITH TIME ZONE,
	due_at TIMESTAMP WITH TIME ZONE,
	digest NUMERIC(20, 0),
	CONSTRAINT windows_pkey PRIMARY KEY (id),
	CONSTRAINT windows_starts_at_key UNIQUE (account, resource, starts_at),
	CONSTRAINT windows_span_check CHECK (starts_at < ends_at),
	CONSTRAINT windows_digest_check CHECK (digest >= 0 and digest < 18446744073709551616)
);

CREATE INDEX windows_disputed_idx ON wpsync.windows (account, resource, disputed_at) WHERE disputed_at IS NOT NULL;

CREATE INDEX windows_due_at_idx ON wpsync.windows (due_at) WHERE due_at IS NOT NULL;

CREATE INDEX windows_ends_at_idx ON wpsync.windows (account, resource, ends_at);

CREATE INDEX windows_incomplete_idx ON wpsync.windows (account, resource, starts_at) WHERE state = 'incomplete';

COMMENT ON TABLE wpsync.windows IS '账本：每段厂商时间与厂商总数的对账 / the ledger: every stretch of vendor time read, against the vendor''s count';

COMMENT ON COLUMN wpsync.windows.id IS '窗口编号 / window';

COMMENT ON COLUMN wpsync.windows.account IS '账号 / account';

COMMENT ON COLUMN wpsync.windows.resource IS '资源 / resource';

COMMENT ON COLUMN wpsync.windows.starts_at IS '起（含） / start, inclusive';

COMMENT ON COLUMN wpsync.windows.ends_at IS '止（不含） / end, exclusive';

COMMENT ON COLUMN wpsync.windows.vendor_count IS '厂商给出的总数 / the vendor''s count of rows';

COMMENT ON COLUMN wpsync.windows.rows_seen IS '读到的不同行数 / distinct rows read';

COMMENT ON COLUMN wpsync.windows.rows_held IS '入账时库中的行数 / rows that the table held when it was entered';

COMMENT ON COLUMN wpsync.windows.state IS 'complete 完整，incomplete 不完整 / complete or incomplete';

COMMENT ON COLUMN wpsync.windows.reason IS '不完整的原因 / why it is incomplete';

COMMENT ON COLUMN wpsync.windows.attempts IS '读取次数 / how often it was read';

COMMENT ON COLUMN wpsync.windows.read_at IS '最近读取时间 / when it was read last';

COMMENT ON COLUMN wpsync.windows.checked_at IS '最近一次与厂商总数核对一致的时间 / when the vendor''s count was last seen to agree';

COMMENT ON COLUMN wpsync.windows.retry_at IS '下次重读时间 / when an incomplete window is due again';

COMMENT ON COLUMN wpsync.windows.run_id IS '最近读取的运行 / the run that read it last';

COMMENT ON COLUMN wpsync.windows.disputed_at IS '最近一次对账发现差异且未修复的时间 / when verify last found differences there that are left';

COMMENT ON COLUMN wpsync.windows.due_at IS '下次需要处理的时间（核对、重读或复查） / when something is due there: a probe, a retry or a follow-up';

COMMENT ON COLUMN wpsync.windows.digest IS '厂商在此列出的全部编号的摘要之和（模 2^64） / the digests of every id that the vendor lists there, added modulo 2^64';

CREATE TABLE wpsync.totals (
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	vendor_count BIGINT NOT NULL,
	rows_held BIGINT NOT NULL,
	gaps BIGINT NOT NULL,
	CONSTRAINT totals_pkey PRIMARY KEY (account, resource)
);

COMMENT ON TABLE wpsync.totals IS '账本合计：随账本在同一事务中更新 / the ledger added up, kept in the transactions that change the ledger';

COMMENT ON COLUMN wpsync.totals.account IS '账号 / account';

COMMENT ON COLUMN wpsync.totals.resource IS '资源 / resource';

COMMENT ON COLUMN wpsync.totals.vendor_count IS '厂商总数之和 / the vendor''s counts, added up';

COMMENT ON COLUMN wpsync.totals.rows_held IS '库中行数之和 / the rows held, added up';

COMMENT ON COLUMN wpsync.totals.gaps IS '已读时间段之间的空缺数 / stretches between the windows that were not read';

CREATE TABLE wpsync.follow_ups (
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	reason TEXT COLLATE "C" NOT NULL,
	due_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT follow_ups_pkey PRIMARY KEY (account, resource, id)
);

CREATE INDEX follow_ups_at_idx ON wpsync.follow_ups (account, resource, at);

CREATE INDEX follow_ups_due_at_idx ON wpsync.follow_ups (account, resource, due_at);

COMMENT ON TABLE wpsync.follow_ups IS '待复查：内容仍会变化的行 / follow-ups: rows whose content is still to change';

COMMENT ON COLUMN wpsync.follow_ups.account IS '账号 / account';

COMMENT ON COLUMN wpsync.follow_ups.resource IS '资源 / resource';

COMMENT ON COLUMN wpsync.follow_ups.id IS '行的主键 / the row''s id';

COMMENT ON COLUMN wpsync.follow_ups.at IS '该行的时间 / the row''s own time';

COMMENT ON COLUMN wpsync.follow_ups.reason IS '等待的变化：recording、transfer、red_packet、group_collection / what is awaited: recording, transfer, red_packet or group_collection';

COMMENT ON COLUMN wpsync.follow_ups.due_at IS '下次复查时间；空表示已到期限仍未了结 / when it is read again; NULL: still open at the horizon';

CREATE TABLE wpsync.budget (
	account TEXT COLLATE "C" NOT NULL,
	endpoint TEXT COLLATE "C" NOT NULL,
	book JSONB NOT NULL,
	CONSTRAINT budget_pkey PRIMARY KEY (account, endpoint)
);

COMMENT ON TABLE wpsync.budget IS '请求预算（各进程共用） / the request budget, shared by all processes of an account';

COMMENT ON COLUMN wpsync.budget.account IS '账号 / account';

COMMENT ON COLUMN wpsync.budget.endpoint IS '接口 / the vendor''s endpoint';

COMMENT ON COLUMN wpsync.budget.book IS '近一分钟的请求、当前速率与等待者 / the requests of the last minute, the present rate, and who waits';

CREATE TABLE wpsync.drift (
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	what TEXT COLLATE "C" NOT NULL,
	name TEXT NOT NULL,
	seen BIGINT NOT NULL,
	first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
	last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT drift_pkey PRIMARY KEY (account, resource, what, name)
);

COMMENT ON TABLE wpsync.drift IS '厂商数据结构的变化 / schema drift: what the vendor sends and no declaration knows';

COMMENT ON COLUMN wpsync.drift.account IS '账号 / account';

COMMENT ON COLUMN wpsync.drift.resource IS '资源 / resource';

COMMENT ON COLUMN wpsync.drift.what IS 'field 未知字段，type 字段类型变化，kind 未知消息类型 / field, type, or kind of message';

COMMENT ON COLUMN wpsync.drift.name IS '名称 / its name';

COMMENT ON COLUMN wpsync.drift.seen IS '出现次数 / how often it was seen';

COMMENT ON COLUMN wpsync.drift.first_seen_at IS '首次出现时间 / when it was first seen';

COMMENT ON COLUMN wpsync.drift.last_seen_at IS '最近出现时间 / when it was last seen';

CREATE TABLE wpsync.listings (
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	parent_id TEXT COLLATE "C" NOT NULL,
	vendor_count BIGINT,
	rows_seen BIGINT NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	reason TEXT COLLATE "C",
	fingerprint TEXT COLLATE "C",
	read_at TIMESTAMP WITH TIME ZONE NOT NULL,
	complete_at TIMESTAMP WITH TIME ZONE,
	run_id BIGINT,
	empty_readings INTEGER DEFAULT 0 NOT NULL,
	empty_at TIMESTAMP WITH TIME ZONE,
	digest NUMERIC(20, 0),
	CONSTRAINT listings_pkey PRIMARY KEY (account, resource, parent_id)
);

CREATE INDEX listings_incomplete_idx ON wpsync.listings (account, resource, parent_id) WHERE state = 'incomplete';

COMMENT ON TABLE wpsync.listings IS '列表类资源的读取账本 / the ledger of listings: resources that are read whole';

COMMENT ON COLUMN wpsync.listings.account IS '账号 / account';

COMMENT ON COLUMN wpsync.listings.resource IS '资源 / resource';

COMMENT ON COLUMN wpsync.listings.parent_id IS '上级编号（如群编号）；没有则为空串 / the parent''s id (a room''s), or empty';

COMMENT ON COLUMN wpsync.listings.vendor_count IS '厂商给出的总数 / the vendor''s count of rows';

COMMENT ON COLUMN wpsync.listings.rows_seen IS '读到的不同行数 / distinct rows read';

COMMENT ON COLUMN wpsync.listings.state IS 'complete 完整，incomplete 不完整 / complete or incomplete';

COMMENT ON COLUMN wpsync.listings.reason IS '不完整的原因 / why it is incomplete';

COMMENT ON COLUMN wpsync.listings.fingerprint IS '上级内容指纹，变化才重读 / the parent''s content when it was read';

COMMENT ON COLUMN wpsync.listings.read_at IS '最近读取时间 / when it was read last';

COMMENT ON COLUMN wpsync.listings.complete_at IS '最近一次完整读取的时间 / when it was last read completely';

COMMENT ON COLUMN wpsync.listings.run_id IS '最近读取的运行 / the run that read it last';

COMMENT ON COLUMN wpsync.listings.empty_readings IS '连续几次返回为空而库中仍有数据 / how many readings in a row were empty although rows are held';

COMMENT ON COLUMN wpsync.listings.empty_at IS '其中最近计入的一次的时间 / when the last of these was that counts';

COMMENT ON COLUMN wpsync.listings.digest IS '读取后库中各行内容的摘要之和（模 2^64） / the digests of the rows as the reading left them, added modulo 2^64';

CREATE TABLE wpsync.ledgers (
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	CONSTRAINT ledgers_pkey PRIMARY KEY (account, resource)
);

COMMENT ON TABLE wpsync.ledgers IS '每个资源的台账锁：修改台账的事务锁住该行 / one row per ledger, locked by the transaction that changes it';

COMMENT ON COLUMN wpsync.ledgers.account IS '账号 / account';

COMMENT ON COLUMN wpsync.ledgers.resource IS '资源 / resource';

CREATE TABLE wpsync.watermarks (
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT watermarks_pkey PRIMARY KEY (account, resource)
);

COMMENT ON TABLE wpsync.watermarks IS '增量水位 / how far the incremental sync has come';

COMMENT ON COLUMN wpsync.watermarks.account IS '账号 / account';

COMMENT ON COLUMN wpsync.watermarks.resource IS '资源 / resource';

COMMENT ON COLUMN wpsync.watermarks.at IS '此前的数据都已读取过 / everything before it has been read at least once';

COMMENT ON COLUMN wpsync.watermarks.updated_at IS '更新时间 / when it moved last';

CREATE TABLE wpsync.plan (
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	vendor_count BIGINT NOT NULL,
	probed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT plan_pkey PRIMARY KEY (account, resource, starts_at, ends_at)
);

COMMENT ON TABLE wpsync.plan IS '回填计划：各时间段的预计行数 / the backfill''s plan: how many rows each stretch holds';

COMMENT ON COLUMN wpsync.plan.account IS '账号 / account';

COMMENT ON COLUMN wpsync.plan.resource IS '资源 / resource';

COMMENT ON COLUMN wpsync.plan.starts_at IS '起（含） / start, inclusive';

COMMENT ON COLUMN wpsync.plan.ends_at IS '止（不含） / end, exclusive';

COMMENT ON COLUMN wpsync.plan.vendor_count IS '厂商给出的总数 / the vendor''s count of rows';

COMMENT ON COLUMN wpsync.plan.probed_at IS '探测时间 / when it was asked';

CREATE TABLE wpsync.tokens (
	account TEXT COLLATE "C" NOT NULL,
	access_token TEXT NOT NULL,
	refresh_token TEXT NOT NULL,
	encrypted BOOLEAN NOT NULL,
	issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
	renewed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	access_expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	refresh_expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	credentials_hash TEXT NOT NULL,
	paused_until TIMESTAMP WITH TIME ZONE,
	failures INTEGER DEFAULT 0 NOT NULL,
	CONSTRAINT tokens_pkey PRIMARY KEY (account)
);

COMMENT ON TABLE wpsync.tokens IS '令牌（每账号一行，各进程共用） / tokens: one pair per account, shared by all processes';

COMMENT ON COLUMN wpsync.tokens.account IS '账号 / account';

COMMENT ON COLUMN wpsync.tokens.access_token IS '访问令牌 / access token';

COMMENT ON COLUMN wpsync.tokens.refresh_token IS '刷新令牌 / refresh token';

COMMENT ON COLUMN wpsync.tokens.encrypted IS '是否加密存储 / whether the tokens are encrypted';

COMMENT ON COLUMN wpsync.tokens.issued_at IS '获取时间 / when the pair was issued';

COMMENT ON COLUMN wpsync.tokens.renewed_at IS '最近续期时间 / when the access token was renewed last';

COMMENT ON COLUMN wpsync.tokens.access_expires_at IS '访问令牌到期 / when the access token ends';

COMMENT ON COLUMN wpsync.tokens.refresh_expires_at IS '刷新令牌到期 / when the refresh token ends';

COMMENT ON COLUMN wpsync.tokens.credentials_hash IS '凭据指纹 / fingerprint of the credentials they came from';

COMMENT ON COLUMN wpsync.tokens.paused_until IS '凭据被拒后暂停至 / no login is tried before';

COMMENT ON COLUMN wpsync.tokens.failures IS '连续失败次数 / rejections in a row';

CREATE TABLE wpsync.dead_letters (
	id BIGINT GENERATED ALWAYS AS IDENTITY,
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	record_id TEXT COLLATE "C",
	reason TEXT COLLATE "C" NOT NULL,
	original TEXT NOT NULL,
	fingerprint TEXT COLLATE "C" NOT NULL,
	first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
	resolved_at TIMESTAMP WITH TIME ZONE,
	run_id BIGINT,
	error_code TEXT COLLATE "C" NOT NULL,
	error_params JSONB NOT NULL,
	error_words TEXT,
	CONSTRAINT dead_letters_pkey PRIMARY KEY (id),
	CONSTRAINT dead_letters_fingerprint_key UNIQUE (account, resource, fingerprint)
);

CREATE INDEX dead_letters_open_idx ON wpsync.dead_letters (account, resource, record_id) WHERE resolved_at IS NULL;

COMMENT ON TABLE wpsync.dead_letters IS '死信：未能接收的行及原因 / dead letters: what could not be taken, and why';

COMMENT ON COLUMN wpsync.dead_letters.id IS '编号 / number';

COMMENT ON COLUMN wpsync.dead_letters.account IS '账号 / account';

COMMENT ON COLUMN wpsync.dead_letters.resource IS '资源 / resource';

COMMENT ON COLUMN wpsync.dead_letters.record_id IS '记录编号 / the record''s id';

COMMENT ON COLUMN wpsync.dead_letters.reason IS '原因代码 / reason';

COMMENT ON COLUMN wpsync.dead_letters.original IS '原文（ASCII 转义的 JSON） / the original as ASCII JSON';

COMMENT ON COLUMN wpsync.dead_letters.fingerprint IS '去重指纹 / tells a repetition';

COMMENT ON COLUMN wpsync.dead_letters.first_seen_at IS '首次出现时间 / when it was first seen';

COMMENT ON COLUMN wpsync.dead_letters.resolved_at IS '解决时间 / when it was taken after all';

COMMENT ON COLUMN wpsync.dead_letters.run_id IS '发现它的运行 / the run that found it';

COMMENT ON COLUMN wpsync.dead_letters.error_code IS '错误代码 / the error''s code';

COMMENT ON COLUMN wpsync.dead_letters.error_params IS '错误参数 / the error''s parameters';

COMMENT ON COLUMN wpsync.dead_letters.error_words IS '数据库或系统的原文（不含行内容） / the words of the database or the system, without values of rows';

CREATE TABLE wp_bi.working_hours (
	weekday SMALLINT NOT NULL,
	begins TIME WITHOUT TIME ZONE NOT NULL,
	ends TIME WITHOUT TIME ZONE NOT NULL,
	CONSTRAINT working_hours_pkey PRIMARY KEY (weekday),
	CONSTRAINT working_hours_check CHECK (begins < ends),
	CONSTRAINT working_hours_weekday_check CHECK (weekday between 1 and 7)
);

COMMENT ON TABLE wp_bi.working_hours IS '工作时间（由配置 bi 写入） / working hours, written from the configuration';

COMMENT ON COLUMN wp_bi.working_hours.weekday IS '星期（1 周一 … 7 周日） / weekday, 1 Monday to 7 Sunday';

COMMENT ON COLUMN wp_bi.working_hours.begins IS '上班时间（上海） / when work begins, in Shanghai';

COMMENT ON COLUMN wp_bi.working_hours.ends IS '下班时间（上海） / when work ends, in Shanghai';

CREATE TABLE wp_bi.special_days (
	day DATE NOT NULL,
	works BOOLEAN NOT NULL,
	CONSTRAINT special_days_pkey PRIMARY KEY (day)
);

COMMENT ON TABLE wp_bi.special_days IS '节假日与调休上班日（由配置 bi 写入） / holidays, and weekends that are worked';

COMMENT ON COLUMN wp_bi.special_days.day IS '日期（上海） / the day in Shanghai';

COMMENT ON COLUMN wp_bi.special_days.works IS '是否上班 / whether it is worked';

CREATE TABLE wpsync.instances (
	id TEXT COLLATE "C" NOT NULL,
	host TEXT NOT NULL,
	version TEXT NOT NULL,
	role TEXT COLLATE "C" NOT NULL,
	started_at TIMESTAMP WITH TIME ZONE NOT NULL,
	seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
	backend_pid INTEGER,
	backend_start TIMESTAMP WITH TIME ZONE,
	CONSTRAINT instances_pkey PRIMARY KEY (id)
);

COMMENT ON TABLE wpsync.instances IS '正在运行的进程：服务实例和命令 / the running processes: instances of the service, and commands';

COMMENT ON COLUMN wpsync.instances.id IS '实例编号 / the instance: host, process and a random part';

COMMENT ON COLUMN wpsync.instances.host IS '主机 / host';

COMMENT ON COLUMN wpsync.instances.version IS '版本 / version of wpsync';

COMMENT ON COLUMN wpsync.instances.role IS 'leader 主，standby 备，command 单次命令 / leader, standby or command';

COMMENT ON COLUMN wpsync.instances.started_at IS '启动时间 / when it began';

COMMENT ON COLUMN wpsync.instances.seen_at IS '最近心跳 / when it last said that it lives';

COMMENT ON COLUMN wpsync.instances.backend_pid IS '心跳连接的后端进程号 / the backend of its heartbeat';

COMMENT ON COLUMN wpsync.instances.backend_start IS '该后端的启动时间 / when that backend began';

CREATE TABLE wpsync.jobs (
	account TEXT COLLATE "C" NOT NULL,
	job TEXT COLLATE "C" NOT NULL,
	every_seconds INTEGER NOT NULL,
	next_at TIMESTAMP WITH TIME ZONE,
	started_at TIMESTAMP WITH TIME ZONE,
	finished_at TIMESTAMP WITH TIME ZONE,
	outcome TEXT COLLATE "C",
	error_code TEXT COLLATE "C",
	error_params JSONB,
	error_words TEXT,
	failures INTEGER DEFAULT 0 NOT NULL,
	missed BIGINT DEFAULT 0 NOT NULL,
	CONSTRAINT jobs_pkey PRIMARY KEY (account, job)
);

COMMENT ON TABLE wpsync.jobs IS '服务的定时任务 / the jobs of the service';

COMMENT ON COLUMN wpsync.jobs.account IS '账号；全局任务为空串 / account; empty: of the whole service';

COMMENT ON COLUMN wpsync.jobs.job IS '任务名 / the job';

COMMENT ON COLUMN wpsync.jobs.every_seconds IS '间隔（秒） / how often, in seconds';

COMMENT ON COLUMN wpsync.jobs.next_at IS '下次运行时间 / when it runs next';

COMMENT ON COLUMN wpsync.jobs.started_at IS '最近开始时间 / when it last began';

COMMENT ON COLUMN wpsync.jobs.finished_at IS '最近结束时间 / when it last ended';

COMMENT ON COLUMN wpsync.jobs.outcome IS '最近结果：running、done、incomplete、failed、interrupted、deadline / of the last time: running, done, incomplete, failed, interrupted or deadline';

COMMENT ON COLUMN wpsync.jobs.error_code IS '错误代码 / the error''s code';

COMMENT ON COLUMN wpsync.jobs.error_params IS '错误参数 / the error''s parameters';

COMMENT ON COLUMN wpsync.jobs.error_words IS '数据库或系统的原文（不含行内容） / the words of the database or the system, without values of rows';

COMMENT ON COLUMN wpsync.jobs.failures IS '连续失败次数 / failures in a row';

COMMENT ON COLUMN wpsync.jobs.missed IS '错过的次数 / times that were missed';

CREATE TABLE wpsync.backfills (
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expected_rows BIGINT,
	rows_read BIGINT DEFAULT 0 NOT NULL,
	started_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	outcome TEXT COLLATE "C" NOT NULL,
	CONSTRAINT backfills_pkey PRIMARY KEY (account, resource)
);

COMMENT ON TABLE wpsync.backfills IS '每个资源最近一次回填的进度 / the last backfill of each resource, and how far it is';

COMMENT ON COLUMN wpsync.backfills.account IS '账号 / account';

COMMENT ON COLUMN wpsync.backfills.resource IS '资源 / resource';

COMMENT ON COLUMN wpsync.backfills.starts_at IS '起（含） / start, inclusive';

COMMENT ON COLUMN wpsync.backfills.ends_at IS '止（不含） / end, exclusive';

COMMENT ON COLUMN wpsync.backfills.expected_rows IS '预计行数 / rows expected';

COMMENT ON COLUMN wpsync.backfills.rows_read IS '已读行数 / rows read so far';

COMMENT ON COLUMN wpsync.backfills.started_at IS '开始时间 / when it began';

COMMENT ON COLUMN wpsync.backfills.updated_at IS '进度更新时间 / when this was written';

COMMENT ON COLUMN wpsync.backfills.outcome IS '结果：running、done、incomplete、failed、interrupted / running, done, incomplete, failed or interrupted';

CREATE TABLE wpsync.incidents (
	id BIGINT GENERATED ALWAYS AS IDENTITY,
	kind TEXT COLLATE "C" NOT NULL,
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	severity TEXT COLLATE "C" NOT NULL,
	error_code TEXT COLLATE "C" NOT NULL,
	error_params JSONB NOT NULL,
	error_words TEXT,
	first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
	opened_at TIMESTAMP WITH TIME ZONE,
	last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
	absent INTEGER DEFAULT 0 NOT NULL,
	closed_at TIMESTAMP WITH TIME ZONE,
	told_at TIMESTAMP WITH TIME ZONE,
	closing_told_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT incidents_pkey PRIMARY KEY (id)
);

CREATE UNIQUE INDEX incidents_open_idx ON wpsync.incidents (kind, account, resource) WHERE closed_at IS NULL;

COMMENT ON TABLE wpsync.incidents IS '告警事件 / incidents: what the alerts were about';

COMMENT ON COLUMN wpsync.incidents.id IS '编号 / number';

COMMENT ON COLUMN wpsync.incidents.kind IS '问题类型 / what kind of trouble';

COMMENT ON COLUMN wpsync.incidents.account IS '账号；与账号无关则为空串 / account, or empty';

COMMENT ON COLUMN wpsync.incidents.resource IS '资源；与资源无关则为空串 / resource, or empty';

COMMENT ON COLUMN wpsync.incidents.severity IS '严重程度：warning、critical / warning or critical';

COMMENT ON COLUMN wpsync.incidents.error_code IS '错误代码 / the error''s code';

COMMENT ON COLUMN wpsync.incidents.error_params IS '错误参数 / the error''s parameters';

COMMENT ON COLUMN wpsync.incidents.error_words IS '数据库或系统的原文（不含行内容） / the words of the database or the system, without values of rows';

COMMENT ON COLUMN wpsync.incidents.first_seen_at IS '首次发现 / when it was first seen';

COMMENT ON COLUMN wpsync.incidents.opened_at IS '确认时间 / when it was held for an incident';

COMMENT ON COLUMN wpsync.incidents.last_seen_at IS '最近一次发现 / when it was last seen';

COMMENT ON COLUMN wpsync.incidents.absent IS '连续未发现次数 / times in a row not seen';

COMMENT ON COLUMN wpsync.incidents.closed_at IS '恢复时间 / when it was over';

COMMENT ON COLUMN wpsync.incidents.told_at IS '告警发送时间 / when a message said so';

COMMENT ON COLUMN wpsync.incidents.closing_told_at IS '恢复通知时间 / when its end was told';

CREATE TABLE wpsync.erasures (
	id BIGINT GENERATED ALWAYS AS IDENTITY,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	account TEXT COLLATE "C" DEFAULT '' NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	digest TEXT COLLATE "C" NOT NULL,
	rows JSONB NOT NULL,
	actor TEXT COLLATE "C" NOT NULL,
	reason TEXT,
	report JSONB NOT NULL,
	CONSTRAINT erasures_pkey PRIMARY KEY (id)
);

COMMENT ON TABLE wpsync.erasures IS '个人数据删除回执 / receipts of erasures';

COMMENT ON COLUMN wpsync.erasures.id IS '回执编号 / the receipt''s number';

COMMENT ON COLUMN wpsync.erasures.at IS '删除时间 / when';

COMMENT ON COLUMN wpsync.erasures.account IS '账号；空串表示全部账号 / the account it was limited to; empty: every account';

COMMENT ON COLUMN wpsync.erasures.kind IS '号码类型：phone 手机号，wx 微信号 / phone or wx';

COMMENT ON COLUMN wpsync.erasures.digest IS '号码摘要（不含号码本身） / what stands for the number';

COMMENT ON COLUMN wpsync.erasures.rows IS '各表删除的行数 / rows removed, by table';

COMMENT ON COLUMN wpsync.erasures.actor IS '执行者（主机账号） / who asked: the user of the host';

COMMENT ON COLUMN wpsync.erasures.reason IS '理由 / why, as it was given';

COMMENT ON COLUMN wpsync.erasures.report IS '查找范围、无法查找的部分与残留 / what was looked at, what could not be, and what remains';

CREATE TABLE wpsync.erased_marks (
	account TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	digest TEXT COLLATE "C" NOT NULL,
	CONSTRAINT erased_marks_pkey PRIMARY KEY (account, kind, digest)
);

COMMENT ON TABLE wpsync.erased_marks IS '已删除的人：再次收到时不写入 / people who were erased: what comes of them is not written';

COMMENT ON COLUMN wpsync.erased_marks.account IS '账号；空串表示全部账号 / the account whose rows it concerns; empty: those of every account';

COMMENT ON COLUMN wpsync.erased_marks.kind IS '摘要类型：salt、phone、wx、chat、sender / salt, phone, wx, chat or sender';

COMMENT ON COLUMN wpsync.erased_marks.digest IS '摘要 / digest';

CREATE TABLE wpsync.erased_rows (
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT erased_rows_pkey PRIMARY KEY (account, resource, id)
);

CREATE INDEX erased_rows_at_idx ON wpsync.erased_rows (account, resource, at);

COMMENT ON TABLE wpsync.erased_rows IS '因删除而不保存的行（用于对账） / rows left out for an erasure, so that counts agree';

COMMENT ON COLUMN wpsync.erased_rows.account IS '账号 / account';

COMMENT ON COLUMN wpsync.erased_rows.resource IS '资源 / resource';

COMMENT ON COLUMN wpsync.erased_rows.id IS '行的主键 / the row''s id';

COMMENT ON COLUMN wpsync.erased_rows.at IS '该行的时间 / the row''s own time';

CREATE TABLE wpsync.sweeps (
	table_name TEXT COLLATE "C" NOT NULL,
	asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
	asked_by TEXT COLLATE "C" NOT NULL,
	CONSTRAINT sweeps_pkey PRIMARY KEY (table_name)
);

COMMENT ON TABLE wpsync.sweeps IS '待清理的表：已删除的行还留在文件与统计信息中 / tables to be vacuumed: rows that were deleted are still in their files and statistics';

COMMENT ON COLUMN wpsync.sweeps.table_name IS '数据表（schema.表名） / the table, with its schema';

COMMENT ON COLUMN wpsync.sweeps.asked_at IS '删除时间 / when rows were deleted from it';

COMMENT ON COLUMN wpsync.sweeps.asked_by IS '删除所在的事务 / the transaction that did';

CREATE TABLE wpsync.hash_keys (
	account TEXT COLLATE "C" NOT NULL,
	key_id TEXT COLLATE "C" NOT NULL,
	first_used_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT hash_keys_pkey PRIMARY KEY (account, key_id)
);

COMMENT ON TABLE wpsync.hash_keys IS '用过的哈希密钥的标识：缺少密钥时无法按号码查找 / ids of the keys that numbers were hashed with: without its key nobody is found by a number';

COMMENT ON COLUMN wpsync.hash_keys.account IS '账号 / account';

COMMENT ON COLUMN wpsync.hash_keys.key_id IS '密钥标识（不含密钥本身） / what stands for the key';

COMMENT ON COLUMN wpsync.hash_keys.first_used_at IS '首次使用时间 / when rows were first hashed with it';

CREATE TABLE wpsync.outages (
	account TEXT COLLATE "C" NOT NULL,
	since TIMESTAMP WITH TIME ZONE NOT NULL,
	error_code TEXT COLLATE "C" NOT NULL,
	error_params JSONB NOT NULL,
	error_words TEXT,
	CONSTRAINT outages_pkey PRIMARY KEY (account)
);

COMMENT ON TABLE wpsync.outages IS '没有正常应答的厂商接口；没有行表示正常 / vendors that do not answer; no row: it does';

COMMENT ON COLUMN wpsync.outages.account IS '账号 / account';

COMMENT ON COLUMN wpsync.outages.since IS '从何时起没有正常应答 / since when it has not answered';

COMMENT ON COLUMN wpsync.outages.error_code IS '错误代码 / the error''s code';

COMMENT ON COLUMN wpsync.outages.error_params IS '错误参数 / the error''s parameters';

COMMENT ON COLUMN wpsync.outages.error_words IS '数据库或系统的原文（不含行内容） / the words of the database or the system, without values of rows';

CREATE TABLE wpsync.definitions (
	name TEXT COLLATE "C" NOT NULL,
	hash TEXT COLLATE "C" NOT NULL,
	applied_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT definitions_pkey PRIMARY KEY (name)
);

COMMENT ON TABLE wpsync.definitions IS '已建视图与函数的版本 / which version of each view and function this database has';

COMMENT ON COLUMN wpsync.definitions.name IS '视图或函数名 / the view or function';

COMMENT ON COLUMN wpsync.definitions.hash IS '定义文本的摘要 / the hash of its text';

COMMENT ON COLUMN wpsync.definitions.applied_at IS '执行时间 / when it was applied';

CREATE TABLE wpsync.accounts (
	account TEXT COLLATE "C" NOT NULL,
	base_url TEXT COLLATE "C" NOT NULL,
	client_id TEXT COLLATE "C" NOT NULL,
	first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT accounts_pkey PRIMARY KEY (account),
	CONSTRAINT accounts_client_key UNIQUE (base_url, client_id)
);

COMMENT ON TABLE wpsync.accounts IS '写入过数据的账号及其厂商控制台 / accounts that rows were written for, and their consoles';

COMMENT ON COLUMN wpsync.accounts.account IS '账号 / the account''s name in the configuration';

COMMENT ON COLUMN wpsync.accounts.base_url IS '厂商接口地址 / the vendor''s address';

COMMENT ON COLUMN wpsync.accounts.client_id IS '厂商 clientId / the client id at the vendor';

COMMENT ON COLUMN wpsync.accounts.first_seen_at IS '首次写入时间 / when a command first wrote for it';

CREATE TABLE wpsync.leases (
	scope TEXT COLLATE "C" NOT NULL,
	holder TEXT COLLATE "C" NOT NULL,
	epoch BIGINT GENERATED ALWAYS AS IDENTITY,
	taken_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT leases_pkey PRIMARY KEY (scope)
);

COMMENT ON TABLE wpsync.leases IS '租约：谁在负责什么 / leases: which process works on what';

COMMENT ON COLUMN wpsync.leases.scope IS '租约对象：leader、账号的资源或令牌等 / what is held: leader, a resource of an account, its tokens';

COMMENT ON COLUMN wpsync.leases.holder IS '持有者（instances.id） / the process that holds it (instances.id)';

COMMENT ON COLUMN wpsync.leases.epoch IS '代次：每次授予都增大 / grows with every lease that is given';

COMMENT ON COLUMN wpsync.leases.taken_at IS '取得时间 / when it was taken';

CREATE TABLE wpsync.surveys (
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	way TEXT COLLATE "C" NOT NULL,
	total BIGINT NOT NULL,
	piece_seconds INTEGER NOT NULL,
	since TIMESTAMP WITH TIME ZONE NOT NULL,
	sure BOOLEAN NOT NULL,
	asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT surveys_pkey PRIMARY KEY (account, resource)
);

COMMENT ON TABLE wpsync.surveys IS '厂商以哪种方式给出会话全部数据 / in which way the vendor shows all of a listing';

COMMENT ON COLUMN wpsync.surveys.account IS '账号 / account';

COMMENT ON COLUMN wpsync.surveys.resource IS '资源 / resource';

COMMENT ON COLUMN wpsync.surveys.way IS '读取方式：whole 不带时间，span 一个总区间，pieces 逐段 / how it is read: whole without a span, span with one over all time, pieces one after the other';

COMMENT ON COLUMN wpsync.surveys.total IS '各方式中最大的总数 / the largest total of any way';

COMMENT ON COLUMN wpsync.surveys.piece_seconds IS '可完整返回的最长区间（秒） / how long a span is served whole, in seconds';

COMMENT ON COLUMN wpsync.surveys.since IS '最早有数据的区间起点 / the beginning of the first span with rows';

COMMENT ON COLUMN wpsync.surveys.sure IS '各方式是否都已核实 / whether every way was counted or refused';

COMMENT ON COLUMN wpsync.surveys.asked_at IS '核实时间 / when the vendor was asked';

CREATE TABLE wpsync.named_rows (
	account TEXT COLLATE "C" NOT NULL,
	resource TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	named_at TIMESTAMP WITH TIME ZONE NOT NULL,
	missing_since TIMESTAMP WITH TIME ZONE,
	attempts INTEGER DEFAULT 0 NOT NULL,
	retry_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT named_rows_pkey PRIMARY KEY (account, resource, id)
);

CREATE INDEX named_rows_missing_idx ON wpsync.named_rows (account, resource, id) WHERE missing_since IS NOT NULL;

COMMENT ON TABLE wpsync.named_rows IS '消息引用过的会话，以及其中尚缺的 / chats that messages name, and which of them are not there';

COMMENT ON COLUMN wpsync.named_rows.account IS '账号 / account';

COMMENT ON COLUMN wpsync.named_rows.resource IS '资源 / resource';

COMMENT ON COLUMN wpsync.named_rows.id IS '被引用的编号（如会话编号） / the id that other rows name (a chat''s)';

COMMENT ON COLUMN wpsync.named_rows.named_at IS '引用它的最早一行的时间 / the time of the first row that named it';

COMMENT ON COLUMN wpsync.named_rows.missing_since IS '从何时起缺少该行；不缺为空 / since when the row itself is not there; NULL: it is';

COMMENT ON COLUMN wpsync.named_rows.attempts IS '已补读次数 / how often it was looked for';

COMMENT ON COLUMN wpsync.named_rows.retry_at IS '下次补读时间 / when it is looked for next';

CREATE TABLE wpsync.vendor_words (
	account TEXT COLLATE "C" NOT NULL,
	error_code TEXT COLLATE "C" NOT NULL,
	words TEXT NOT NULL,
	said_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT vendor_words_pkey PRIMARY KEY (account, error_code)
);

COMMENT ON TABLE wpsync.vendor_words IS '厂商报错原文：单独存放，数日后删除，任一隐私类别不为 keep 时不保存 / what the vendor said with errors: kept apart, for some days, and only where privacy keeps everything';

COMMENT ON COLUMN wpsync.vendor_words.account IS '账号 / account';

COMMENT ON COLUMN wpsync.vendor_words.error_code IS '错误代码 / the error''s code';

COMMENT ON COLUMN wpsync.vendor_words.words IS '厂商原文 / what the vendor said with it last';

COMMENT ON COLUMN wpsync.vendor_words.said_at IS '收到时间 / when';
