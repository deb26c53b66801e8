"""What reaches people: chat bots, telephones and short messages, rooms, mail, push."""

from rules.libraries.model import (
    ANEW,
    PLAIN,
    REST,
    Blocking,
    Client,
    Kind,
    Library,
    Sdk,
    leaving,
    made,
    waiting,
)

_BOT = (
    "send_message send_photo send_document send_video send_audio send_voice send_animation send_media_group send_location"
    " send_poll send_invoice send_chat_action forward_message copy_message delete_message edit_message_text"
    " edit_message_caption edit_message_media edit_message_reply_markup answer_callback_query answer_inline_query get_me"
    " get_chat get_chat_member get_file download_file get_updates set_webhook delete_webhook get_webhook_info"
)
_VOICES = "create_call get_calls get_call update_call send_audio send_speech send_dtmf stop_audio stop_speech get_recording"
_VONAGE = (
    ("Voice", "voice", _VOICES),
    ("Sms", "sms", "send_message submit_sms_conversion"),
    ("Messages", "messages", "send_message"),
    ("Verify", "verify", "start_verification check search cancel trigger_next_event psd2"),
    ("Verify2", "verify2", "new_request check_code cancel_verification"),
    (
        "NumberInsight",
        "number_insight",
        "get_basic_number_insight get_standard_number_insight get_advanced_number_insight",
    ),
)
_STILL_IN_VONAGE = (
    "Voice.create_call",
    "Voice.get_call",
    "Sms.submit_sms_conversion",
    "Verify.start_verification",
)
"""What the fourth release has from the third, which had other methods on the same classes."""
_VONAGE_4 = (
    "voice.create_call voice.get_call voice.list_calls voice.hangup voice.transfer_call_ncco voice.transfer_call_answer_url"
    " voice.mute voice.unmute sms.send messages.send verify.start_verification verify.check_code verify.cancel_verification"
)
_MESSAGEBIRD = (
    "balance message message_list message_create message_delete mms_create voice_message_create call_create lookup"
    " verify_create verify_verify verify_delete conversation_start contact_create contact_list"
)
_LARK = tuple(
    (thing, call)
    for thing, calls in (
        ("im.v1.message", "create reply get patch update list"),
        ("im.v1.message_resource", "get"),
        ("im.v1.message_reaction", "create delete"),
        ("im.v1.image", "create get"),
        ("im.v1.file", "create get"),
        ("im.v1.chat", "create get list"),
        ("contact.v3.user", "get batch_get_id"),
    )
    for call in calls.split()
)
"""What Feishu's client is asked most; it has an `a` before the name of the same method where it is awaited."""
_ROOMS = (
    "room.create_room room.list_rooms room.delete_room room.list_participants room.get_participant room.remove_participant"
    " room.send_data room.update_room_metadata egress.start_room_composite_egress egress.stop_egress egress.list_egress"
    " agent_dispatch.create_dispatch agent_dispatch.list_dispatch sip.create_sip_participant"
)
_CHAT_BOT = " ".join(
    name
    for name in _BOT.split()
    if name not in ("download_file", "set_webhook", "delete_webhook", "get_webhook_info")
)
_LOOKS_UP = Blocking(
    "email_validator.validate_email",
    Kind.NET,
    "`check_deliverability=False`, or a worker thread",
    weight="medium",
)
_SDKS = (
    Sdk((), "", awaited=("telegram.Bot", "aiogram.Bot"), awaited_calls=_CHAT_BOT),
    Sdk((), "", awaited=("livekit.api.LiveKitAPI",), awaited_calls=_ROOMS),
    Sdk(("oci.email_data_plane.EmailDPClient",), "submit_email", PLAIN, kind="mail"),
    Sdk(
        ("telebot.TeleBot",),
        _BOT,
        "`telebot.async_telebot.AsyncTeleBot`",
        ("telebot.async_telebot.AsyncTeleBot",),
    ),
    Sdk(("apprise.Apprise",), "notify", "`async_notify`", ("apprise.Apprise",), "async_notify"),
    Sdk(
        ("lark_oapi.Client",),
        " ".join(f"{thing}.{call}" for thing, call in _LARK),
        "the same method with `a` before its name",
        ("lark_oapi.Client",),
        " ".join(f"{thing}.a{call}" for thing, call in _LARK),
    ),
    Sdk(("mailjet_rest.Client",), "send.create", kind="mail"),
    Sdk(("mailchimp_transactional.Client",), "messages.send messages.send_template", kind="mail"),
    Sdk(("sib_api_v3_sdk.TransactionalEmailsApi",), "send_transac_email", kind="mail"),
    Sdk(
        ("plivo.RestClient",),
        "messages.create calls.create calls.get calls.update calls.hangup calls.transfer",
    ),
    *(Sdk((f"vonage.{thing}", f"vonage.Client.{held}"), calls, REST) for thing, held, calls in _VONAGE),
    Sdk(("vonage.Vonage",), _VONAGE_4, REST),
    Sdk(("messagebird.Client",), _MESSAGEBIRD, REST),
    Sdk(("pywebpush",), "webpush"),
)

LIBRARY = Library(
    former={
        **{
            f"vonage.{name}": "vonage==3.17.4"
            for thing, held, calls in _VONAGE
            for name in (
                *("Client", "client", "Verify2", held),
                *(f"{thing}.{call}" for call in calls.split() if f"{thing}.{call}" not in _STILL_IN_VONAGE),
            )
        },
    },
    blocking=(
        *waiting(_SDKS),
        _LOOKS_UP,
    ),
    clients=(Client("livekit.api.LiveKitAPI", "aclose", "sdk", ANEW, is_async=True),),
    external=tuple(leaving(_SDKS)),
    returns={
        **made(_SDKS),
        "lark_oapi.Client.builder": "lark_oapi.client.ClientBuilder",
        **{
            f"lark_oapi.client.ClientBuilder.{name}": "lark_oapi.client.ClientBuilder"
            for name in ("app_id", "app_secret", "domain", "log_level", "timeout", "enable_set_token")
        },
        "lark_oapi.client.ClientBuilder.build": "lark_oapi.Client",
        "vonage.Client": "vonage.Client",
    },
    aliases={
        **{f"vonage.{held}.{thing}": f"vonage.{thing}" for thing, held, _ in _VONAGE},
        "vonage.client.Client": "vonage.Client",
        "messagebird.client.Client": "messagebird.Client",
        "apprise.apprise.Apprise": "apprise.Apprise",
        "lark_oapi.client.Client": "lark_oapi.Client",
        "email_validator.validate_email.validate_email": "email_validator.validate_email",
    },
)
