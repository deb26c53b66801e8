"""SDKs of web services: payments, messages, mail, code hosts; remote shells and directories."""

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
_KUBE = {
    "kubernetes.client.CoreV1Api": (
        "list_namespaced_pod read_namespaced_pod create_namespaced_pod delete_namespaced_pod list_node list_namespace"
        " read_namespaced_pod_log list_pod_for_all_namespaces read_namespaced_secret create_namespaced_secret"
        " read_namespaced_config_map create_namespaced_service read_namespaced_service list_namespaced_service"
        " delete_namespaced_service patch_namespaced_pod read_namespaced_pod_status list_namespaced_event"
        " list_namespaced_config_map create_namespaced_config_map patch_namespaced_config_map"
        " replace_namespaced_config_map delete_namespaced_config_map list_namespaced_secret patch_namespaced_secret"
        " replace_namespaced_secret delete_namespaced_secret read_namespace create_namespace delete_namespace"
        " create_namespaced_persistent_volume_claim read_namespaced_persistent_volume_claim"
        " delete_namespaced_persistent_volume_claim list_namespaced_persistent_volume_claim"
        " read_node patch_node patch_namespace list_persistent_volume list_service_for_all_namespaces"
        " list_event_for_all_namespaces patch_namespaced_service replace_namespaced_service list_namespaced_endpoints"
        " read_namespaced_service_account create_namespaced_service_account list_namespaced_service_account"
        " replace_namespaced_pod delete_collection_namespaced_pod patch_namespaced_persistent_volume_claim"
        " create_namespaced_event"
    ),
    "kubernetes.client.NetworkingV1Api": (
        "read_namespaced_ingress create_namespaced_ingress patch_namespaced_ingress delete_namespaced_ingress"
        " list_namespaced_ingress"
    ),
    "kubernetes.client.AppsV1Api": (
        "list_namespaced_deployment read_namespaced_deployment create_namespaced_deployment patch_namespaced_deployment"
        " delete_namespaced_deployment list_deployment_for_all_namespaces patch_namespaced_deployment_scale"
        " read_namespaced_stateful_set create_namespaced_stateful_set delete_namespaced_stateful_set"
        " list_namespaced_stateful_set replace_namespaced_deployment read_namespaced_deployment_status"
        " read_namespaced_deployment_scale patch_namespaced_stateful_set replace_namespaced_stateful_set"
        " patch_namespaced_stateful_set_scale list_namespaced_replica_set list_namespaced_daemon_set"
        " read_namespaced_daemon_set"
    ),
    "kubernetes.client.BatchV1Api": (
        "list_namespaced_job read_namespaced_job create_namespaced_job delete_namespaced_job patch_namespaced_job"
        " read_namespaced_job_status list_job_for_all_namespaces list_namespaced_cron_job read_namespaced_cron_job"
        " create_namespaced_cron_job patch_namespaced_cron_job delete_namespaced_cron_job"
    ),
    "kubernetes.client.CustomObjectsApi": (
        "create_namespaced_custom_object get_namespaced_custom_object list_namespaced_custom_object"
        " patch_namespaced_custom_object delete_namespaced_custom_object list_cluster_custom_object"
        " get_cluster_custom_object create_cluster_custom_object patch_cluster_custom_object delete_cluster_custom_object"
        " replace_namespaced_custom_object get_namespaced_custom_object_status patch_namespaced_custom_object_status"
    ),
    "kubernetes.client.RbacAuthorizationV1Api": (
        "create_namespaced_role read_namespaced_role delete_namespaced_role create_namespaced_role_binding"
        " read_namespaced_role_binding delete_namespaced_role_binding list_namespaced_role_binding"
        " create_cluster_role_binding"
    ),
    "kubernetes.client.AuthorizationV1Api": "create_self_subject_access_review create_subject_access_review",
    "kubernetes.client.AuthenticationV1Api": "create_token_review",
    "kubernetes.client.StorageV1Api": "list_storage_class read_storage_class",
    "kubernetes.client.VersionApi": "get_code",
}

