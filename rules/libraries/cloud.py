"""Cloud SDKs: AWS, Google, Azure, and their asynchronous siblings."""

from rules.libraries.model import Blocking, Client, External, Kind, Library, alike, each

OBJECTS = frozenset(
    {
        *(
            "head_object",
            "get_object",
            "put_object",
            "copy_object",
            "delete_object",
            "delete_objects",
            "list_objects_v2",
        ),
        *(
            "upload_file",
            "upload_fileobj",
            "download_file",
            "download_fileobj",
            "head_bucket",
            "create_multipart_upload",
        ),
    }
)
"""What a client of an object store is asked, by names that nobody else has."""
VERBS = (
    "get", "put", "list", "describe", "create", "delete", "send", "receive", "upload", "download", "copy", "head", "invoke",
    "publish", "update", "start", "stop", "scan", "query", "batch", "transact", "admin", "initiate", "verify", "assume",
    "generate", "encrypt", "decrypt", "sign", "subscribe", "tag", "detect", "run", "restore", "complete", "abort", "change",
    "converse", "load", "purge", "set", "confirm", "respond", "retrieve",
)  # fmt: skip
"""First words of SDK methods that wildcards stand for."""

_LOCAL = frozenset(
    [
        "generate_presigned_url",
        "generate_presigned_post",
        "get_paginator",
        "get_waiter",
        "can_paginate",
        "close",
        "meta",
        "meta.events.register",
        "meta.events.register_first",
        "meta.events.register_last",
        "meta.events.unregister",
        "exceptions",
        "waiter_names",
        "get_available_subresources",
        "Table",
        "Bucket",
        "Object",
        "Queue",
        "Topic",
        "Key",
        "Attr",
        "batch_writer",
        # a collection asks when it is iterated over
        "all",
        "filter",
        "limit",
        "page_size",
    ]
)
_OBJECTS = "boto3.resource.bucket.objects"
_FIRE = "google.cloud.firestore."
_BODY = "botocore.response.StreamingBody"
_ANSWER = "botocore.response.answer"
"""The dictionary that holds the body."""
_boto = Blocking("boto3.client.*", Kind.NET, "`aioboto3`, or a worker thread", excluding=_LOCAL)
_google = Blocking("", Kind.NET, "a worker thread")  # its REST clients have no asynchronous form
_azure = Blocking("", Kind.NET, "the same class in the `.aio` sub-package")
_BOTO_COST = "loading the service model: 10 ms of processor time, 250 ms the first time"
_SESSION_COST = "finding the credentials anew, perhaps over the network, and 10 ms of processor time for each client made of it"

_GCS_BLOB = (
    "upload_from_string upload_from_file upload_from_filename download_as_bytes download_as_string download_as_text"
    " download_to_filename download_to_file exists delete reload compose rewrite patch make_public"
)
_BLOB_CLIENT = "upload_blob download_blob delete_blob get_blob_properties exists set_blob_metadata start_copy_from_url stage_block commit_block_list"
_CONTAINER_CLIENT = (
    "upload_blob delete_blob create_container delete_container get_container_properties exists download_blob"
)
_SECRETS = (
    "get_secret set_secret begin_delete_secret update_secret_properties backup_secret purge_deleted_secret"
)

# The classes that stub packages give to annotations, by service.
_STUBBED = {
    "s3": "S3Client",
    "sqs": "SQSClient",
    "sns": "SNSClient",
    "ses": "SESClient",
    "sesv2": "SESV2Client",
    "dynamodb": "DynamoDBClient",
    "secretsmanager": "SecretsManagerClient",
    "ssm": "SSMClient",
    "kms": "KMSClient",
    "sts": "STSClient",
    "lambda": "LambdaClient",
    "logs": "CloudWatchLogsClient",
    "cloudwatch": "CloudWatchClient",
    "ecs": "ECSClient",
    "ec2": "EC2Client",
    "batch": "BatchClient",
    "events": "EventBridgeClient",
    "scheduler": "EventBridgeSchedulerClient",
    "stepfunctions": "SFNClient",
    "kinesis": "KinesisClient",
    "athena": "AthenaClient",
    "textract": "TextractClient",
    "rekognition": "RekognitionClient",
    "bedrock_runtime": "BedrockRuntimeClient",
    "cognito_idp": "CognitoIdentityProviderClient",
}


