"""SDKs of web services: payments, messages, mail, tickets, search, data; directories of people."""

from rules.libraries.model import Blocking, Client, External, Kind, Library, Timeout, alike, each

_STRIPE = {
    "stripe.Customer": "create retrieve modify list delete search",
    "stripe.PaymentIntent": "create retrieve modify list search cancel confirm capture",
    "stripe.Charge": "create retrieve modify list search capture",
    "stripe.Subscription": "create retrieve modify list search cancel",
    "stripe.Invoice": "create retrieve modify list delete search",
    "stripe.InvoiceItem": "create retrieve modify list delete",
    "stripe.Price": "create retrieve modify list search",
    "stripe.Product": "create retrieve modify list delete search",
    "stripe.Refund": "create retrieve modify list cancel",
    "stripe.SetupIntent": "create retrieve modify list cancel confirm",
    "stripe.PaymentMethod": "create retrieve modify list",
    "stripe.Account": "create retrieve modify list delete",
    "stripe.AccountLink": "create",
    "stripe.Transfer": "create retrieve modify list",
    "stripe.Payout": "create retrieve modify list cancel",
    "stripe.Coupon": "create retrieve modify list delete",
    "stripe.Balance": "retrieve",
    "stripe.BalanceTransaction": "retrieve list",
    "stripe.Event": "retrieve list",
    "stripe.Source": "create retrieve modify",
    "stripe.Token": "create retrieve",
    "stripe.checkout.Session": "create retrieve modify list",
    "stripe.billing_portal.Session": "create",
}
_stripe = Blocking("", Kind.NET, "the `…_async` method")
_thread = Blocking("", Kind.NET, "a worker thread")
_SLACK = (
    "chat_postMessage chat_update chat_delete chat_postEphemeral conversations_list conversations_history conversations_info"
    " users_info users_list users_lookupByEmail files_upload files_upload_v2 auth_test api_call views_open views_publish"
    " reactions_add conversations_open"
)
_CLOUDINARY_UPLOADER = (
    "upload upload_large upload_resource unsigned_upload destroy rename explicit add_tag remove_tag replace_tag add_context"
    " create_archive create_zip generate_sprite multi explode text"
)
_CLOUDINARY_API = (
    "resource resources resources_by_tag resources_by_ids update delete_resources delete_resources_by_prefix"
    " delete_all_resources root_folders subfolders create_folder delete_folder usage ping"
)
_MODBUS = (
    "connect read_coils read_discrete_inputs read_holding_registers read_input_registers write_coil write_coils write_register"
    " write_registers"
)
_JIRA = "issue create_issue search_issues add_comment transition_issue projects"


_CCXT = (
    "load_markets fetch_ticker fetch_tickers fetch_ohlcv fetch_order_book fetch_trades fetch_balance fetch_order"
    " fetch_orders fetch_open_orders fetch_my_trades fetch_positions create_order cancel_order"
)
_EXCHANGES = "binance binanceus kraken coinbase bybit okx kucoin bitget gate mexc bitfinex bitstamp htx"
_MLFLOW = (
    "get_run search_runs create_run log_metric log_param log_batch set_tag get_experiment get_experiment_by_name"
    " search_experiments create_experiment get_model_version search_model_versions get_latest_versions"
    " search_registered_models create_model_version list_artifacts download_artifacts"
)
_DIRECTORY = (
    "simple_bind_s bind_s search_s search_st search_ext_s add_s modify_s delete_s compare_s rename_s whoami_s passwd_s"
    " start_tls_s result"
)

_TWILIO_REST = "twilio.rest"
_TWILIO = {
    f"{_TWILIO_REST}.Client.messages": "create list",
    f"{_TWILIO_REST}.Client.calls": "create list",
    f"{_TWILIO_REST}.api.v2010.account.message.MessageContext": "fetch update delete",
    f"{_TWILIO_REST}.api.v2010.account.call.CallContext": "fetch update delete",
    f"{_TWILIO_REST}.verify.v2.service.ServiceContext.verifications": "create",
    f"{_TWILIO_REST}.verify.v2.service.ServiceContext.verification_checks": "create",
    f"{_TWILIO_REST}.lookups.v2.phone_number.PhoneNumberContext": "fetch",
}