_PAGED = "github.PaginatedList.PaginatedList"

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
        *each(
            Blocking("", Kind.NET, "`githubkit`, or a worker thread"),
            "github.Github",
            "get_repo get_user get_organization search_issues search_repositories",
        ),
        *each(
            Blocking("", Kind.NET, "`githubkit`, or a worker thread"),
            "github.Repository.Repository",
            "get_pull get_issue get_contents create_issue create_file get_commit create_pull get_branch compare merge"
            " get_git_tree get_git_commit get_git_blob create_git_tree create_git_commit create_git_blob create_fork"
            " get_release get_workflow get_languages get_topics get_label create_label create_hook"
            " create_repository_dispatch",
        ),
        # It asks page by page, while somebody goes through it.
        *each(Blocking("", Kind.NET, "`githubkit`, or a worker thread"), _PAGED, "__iter__ get_page"),
        *each(_thread, "gitlab.Gitlab", "auth http_request http_get"),
        *each(_thread, "gitlab.Gitlab.projects", "get list create"),
        *each(_thread, "jira.JIRA", _JIRA),
        *each(_thread, "atlassian.Jira", "jql issue issue_create"),
        *each(_thread, "zenpy.Zenpy", "search"),
        *each(_thread, "tweepy.API", "update_status user_timeline search_tweets"),
        *each(_thread, "tweepy.Client", "create_tweet get_user search_recent_tweets"),
        *each(_thread, "pusher.Pusher", "trigger trigger_batch"),
        *each(_thread, "hvac.Client", "read write list delete"),
        *each(_thread, "hvac.Client.secrets.kv.v2", "read_secret_version create_or_update_secret"),
        *each(
            Blocking("", Kind.NET, "`supabase.acreate_client`"),
            "supabase.Client.auth",
            "get_user sign_in_with_password sign_up sign_out refresh_session",
        ),
        *(
            entry
            for api, calls in _KUBE.items()
            for entry in each(Blocking("", Kind.NET, "`kubernetes_asyncio`"), api, calls)
        ),
        *each(Blocking("", Kind.NET, "`aiodocker`", construct=True), "docker", "from_env"),
        *each(
            Blocking("", Kind.NET, "`aiodocker`"),
            "docker.DockerClient.containers",
            "run list get create prune",
        ),
        *each(
            Blocking("", Kind.NET, "`aiodocker`"),
            "docker.DockerClient.images",
            "pull build list get push remove prune load search",
        ),
        *each(Blocking("", Kind.NET, "`asyncssh`"), "paramiko.SSHClient", "connect exec_command open_sftp"),
        *each(
            Blocking("", Kind.NET, "`asyncssh`"),
            "paramiko.SFTPClient",
            "get put listdir stat open remove mkdir listdir_attr getfo putfo",
        ),
        *each(Blocking("", Kind.NET, "`asyncssh`"), "fabric.Connection", "run sudo put get local"),
        *each(Blocking("", Kind.NET, "`asyncssh`", construct=True), "netmiko", "ConnectHandler"),
        *each(
            Blocking("", Kind.NET, "`asyncssh`"),
            "netmiko.BaseConnection",
            "send_command send_command_timing send_config_set send_multiline save_config disconnect",
        ),
        *each(Blocking("", Kind.NET, "`asyncssh`", construct=True), "pysftp", "Connection"),
        *each(
            Blocking("", Kind.NET, "`asyncssh`"),
            "pysftp.Connection",
            "get get_r put put_r listdir execute remove makedirs exists stat",
        ),
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
        *each(
            Blocking("", Kind.PROC, "`asyncio.create_subprocess_exec`", construct=True),
            "git.Repo",
            "clone_from",
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
        *each(
            Blocking("", Kind.SLEEP, "`await asyncio.sleep(...)` between two calls without `interval`"),
            ("psutil", "psutil.Process"),
            "cpu_percent",
        ),
        Blocking(
            "psutil.cpu_times_percent",
            Kind.SLEEP,
            "`await asyncio.sleep(...)` between two calls without `interval`",
        ),
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
        *each(External("", False, "sdk"), "github.Github", "get_repo get_user get_organization"),
        *each(External("", False, "sdk"), "jira.JIRA", _JIRA),
        *(entry for api, calls in _KUBE.items() for entry in each(External("", False, "sdk"), api, calls)),
        *(
            entry
            for kind in ("Tcp", "Udp", "Tls", "Serial")
            for entry in each(External("", False, "sdk"), f"pymodbus.client.Modbus{kind}Client", _MODBUS)
        ),
        *(
            entry
            for api, calls in _KUBE.items()
            for entry in each(
                External("", True, "sdk"), api.replace("kubernetes", "kubernetes_asyncio"), calls
            )
        ),
    ),
    timeouts=(
        Timeout("jira.JIRA", "timeout"),
        Timeout("gitlab.Gitlab", "timeout"),
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
        Timeout("paramiko.SSHClient.exec_command", "timeout", 2, often_quick=True),
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
        Client("docker.from_env", "close", "sdk", "a connection to the daemon"),
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
                "github.Github",
                "gitlab.Gitlab",
                "jira.JIRA",
                "hvac.Client",
                "paramiko.SSHClient",
                "fabric.Connection",
                "ldap3.Connection",
                "tweepy.API",
                "tweepy.Client",
                "aiosmtplib.SMTP",
                "fastapi_mail.FastMail",
                "stripe.StripeClient",
                "geopy.geocoders.Nominatim",
                *_KUBE,
                *(api.replace("kubernetes", "kubernetes_asyncio") for api in _KUBE),
            )
        },
        "emails.html": "emails.Message",
        "ldap.initialize": "ldap.ldapobject.LDAPObject",
        "scrapy.crawler.CrawlerProcess": "scrapy.crawler.CrawlerProcess",
        "psutil.Process": "psutil.Process",
        "netmiko.ConnectHandler": "netmiko.BaseConnection",
        "pysftp.Connection": "pysftp.Connection",
        "mailchimp_marketing.Client": "mailchimp_marketing.Client",
        **{
            f"paypalrestsdk.{name}": f"paypalrestsdk.{name}"
            for name in ("Payment", "Sale", "Invoice", "Order")
        },
        **{
            f"shopify.{name}": f"shopify.{name}"
            for name in ("Product", "Order", "Customer", "Variant", "CustomCollection")
        },
        "github.Github.get_repo": "github.Repository.Repository",
        **alike(
            "get_pulls get_issues get_commits get_branches get_tags get_contributors get_releases get_labels"
            " get_workflow_runs get_workflows get_collaborators get_milestones get_stargazers get_forks",
            _PAGED,
            "github.Repository.Repository",
        ),
        **alike(
            "get_files get_commits get_reviews get_review_comments get_issue_comments get_comments",
            _PAGED,
            "github.PullRequest.PullRequest",
        ),
        "paramiko.SSHClient.open_sftp": "paramiko.SFTPClient",
        "paramiko.SFTPClient.from_transport": "paramiko.SFTPClient",
        "docker.from_env": "docker.DockerClient",
        "docker.DockerClient": "docker.DockerClient",
        "supabase.create_client": "supabase.Client",
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
        "github.MainClass.Github": "github.Github",
        "docker.client.DockerClient": "docker.DockerClient",
        "docker.client.from_env": "docker.from_env",
        "paramiko.client.SSHClient": "paramiko.SSHClient",
    },
)