def _stubs() -> dict[str, str]:
    found: dict[str, str] = {}
    for service, name in _STUBBED.items():
        for package, client in (
            ("mypy_boto3", "boto3.client"),
            ("types_boto3", "boto3.client"),
            ("types_aiobotocore", "aioboto3.client"),
        ):
            for module in (f"{package}_{service}", f"{package}_{service}.client"):
                found[f"{module}.{name}"] = f"{client}.{service}"
    return found


_RESOURCE = "googleapiclient.discovery.Resource"
LIBRARY = Library(
    blocking=(
        _boto,
        Blocking("boto3.resource.*", Kind.NET, "`aioboto3`, or a worker thread", excluding=_LOCAL),
        Blocking("botocore.client.*", Kind.NET, "`aiobotocore`, or a worker thread", excluding=_LOCAL),
        Blocking("boto3.client", Kind.CPU, "one client made at start-up", seconds=0.011, construct=True),
        Blocking("boto3.resource", Kind.CPU, "one resource made at start-up", seconds=0.011, construct=True),
        Blocking(
            "boto3.Session.client", Kind.CPU, "one client made at start-up", seconds=0.011, construct=True
        ),
        Blocking(
            "boto3.Session.resource", Kind.CPU, "one resource made at start-up", seconds=0.011, construct=True
        ),
        # They ask page by page, while somebody goes through them.
        *each(
            Blocking("", Kind.NET, "`aioboto3`, or a worker thread"),
            "botocore.paginate.PageIterator",
            "__iter__ build_full_result",
        ),
        *each(Blocking("", Kind.NET, "`aioboto3`, or a worker thread"), "botocore.waiter.Waiter", "wait"),
        # What was asked for comes while it is read.
        *each(Blocking("", Kind.NET, "`aioboto3`, or a worker thread"), _BODY, "read readlines readinto"),
        *each(_google, "google.cloud.storage.client.page_iterator.HTTPIterator", "__iter__"),
        *each(
            Blocking("", Kind.NET, "a `def` endpoint"),
            "google.api_core.page_iterator.HTTPIterator",
            "__iter__",
        ),
        *each(_google, "google.cloud.bigquery.job.QueryJob", "__iter__"),
        *each(_azure, "azure.storage.blob._container_client.ItemPaged", "__iter__"),
        *each(_google, "google.cloud.storage.Blob", _GCS_BLOB),
        *each(_google, "google.cloud.storage.Client", "get_bucket create_bucket"),
        *each(
            _google,
            "google.cloud.storage.Bucket",
            "get_blob delete_blob copy_blob reload exists create delete",
        ),
        *each(
            _google,
            "google.cloud.bigquery.Client",
            "query_and_wait insert_rows insert_rows_json get_table create_table delete_table update_table get_dataset"
            " create_dataset load_table_from_dataframe load_table_from_json load_table_from_file",
        ),
        *each(_google, "google.cloud.bigquery.job.QueryJob", "result to_dataframe"),
        *each(_google, "google.cloud.bigquery.job.LoadJob", "result"),
        *each(_google, "google.cloud.firestore.WriteBatch", "commit"),
        *each(_google, "google.cloud.pubsub_v1.SubscriberClient", "pull acknowledge"),
        *each(
            Blocking("", Kind.NET, "`SecretManagerServiceAsyncClient`, or a worker thread"),
            "google.cloud.secretmanager.SecretManagerServiceClient",
            "access_secret_version get_secret create_secret list_secrets",
        ),
        *each(
            Blocking("", Kind.NET, "`ImageAnnotatorAsyncClient`, or a worker thread"),
            "google.cloud.vision.ImageAnnotatorClient",
            "text_detection label_detection document_text_detection annotate_image",
        ),
        *each(_google, "google.cloud.translate_v2.Client", "translate detect_language get_languages"),
        *each(
            Blocking("", Kind.NET, "`CloudTasksAsyncClient`, or a worker thread"),
            "google.cloud.tasks_v2.CloudTasksClient",
            "create_task get_task delete_task",
        ),
        *each(
            Blocking("", Kind.NET, "`firestore.AsyncClient`"),
            "google.cloud.firestore.DocumentReference",
            "get set update delete create",
        ),
        *each(
            Blocking("", Kind.NET, "`firestore.AsyncClient`"),
            "google.cloud.firestore.CollectionReference",
            "get add stream",
        ),
        *each(
            Blocking("", Kind.NET, "`firestore.AsyncClient`"), "google.cloud.firestore.Query", "get stream"
        ),
        *each(
            Blocking("", Kind.NET, "a callback, or a worker thread"),
            "google.cloud.pubsub_v1.publisher.futures.Future",
            "result exception",
        ),
        *each(
            Blocking("", Kind.NET, "a worker thread"),
            ("google.oauth2.credentials.Credentials", "google.oauth2.service_account.Credentials"),
            "refresh",
        ),
        *each(
            Blocking("", Kind.NET, "authlib's `AsyncOAuth2Client`"),
            ("google_auth_oauthlib.flow.Flow", "google_auth_oauthlib.flow.InstalledAppFlow"),
            "fetch_token",
        ),
        *each(
            Blocking("", Kind.NET, "a worker thread"),
            "google.oauth2.id_token",
            "verify_oauth2_token verify_firebase_token verify_token fetch_id_token",
        ),
        *each(
            Blocking("", Kind.NET, "a worker thread"),
            "firebase_admin.auth",
            "verify_id_token verify_session_cookie create_user get_user get_user_by_email update_user delete_user create_session_cookie set_custom_user_claims",
        ),
        *each(
            Blocking("", Kind.NET, "a worker thread"),
            "firebase_admin.messaging",
            "send send_each send_each_for_multicast subscribe_to_topic",
        ),
        *each(Blocking("", Kind.NET, "a worker thread", construct=True), "google.auth", "default"),
        *each(
            Blocking("", Kind.NET, "a worker thread", construct=True), "googleapiclient.discovery", "build"
        ),
        *each(
            Blocking("", Kind.NET, "a worker thread"),
            "googleapiclient.http.HttpRequest",
            "execute next_chunk",
        ),
        *each(Blocking("", Kind.NET, "a worker thread"), "googleapiclient.http.BatchHttpRequest", "execute"),
        *each(
            Blocking("", Kind.NET, "a worker thread"),
            "googleapiclient.http.MediaIoBaseDownload",
            "next_chunk",
        ),
        *each(_azure, "azure.storage.blob.BlobClient", _BLOB_CLIENT),
        *each(_azure, "azure.storage.blob.ContainerClient", _CONTAINER_CLIENT),
        *each(
            _azure,
            "azure.storage.blob.BlobServiceClient",
            "create_container delete_container get_account_information get_user_delegation_key",
        ),
        *each(_azure, "azure.keyvault.secrets.SecretClient", _SECRETS),
        *each(
            _azure,
            (
                "azure.identity.DefaultAzureCredential",
                "azure.identity.ClientSecretCredential",
                "azure.identity.ManagedIdentityCredential",
            ),
            "get_token",
        ),
        *each(
            _azure,
            "azure.cosmos.ContainerProxy",
            "read_item create_item upsert_item replace_item delete_item patch_item query_items read_all_items",
        ),
        *each(_azure, "azure.servicebus.ServiceBusSender", "send_messages schedule_messages"),
        *each(
            _azure,
            "azure.servicebus.ServiceBusReceiver",
            "receive_messages peek_messages complete_message abandon_message dead_letter_message",
        ),
        *each(
            _azure,
            "azure.storage.queue.QueueClient",
            "send_message receive_message delete_message peek_messages",
        ),
        *each(
            Blocking("", Kind.NET, "`aioboto3`, or a worker thread"),
            "minio.Minio",
            "put_object get_object fput_object fget_object stat_object remove_object bucket_exists make_bucket copy_object"
            " list_objects list_buckets",
        ),
    ),
    external=(
        External("boto3.client.*", is_async=False, kind="sdk", excluding=_LOCAL),
        External("boto3.resource.*", is_async=False, kind="sdk", excluding=_LOCAL),
        External("botocore.client.*", is_async=False, kind="sdk", excluding=_LOCAL),
        External("aioboto3.client.*", is_async=True, kind="sdk", excluding=_LOCAL),
        *each(External("", False, "sdk"), "google.cloud.storage.Blob", _GCS_BLOB),
        *each(External("", False, "sdk"), "google.cloud.bigquery.job.QueryJob", "result to_dataframe"),
        *each(
            External("", False, "sdk"),
            "google.cloud.firestore.DocumentReference",
            "get set update delete create",
        ),
        *each(
            External("", True, "sdk"),
            "google.cloud.firestore.AsyncDocumentReference",
            "get set update delete create",
        ),
        *each(External("", True, "sdk"), "google.cloud.firestore.AsyncCollectionReference", "get add"),
        *each(External("", True, "sdk"), "google.cloud.firestore.AsyncQuery", "get"),
        *each(External("", True, "sdk"), "google.cloud.firestore.AsyncWriteBatch", "commit"),
        *each(
            External("", False, "sdk"), "google.oauth2.id_token", "verify_oauth2_token verify_firebase_token"
        ),
        *each(External("", False, "sdk"), "firebase_admin.auth", "verify_id_token get_user create_user"),
        *each(External("", False, "sdk"), "firebase_admin.messaging", "send send_each"),
        *each(External("", False, "sdk"), "googleapiclient.http.HttpRequest", "execute next_chunk"),
        *each(External("", False, "sdk"), "googleapiclient.http.BatchHttpRequest", "execute"),
        *each(External("", False, "sdk"), "googleapiclient.http.MediaIoBaseDownload", "next_chunk"),
        *each(External("", False, "sdk"), "azure.storage.blob.BlobClient", _BLOB_CLIENT),
        *each(External("", False, "sdk"), "azure.keyvault.secrets.SecretClient", _SECRETS),
        External("aiobotocore.client.AioBaseClient.*", is_async=True, kind="sdk", excluding=_LOCAL),
        *each(External("", True, "sdk"), "azure.storage.blob.aio.BlobClient", _BLOB_CLIENT),
        *each(
            External("", True, "sdk"),
            "azure.storage.blob.aio.ContainerClient",
            f"{_CONTAINER_CLIENT} list_blobs",
        ),
        *each(
            External("", False, "sdk"),
            "minio.Minio",
            "put_object get_object fput_object fget_object stat_object remove_object",
        ),
    ),
    clients=(
        *each(Client("", "close", "sdk", _BOTO_COST, 11.5), "boto3", "client resource"),
        Client("boto3.Session", "", "sdk", _SESSION_COST, 11.5),
        *each(Client("", "close", "sdk", _BOTO_COST, 11.5), "boto3.Session", "client resource"),
        Client("aioboto3.Session", "", "sdk", _BOTO_COST, 11.5, is_async=True),
        *each(
            Client("", "close", "sdk", _BOTO_COST, 11.5, is_async=True), "aioboto3.Session", "client resource"
        ),
        Client(
            "aiobotocore.session.AioSession.create_client", "close", "sdk", _BOTO_COST, 11.5, is_async=True
        ),
        Client("aiobotocore.session.get_session", "", "sdk", _BOTO_COST, 11.5, is_async=True),
        Client(
            "google.cloud.storage.Client", "close", "sdk", "credentials look-up, a token and a connection"
        ),
        Client(
            "google.cloud.bigquery.Client", "close", "sdk", "credentials look-up, a token and a connection"
        ),
        Client("google.cloud.firestore.Client", "close", "sdk", "credentials look-up and a gRPC channel"),
        Client(
            "google.cloud.firestore.AsyncClient",
            "close",
            "sdk",
            "credentials look-up and a gRPC channel",
            is_async=True,
        ),
        Client(
            "google.cloud.pubsub_v1.PublisherClient", "stop", "sdk", "credentials look-up and a gRPC channel"
        ),
        Client(
            "google.cloud.secretmanager.SecretManagerServiceClient",
            "",
            "sdk",
            "credentials look-up and a gRPC channel",
        ),
        Client(
            "azure.storage.blob.BlobServiceClient.from_connection_string",
            "close",
            "sdk",
            "a pipeline and its connections",
        ),
        Client("azure.storage.blob.BlobServiceClient", "close", "sdk", "a pipeline and its connections"),
        Client(
            "azure.storage.blob.aio.BlobServiceClient.from_connection_string",
            "close",
            "sdk",
            "a pipeline and its connections",
            is_async=True,
        ),
        Client(
            "azure.storage.blob.aio.BlobServiceClient",
            "close",
            "sdk",
            "a pipeline and its connections",
            is_async=True,
        ),
        Client("azure.keyvault.secrets.SecretClient", "close", "sdk", "a pipeline, a token and a connection"),
        Client(
            "azure.identity.DefaultAzureCredential",
            "close",
            "sdk",
            "its token cache: a token is fetched again",
        ),
        *each(
            Client("", "close", "sdk", "its token cache: a token is fetched again", is_async=True),
            "azure.identity.aio",
            "DefaultAzureCredential ManagedIdentityCredential ClientSecretCredential",
        ),
        *each(
            Client("", "close", "sdk", "its token cache: a token is fetched again"),
            "azure.identity",
            "ManagedIdentityCredential ClientSecretCredential",
        ),
        Client("azure.cosmos.CosmosClient", "", "sdk", "a look at the account, and every connection anew"),
        Client(
            "azure.cosmos.aio.CosmosClient",
            "close",
            "sdk",
            "a look at the account, and every connection anew",
            is_async=True,
        ),
        Client("googleapiclient.discovery.build", "close", "sdk", "the download of the API description"),
        Client("minio.Minio", "", "sdk", "every connection anew"),
    ),
    returns={
        "boto3.client": "boto3.client.{}",
        "boto3.resource": "boto3.resource.{}",
        "boto3.Session": "boto3.Session",
        "boto3.Session.client": "boto3.client.{}",
        "boto3.Session.resource": "boto3.resource.{}",
        # What a service resource holds; their names do not carry the service.
        **alike("Bucket", "boto3.resource.bucket", "boto3.resource"),
        **alike("all filter limit page_size", _OBJECTS, _OBJECTS),
        **alike("Object", "boto3.resource.object", "boto3.resource"),
        **alike("Object", "boto3.resource.object", "boto3.resource.bucket"),
        **alike("Table create_table", "boto3.resource.table", "boto3.resource"),
        **alike("Queue get_queue_by_name create_queue", "boto3.resource.queue", "boto3.resource"),
        **alike("Topic create_topic", "boto3.resource.topic", "boto3.resource"),
        "aioboto3.Session": "aioboto3.Session",
        "aioboto3.Session.client": "aioboto3.client.{}",
        "aioboto3.Session.resource": "aioboto3.client.{}",
        "aiobotocore.session.get_session": "aiobotocore.session.AioSession",
        "aiobotocore.session.AioSession": "aiobotocore.session.AioSession",
        "aiobotocore.session.AioSession.create_client": "aioboto3.client.{}",
        # What a service is asked, resource by resource: `service.users().list(customer=name).execute()`.
        **alike("build build_from_document", _RESOURCE, "googleapiclient.discovery"),
        f"{_RESOURCE}.__call__": _RESOURCE,
        f"{_RESOURCE}.new_batch_http_request": "googleapiclient.http.BatchHttpRequest",
        "googleapiclient.http.BatchHttpRequest": "googleapiclient.http.BatchHttpRequest",
        "googleapiclient.http.MediaIoBaseDownload": "googleapiclient.http.MediaIoBaseDownload",
        **{
            f"boto3.client{service}.{method}": made
            for service in ("", *(f".{name}" for name in _STUBBED))
            for method, made in (
                ("get_paginator", "botocore.paginate.Paginator"),
                ("get_waiter", "botocore.waiter.Waiter"),
            )
        },
        **{
            f"boto3.client{service}.{method}": _ANSWER
            for service, methods in (
                ("", "get_object invoke invoke_model synthesize_speech"),
                (".s3", "get_object"),
                (".lambda", "invoke"),
                (".bedrock_runtime", "invoke_model"),
            )
            for method in methods.split()
        },
        "boto3.resource.object.get": _ANSWER,
        f"{_ANSWER}.__getitem__": _BODY,
        "botocore.paginate.Paginator.paginate": "botocore.paginate.PageIterator",
        **{
            f"google_auth_oauthlib.flow.{flow}{maker}": f"google_auth_oauthlib.flow.{flow}"
            for flow in ("Flow", "InstalledAppFlow")
            for maker in ("", ".from_client_config", ".from_client_secrets_file")
        },
        "google.cloud.storage.Client": "google.cloud.storage.Client",
        "google.cloud.storage.Client.list_blobs": "google.cloud.storage.client.page_iterator.HTTPIterator",
        "google.cloud.storage.Client.list_buckets": "google.api_core.page_iterator.HTTPIterator",
        "google.cloud.storage.Bucket.list_blobs": "google.cloud.storage.client.page_iterator.HTTPIterator",
        **alike(
            "list_blobs walk_blobs list_blob_names find_blobs_by_tags",
            "azure.storage.blob._container_client.ItemPaged",
            "azure.storage.blob.ContainerClient",
        ),
        "azure.storage.blob.BlobServiceClient.list_containers": "azure.storage.blob._container_client.ItemPaged",
        **alike(
            "bucket get_bucket create_bucket", "google.cloud.storage.Bucket", "google.cloud.storage.Client"
        ),
        **alike("blob get_blob copy_blob", "google.cloud.storage.Blob", "google.cloud.storage.Bucket"),
        "google.cloud.bigquery.Client": "google.cloud.bigquery.Client",
        "google.cloud.bigquery.Client.query": "google.cloud.bigquery.job.QueryJob",
        **alike(
            "load_table_from_dataframe load_table_from_json load_table_from_file load_table_from_uri",
            "google.cloud.bigquery.job.LoadJob",
            "google.cloud.bigquery.Client",
        ),
        **{
            name: name
            for name in (
                "google.cloud.secretmanager.SecretManagerServiceClient",
                "google.cloud.vision.ImageAnnotatorClient",
                "google.cloud.translate_v2.Client",
                "google.cloud.tasks_v2.CloudTasksClient",
                "google.cloud.pubsub_v1.PublisherClient",
                "google.cloud.pubsub_v1.SubscriberClient",
                "google.cloud.firestore.Client",
                "google.cloud.firestore.AsyncClient",
                "azure.storage.blob.BlobServiceClient",
                "azure.storage.blob.BlobClient",
                "azure.storage.blob.ContainerClient",
                "azure.keyvault.secrets.SecretClient",
                "azure.identity.DefaultAzureCredential",
                "azure.identity.ClientSecretCredential",
                "azure.identity.ManagedIdentityCredential",
                "minio.Minio",
            )
        },
        "google.cloud.pubsub_v1.PublisherClient.publish": "google.cloud.pubsub_v1.publisher.futures.Future",
        **{
            name: name
            for name in (
                "google.oauth2.credentials.Credentials",
                "google.oauth2.service_account.Credentials",
            )
        },
        **alike(
            "from_authorized_user_file from_authorized_user_info",
            "google.oauth2.credentials.Credentials",
            "google.oauth2.credentials.Credentials",
        ),
        **alike(
            "from_service_account_file from_service_account_info",
            "google.oauth2.service_account.Credentials",
            "google.oauth2.service_account.Credentials",
        ),
        "google.cloud.firestore.Client.collection": "google.cloud.firestore.CollectionReference",
        "google.cloud.firestore.Client.document": "google.cloud.firestore.DocumentReference",
        "google.cloud.firestore.CollectionReference.document": "google.cloud.firestore.DocumentReference",
        **alike(
            "where order_by limit",
            "google.cloud.firestore.Query",
            "google.cloud.firestore.CollectionReference",
        ),
        **alike("where order_by limit", "google.cloud.firestore.Query", "google.cloud.firestore.Query"),
        **alike(
            "collection collection_group",
            f"{_FIRE}AsyncCollectionReference",
            f"{_FIRE}AsyncClient",
        ),
        f"{_FIRE}AsyncClient.document": f"{_FIRE}AsyncDocumentReference",
        f"{_FIRE}AsyncCollectionReference.document": f"{_FIRE}AsyncDocumentReference",
        f"{_FIRE}AsyncDocumentReference.collection": f"{_FIRE}AsyncCollectionReference",
        **{
            f"{_FIRE}{owner}.{name}": f"{_FIRE}AsyncQuery"
            for owner in ("AsyncCollectionReference", "AsyncQuery")
            for name in ("where", "order_by", "limit")
        },
        f"{_FIRE}AsyncClient.batch": f"{_FIRE}AsyncWriteBatch",
        f"{_FIRE}Client.batch": f"{_FIRE}WriteBatch",
        f"{_FIRE}DocumentReference.collection": f"{_FIRE}CollectionReference",
        "firebase_admin.firestore_async.client": f"{_FIRE}AsyncClient",
        "firebase_admin.firestore.client": "google.cloud.firestore.Client",
        "azure.storage.blob.BlobServiceClient.from_connection_string": "azure.storage.blob.BlobServiceClient",
        "azure.storage.blob.BlobServiceClient.get_blob_client": "azure.storage.blob.BlobClient",
        "azure.storage.blob.BlobServiceClient.get_container_client": "azure.storage.blob.ContainerClient",
        "azure.storage.blob.ContainerClient.get_blob_client": "azure.storage.blob.BlobClient",
        "azure.storage.blob.aio.BlobServiceClient": "azure.storage.blob.aio.BlobServiceClient",
        "azure.storage.blob.aio.BlobServiceClient.from_connection_string": "azure.storage.blob.aio.BlobServiceClient",
        "azure.storage.blob.aio.BlobServiceClient.get_blob_client": "azure.storage.blob.aio.BlobClient",
        "azure.storage.blob.aio.BlobServiceClient.get_container_client": "azure.storage.blob.aio.ContainerClient",
        "azure.storage.blob.aio.ContainerClient.get_blob_client": "azure.storage.blob.aio.BlobClient",
    },
    items={"google.cloud.storage.client.page_iterator.HTTPIterator": "google.cloud.storage.Blob"},
    open_attributes={_RESOURCE: _RESOURCE},
    members=frozenset({"execute", "next_chunk", "new_batch_http_request"}),
    aliases={
        **_stubs(),
        **{
            f"{_RESOURCE}.{name}": f"googleapiclient.http.HttpRequest.{name}"
            for name in ("execute", "next_chunk")
        },
        "apiclient": "googleapiclient",
        "boto3.session.Session": "boto3.Session",
        "aioboto3.session.Session": "aioboto3.Session",
        "google.cloud.storage.client.Client": "google.cloud.storage.Client",
        "google.cloud.storage.blob.Blob": "google.cloud.storage.Blob",
        "google.cloud.storage.bucket.Bucket": "google.cloud.storage.Bucket",
        "google.cloud.bigquery.QueryJob": "google.cloud.bigquery.job.QueryJob",
        "google.cloud.secretmanager_v1.SecretManagerServiceClient": "google.cloud.secretmanager.SecretManagerServiceClient",
    },
)