LIBRARY = Library(
    former={
        "pysnmp.hlapi.getCmd": "pysnmp==4.4.12",
        "pysnmp.hlapi.nextCmd": "pysnmp==4.4.12",
        "pysnmp.hlapi.bulkCmd": "pysnmp==4.4.12",
        "pysnmp.hlapi.setCmd": "pysnmp==4.4.12",
    },
    blocking=(
        *(
            entry
            for kind in ("Tcp", "Udp", "Tls", "Serial")
            for entry in each(
                Blocking("", Kind.NET, f"`pymodbus.client.AsyncModbus{kind}Client`"),
                f"pymodbus.client.Modbus{kind}Client",
                _MODBUS,
            )
        ),
        *each(
            Blocking("", Kind.NET, "`exa_py.AsyncExa`"),
            "exa_py.Exa",
            "search search_and_contents get_contents find_similar find_similar_and_contents answer",
        ),
        *each(
            Blocking("", Kind.NET, "`tavily.AsyncTavilyClient`"),
            "tavily.TavilyClient",
            "search extract crawl map qna_search get_search_context",
        ),
        *each(
            Blocking("", Kind.NET, "`firecrawl.AsyncFirecrawl`"),
            "firecrawl.FirecrawlApp",
            "scrape_url crawl_url map_url search extract scrape crawl map",
        ),
        *each(Blocking("", Kind.NET, "a worker thread"), "pyln.client.LightningRpc", "*"),
        *(entry for resource, calls in _STRIPE.items() for entry in each(_stripe, resource, calls)),
        *(
            entry
            for resource, calls in _TWILIO.items()
            for entry in each(Blocking("", Kind.NET, "`AsyncTwilioHttpClient`"), resource, calls)
        ),
        *each(_thread, "sendgrid.SendGridAPIClient", "send"),
        *each(_thread, "emails.Message", "send"),
        *each(_thread, "cloudinary.uploader", _CLOUDINARY_UPLOADER),
        *each(_thread, "cloudinary.api", _CLOUDINARY_API),
        *each(
            Blocking("", Kind.NET, "`resend.Emails.send_async`, or a worker thread"), "resend.Emails", "send"
        ),
        *each(_thread, "postmarker.core.PostmarkClient.emails", "send send_batch"),
        *each(
            Blocking("", Kind.NET, "`slack_sdk.web.async_client.AsyncWebClient`"),
            "slack_sdk.WebClient",
            _SLACK,
        ),
        *each(
            Blocking("", Kind.NET, "`slack_sdk.webhook.async_client.AsyncWebhookClient`"),
            "slack_sdk.webhook.WebhookClient",
            "send",
        ),
        # It asks page by page, while somebody goes through it.
        *each(_thread, "jira.JIRA", _JIRA),
        *each(_thread, "atlassian.Jira", "jql issue issue_create"),
        *each(_thread, "zenpy.Zenpy", "search"),
        *each(_thread, "tweepy.API", "update_status user_timeline search_tweets"),
        *each(_thread, "tweepy.Client", "create_tweet get_user search_recent_tweets"),
        *each(_thread, "pusher.Pusher", "trigger trigger_batch"),
        *each(_thread, "hvac.Client", "read write list delete"),
        *each(_thread, "hvac.Client.secrets.kv.v2", "read_secret_version create_or_update_secret"),
        *each(
            _thread,
            tuple(
                f"shopify.{name}" for name in ("Product", "Order", "Customer", "Variant", "CustomCollection")
            ),
            "find find_first create save destroy count",
        ),
        *each(
            _thread,
            tuple(f"paypalrestsdk.{name}" for name in ("Payment", "Sale", "Invoice", "Order")),
            "find",
        ),
        *each(_thread, "paypalrestsdk.Payment", "all create execute"),
        *each(
            _thread,
            "mailchimp_marketing.Client",
            "lists.get_all_lists lists.add_list_member lists.get_list_member lists.update_list_member"
            " lists.set_list_member campaigns.create campaigns.send campaigns.list ping.get",
        ),
        *each(
            Blocking("", Kind.NET, "`bonsai`"),
            "ldap3.Connection",
            "bind search add modify delete compare",
        ),
        *each(Blocking("", Kind.NET, "`bonsai`"), "ldap.ldapobject.LDAPObject", _DIRECTORY),
        *each(
            Blocking("", Kind.NET, "`pysnmp.hlapi.v3arch.asyncio`"),
            "pysnmp.hlapi",
            "getCmd nextCmd bulkCmd setCmd",
        ),
        *each(
            Blocking("", Kind.NET, "a program of its own: the reactor cannot be started twice"),
            "scrapy.crawler.CrawlerProcess",
            "start",
        ),
        *each(Blocking("", Kind.NET, "a worker thread"), "yfinance", "download"),
        *each(
            Blocking("", Kind.NET, "a worker thread"),
            "yfinance.Ticker",
            "history get_info get_fast_info get_news option_chain get_financials get_balance_sheet get_cashflow"
            # The attribute asks before there is something to get from.
            " info.get",
        ),
        *each(Blocking("", Kind.NET, "`ccxt.async_support`"), "ccxt.Exchange", _CCXT),
        Blocking("pystac_client.Client.open", Kind.NET, "an asynchronous HTTP client", construct=True),
        *each(
            Blocking("", Kind.NET, "an asynchronous HTTP client"),
            "pystac_client.ItemSearch",
            "items items_as_dicts item_collection item_collection_as_dict pages pages_as_dicts matched",
        ),
        *each(
            Blocking("", Kind.NET, "an asynchronous HTTP client"),
            "pystac_client.Client",
            "get_collections get_collection get_items",
        ),
        *each(
            Blocking("", Kind.NET, "a queue worker"),
            "mlflow",
            "search_runs search_experiments get_run get_experiment_by_name log_metric log_metrics log_param log_params"
            " log_artifact log_artifacts start_run end_run set_experiment register_model log_text log_dict log_figure"
            " set_tag set_tags create_experiment delete_run",
        ),
        *each(Blocking("", Kind.NET, "a queue worker"), "mlflow.MlflowClient", _MLFLOW),
        *each(Blocking("", Kind.NET, "a worker thread"), "wikipedia", "page summary search"),
        *each(
            Blocking("", Kind.NET, "a worker thread"), "huggingface_hub", "snapshot_download hf_hub_download"
        ),
        *each(Blocking("", Kind.NET, "a worker thread"), "geopy.geocoders.Nominatim", "geocode reverse"),
        *each(Blocking("", Kind.NET, "a worker thread"), "sentry_sdk", "flush"),
    ),
    external=(
        *(
            entry
            for resource, calls in _STRIPE.items()
            for entry in (
                *each(External("", False, "sdk"), resource, calls),
                *each(
                    External("", True, "sdk"), resource, " ".join(f"{name}_async" for name in calls.split())
                ),
            )
        ),
        *(
            entry
            for resource, calls in _TWILIO.items()
            for entry in (
                *each(External("", False, "sdk"), resource, calls),
                *each(
                    External("", True, "sdk"), resource, " ".join(f"{name}_async" for name in calls.split())
                ),
            )
        ),
        *each(External("", False, "sdk"), "cloudinary.uploader", _CLOUDINARY_UPLOADER),
        *each(External("", False, "sdk"), "cloudinary.api", _CLOUDINARY_API),
        *each(External("", False, "mail"), "emails.Message", "send"),
        *each(External("", False, "mail"), "sendgrid.SendGridAPIClient", "send"),
        *each(External("", False, "mail"), "resend.Emails", "send"),
        *each(External("", True, "mail"), "aiosmtplib", "send"),
        *each(External("", True, "mail"), "aiosmtplib.SMTP", "send_message sendmail connect login"),
        *each(External("", True, "mail"), "fastapi_mail.FastMail", "send_message"),
        *each(External("", False, "sdk"), "slack_sdk.WebClient", _SLACK),
        *each(External("", True, "sdk"), "slack_sdk.web.async_client.AsyncWebClient", _SLACK),
        *each(External("", False, "sdk"), "jira.JIRA", _JIRA),
        *(
            entry
            for kind in ("Tcp", "Udp", "Tls", "Serial")
            for entry in each(External("", False, "sdk"), f"pymodbus.client.Modbus{kind}Client", _MODBUS)
        ),
    ),
    timeouts=(
        Timeout("jira.JIRA", "timeout"),
        Timeout("keystoneauth1.session.Session", "timeout"),
        Timeout("googlemaps.Client", "timeout", also=("read_timeout", "connect_timeout")),
        *each(
            Timeout("", "timeout", also=("http_client",)),
            "msal",
            "ConfidentialClientApplication PublicClientApplication",
        ),
        Timeout("httplib2.Http", "timeout", 1),
        Timeout("ldap3.Connection", "receive_timeout"),
        Timeout("ldap.initialize", "timeout", option="OPT_NETWORK_TIMEOUT"),
    ),
    clients=(
        Client("stripe.StripeClient", "", "sdk", "every connection anew"),
        Client("twilio.rest.Client", "", "sdk", "every connection anew"),
        Client("slack_sdk.WebClient", "", "sdk", "a TLS context and a connection"),
        Client(
            "slack_sdk.web.async_client.AsyncWebClient",
            "",
            "sdk",
            "a TLS context and a connection",
            is_async=True,
        ),
        *each(
            Client("", "close", "channel", "a connection, TLS and HTTP/2 set-up"),
            "grpc",
            "insecure_channel secure_channel",
        ),
        *each(
            Client("", "close", "channel", "a connection, TLS and HTTP/2 set-up", is_async=True),
            "grpc.aio",
            "insecure_channel secure_channel",
        ),
    ),
    returns={
        "twilio.rest.Client.messages": f"{_TWILIO_REST}.api.v2010.account.message.MessageContext",
        "twilio.rest.Client.calls": f"{_TWILIO_REST}.api.v2010.account.call.CallContext",
        **alike(
            "services v2.services",
            f"{_TWILIO_REST}.verify.v2.service.ServiceContext",
            "twilio.rest.Client.verify",
        ),
        **alike(
            "v1.phone_numbers v2.phone_numbers phone_numbers",
            f"{_TWILIO_REST}.lookups.v2.phone_number.PhoneNumberContext",
            "twilio.rest.Client.lookups",
        ),
        **{f"ccxt.{name}": f"ccxt.{name}" for name in _EXCHANGES.split()},
        "pystac_client.Client.open": "pystac_client.Client",
        "pystac_client.Client.search": "pystac_client.ItemSearch",
        **{
            name: name
            for name in (
                "yfinance.Ticker",
                "gtts.gTTS",
                "mlflow.MlflowClient",
            )
        },
        "structlog.get_logger": "structlog.stdlib.BoundLogger",
        "structlog.stdlib.get_logger": "structlog.stdlib.BoundLogger",
        **{
            name: name
            for name in (
                "emails.Message",
                "twilio.rest.Client",
                "sendgrid.SendGridAPIClient",
                "exa_py.Exa",
                "tavily.TavilyClient",
                "firecrawl.FirecrawlApp",
                "pyln.client.LightningRpc",
                "slack_sdk.WebClient",
                "slack_sdk.web.async_client.AsyncWebClient",
                "slack_sdk.webhook.WebhookClient",
                "jira.JIRA",
                "hvac.Client",
                "ldap3.Connection",
                "tweepy.API",
                "tweepy.Client",
                "aiosmtplib.SMTP",
                "fastapi_mail.FastMail",
                "stripe.StripeClient",
                "geopy.geocoders.Nominatim",
            )
        },
        "emails.html": "emails.Message",
        "ldap.initialize": "ldap.ldapobject.LDAPObject",
        "scrapy.crawler.CrawlerProcess": "scrapy.crawler.CrawlerProcess",
        "mailchimp_marketing.Client": "mailchimp_marketing.Client",
        **{
            f"paypalrestsdk.{name}": f"paypalrestsdk.{name}"
            for name in ("Payment", "Sale", "Invoice", "Order")
        },
        **{
            f"shopify.{name}": f"shopify.{name}"
            for name in ("Product", "Order", "Customer", "Variant", "CustomCollection")
        },
        **alike("insecure_channel secure_channel", "grpc.Channel", "grpc"),
    },
    bases={f"ccxt.{name}": "ccxt.Exchange" for name in _EXCHANGES.split()},
    aliases={
        "mlflow.tracking.MlflowClient": "mlflow.MlflowClient",
        "mlflow.client.MlflowClient": "mlflow.MlflowClient",
        "slack_sdk.web.WebClient": "slack_sdk.WebClient",
        "slack_sdk.web.client.WebClient": "slack_sdk.WebClient",
        "slack.WebClient": "slack_sdk.WebClient",
        "sendgrid.sendgrid.SendGridAPIClient": "sendgrid.SendGridAPIClient",
        "sendgrid.SendGridAPIClient.client.mail.send.post": "sendgrid.SendGridAPIClient.send",
    },
)
