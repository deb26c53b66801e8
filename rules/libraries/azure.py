"""Azure's services beyond storage, secrets and identities: search, documents, speech, messages, tables, events, management."""

from collections.abc import Iterator

from msgspec import Struct

from rules.libraries.model import Blocking, Client, External, Kind, Library, each

_ASYNC = "the same class in the `.aio` sub-package"
_COST = "a pipeline, a token and its connections"
_POLLER, _AWAITED_POLLER = "azure.core.polling.LROPoller", "azure.core.polling.AsyncLROPoller"
_PAGES = "azure.core.paging.ItemPaged"
"""What is asked page by page, while somebody goes through it."""


def _awaited(name: str) -> str:
    """The same class, or a method of it, where it is awaited."""
    parts = name.split(".")
    owner = next(at for at, part in enumerate(parts) if part[:1].isupper())
    return ".".join((*parts[:owner], "aio", *parts[owner:]))


class _Service(Struct, frozen=True):
    """A class with the calls that wait, and those that give pages."""

    name: str
    calls: str
    pages: str = ""
    held: bool = False
    """Another client makes it, and it costs nothing."""
    closes: bool = True
    """Where it is synchronous; what is awaited can always be closed."""
    only_awaited: bool = False
    """Its synchronous twin stands elsewhere."""

    @property
    def sibling(self) -> str:
        return _awaited(self.name)


_COMMUNICATION = "azure.communication"
_MANAGED = "begin_create_or_update begin_delete get"
_SERVICES = (
    _Service(f"{_COMMUNICATION}.email.EmailClient", "begin_send"),
    _Service(f"{_COMMUNICATION}.sms.SmsClient", "send", closes=False),
    _Service(
        f"{_COMMUNICATION}.identity.CommunicationIdentityClient",
        "create_user create_user_and_token delete_user get_token revoke_tokens get_token_for_teams_user",
        closes=False,
    ),
    _Service(
        f"{_COMMUNICATION}.chat.ChatClient", "create_chat_thread delete_chat_thread", "list_chat_threads"
    ),
    _Service(
        f"{_COMMUNICATION}.chat.ChatThreadClient",
        "get_properties update_topic send_read_receipt send_typing_notification send_message get_message update_message"
        " delete_message add_participants remove_participant",
        "list_messages list_participants list_read_receipts",
        held=True,
    ),
    _Service(
        f"{_COMMUNICATION}.callautomation.CallAutomationClient",
        "connect_call create_call create_group_call answer_call redirect_call reject_call start_recording stop_recording"
        " pause_recording resume_recording get_recording_properties download_recording delete_recording",
    ),
    _Service(
        f"{_COMMUNICATION}.callautomation.CallConnectionClient",
        "get_call_properties hang_up get_participant transfer_call_to_participant add_participant remove_participant"
        " play_media play_media_to_all start_recognizing_media cancel_all_media_operations"
        " start_continuous_dtmf_recognition stop_continuous_dtmf_recognition send_dtmf_tones mute_participant"
        " start_transcription stop_transcription hold unhold start_media_streaming stop_media_streaming",
        "list_participants",
        held=True,
    ),
    _Service(
        "azure.search.documents.SearchClient",
        "get_document_count get_document index_documents upload_documents delete_documents merge_documents"
        " merge_or_upload_documents autocomplete suggest",
        "search",
    ),
    _Service(
        "azure.search.documents.indexes.SearchIndexClient",
        "get_index create_index create_or_update_index delete_index get_index_statistics get_service_statistics"
        " analyze_text create_or_update_synonym_map",
        "list_indexes list_index_names",
    ),
    _Service(
        "azure.search.documents.indexes.SearchIndexerClient",
        "get_indexer create_indexer create_or_update_indexer delete_indexer run_indexer reset_indexer get_indexer_status"
        " get_skillset create_skillset create_or_update_skillset delete_skillset"
        " create_data_source_connection create_or_update_data_source_connection delete_data_source_connection",
    ),
    _Service(
        "azure.ai.documentintelligence.DocumentIntelligenceClient",
        "begin_analyze_document begin_analyze_batch_documents begin_classify_document get_analyze_result_pdf"
        " get_analyze_result_figure delete_analyze_result",
    ),
    _Service(
        "azure.ai.formrecognizer.DocumentAnalysisClient",
        "begin_analyze_document begin_analyze_document_from_url begin_classify_document"
        " begin_classify_document_from_url",
    ),
    _Service(
        "azure.ai.formrecognizer.FormRecognizerClient",
        "begin_recognize_receipts begin_recognize_receipts_from_url begin_recognize_invoices"
        " begin_recognize_invoices_from_url begin_recognize_identity_documents begin_recognize_content"
        " begin_recognize_content_from_url begin_recognize_custom_forms begin_recognize_custom_forms_from_url",
    ),
    _Service("azure.ai.inference.ChatCompletionsClient", "complete get_model_info"),
    _Service("azure.ai.inference.EmbeddingsClient", "embed get_model_info"),
    _Service("azure.ai.inference.ImageEmbeddingsClient", "embed get_model_info"),
    _Service(
        "azure.ai.projects.AIProjectClient",
        "agents.get agents.delete agents.create_version agents.get_version agents.delete_version connections.get"
        " connections.get_default deployments.get datasets.get datasets.upload_file datasets.upload_folder indexes.get"
        " indexes.create_or_update",
    ),
    _Service(
        "azure.ai.contentsafety.ContentSafetyClient",
        "analyze_text analyze_image",
    ),
    _Service(
        "azure.ai.textanalytics.TextAnalyticsClient",
        "detect_language recognize_entities recognize_pii_entities recognize_linked_entities extract_key_phrases"
        " analyze_sentiment begin_analyze_actions begin_analyze_healthcare_entities begin_extract_summary"
        " begin_abstract_summary",
    ),
    _Service(
        "azure.ai.translation.text.TextTranslationClient", "translate transliterate get_supported_languages"
    ),
    _Service(
        "azure.data.tables.TableClient",
        "create_table delete_table create_entity update_entity upsert_entity delete_entity get_entity"
        " submit_transaction",
        "list_entities query_entities",
    ),
    _Service(
        "azure.data.tables.TableServiceClient",
        "create_table create_table_if_not_exists delete_table get_service_properties",
        "list_tables query_tables",
    ),
    _Service(
        "azure.eventhub.EventHubProducerClient",
        "send_event send_batch create_batch get_eventhub_properties get_partition_ids get_partition_properties flush",
    ),
    _Service(
        "azure.eventhub.EventHubConsumerClient",
        "receive receive_batch get_eventhub_properties get_partition_ids get_partition_properties",
    ),
    _Service("azure.eventgrid.EventGridPublisherClient", "send"),
    _Service("azure.monitor.query.LogsQueryClient", "query_workspace query_resource query_batch"),
    _Service(
        "azure.appconfiguration.AzureAppConfigurationClient",
        "get_configuration_setting set_configuration_setting add_configuration_setting delete_configuration_setting",
        "list_configuration_settings",
    ),
    _Service(
        "azure.keyvault.keys.KeyClient",
        "get_key create_key create_rsa_key create_ec_key rotate_key import_key",
        "list_properties_of_keys",
    ),
    _Service(
        "azure.keyvault.keys.crypto.CryptographyClient",
        "encrypt decrypt sign verify wrap_key unwrap_key",
        held=True,
    ),
    _Service(
        "azure.storage.fileshare.ShareFileClient",
        "upload_file download_file create_file delete_file get_file_properties exists upload_range",
        held=True,
    ),
    _Service(
        "azure.storage.fileshare.ShareDirectoryClient",
        "create_directory delete_directory upload_file delete_file exists create_subdirectory",
        "list_directories_and_files",
        held=True,
    ),
    _Service("azure.storage.filedatalake.DataLakeServiceClient", "create_file_system delete_file_system"),
    _Service(
        "azure.storage.filedatalake.FileSystemClient",
        "create_file create_directory delete_file delete_directory exists get_file_system_properties",
        "get_paths",
        held=True,
    ),
    _Service(
        "azure.storage.filedatalake.DataLakeFileClient",
        "upload_data append_data flush_data download_file create_file delete_file exists get_file_properties rename_file",
        held=True,
    ),
    _Service(
        "azure.storage.filedatalake.DataLakeDirectoryClient",
        "create_directory delete_directory create_file exists get_directory_properties",
        held=True,
    ),
    _Service(
        "azure.mgmt.resource.resources.ResourceManagementClient",
        "resource_groups.get resource_groups.create_or_update resource_groups.begin_delete"
        " resource_groups.check_existence",
    ),
    _Service(
        "azure.mgmt.compute.ComputeManagementClient",
        "virtual_machines.get virtual_machines.instance_view virtual_machines.begin_start"
        " virtual_machines.begin_deallocate virtual_machines.begin_power_off virtual_machines.begin_restart"
        " virtual_machines.begin_delete virtual_machines.begin_create_or_update",
    ),
    _Service(
        "azure.mgmt.network.NetworkManagementClient",
        " ".join(
            f"{part}.{call}"
            for part in ("network_interfaces", "public_ip_addresses", "virtual_networks")
            for call in _MANAGED.split()
        ),
    ),
    # Their synchronous twins stand in `cloud.py`.
    _Service(
        "azure.cosmos.ContainerProxy",
        "read_item create_item upsert_item replace_item delete_item patch_item",
        only_awaited=True,
    ),
    *(
        _Service(f"azure.identity.{name}", "get_token", only_awaited=True)
        for name in ("DefaultAzureCredential", "ClientSecretCredential", "ManagedIdentityCredential")
    ),
    _Service("azure.keyvault.secrets.SecretClient", "get_secret set_secret delete_secret", only_awaited=True),
    _Service("azure.servicebus.ServiceBusSender", "send_messages schedule_messages", only_awaited=True),
    _Service(
        "azure.servicebus.ServiceBusReceiver",
        "receive_messages complete_message abandon_message dead_letter_message",
        only_awaited=True,
    ),
    _Service(
        "azure.storage.queue.QueueClient",
        "send_message receive_message delete_message peek_messages",
        only_awaited=True,
    ),
)

# What clients make of themselves, where they are synchronous and where they are awaited.
_MAKES = (
    *(
        (f"{name}.from_connection_string", name)
        for name in (
            *("azure.communication.email.EmailClient", "azure.communication.sms.SmsClient"),
            "azure.communication.identity.CommunicationIdentityClient",
            "azure.communication.callautomation.CallAutomationClient",
            *("azure.data.tables.TableClient", "azure.data.tables.TableServiceClient"),
            *("azure.eventhub.EventHubProducerClient", "azure.eventhub.EventHubConsumerClient"),
            "azure.appconfiguration.AzureAppConfigurationClient",
            *(
                "azure.storage.filedatalake.DataLakeServiceClient",
                "azure.storage.filedatalake.FileSystemClient",
            ),
            *("azure.storage.fileshare.ShareFileClient", "azure.storage.fileshare.ShareDirectoryClient"),
        )
    ),
    (
        "azure.communication.chat.ChatClient.get_chat_thread_client",
        "azure.communication.chat.ChatThreadClient",
    ),
    (
        "azure.communication.callautomation.CallAutomationClient.get_call_connection",
        "azure.communication.callautomation.CallConnectionClient",
    ),
    ("azure.data.tables.TableServiceClient.get_table_client", "azure.data.tables.TableClient"),
    (
        "azure.search.documents.indexes.SearchIndexClient.get_search_client",
        "azure.search.documents.SearchClient",
    ),
    (
        "azure.keyvault.keys.KeyClient.get_cryptography_client",
        "azure.keyvault.keys.crypto.CryptographyClient",
    ),
    *(
        (f"azure.storage.filedatalake.{owner}.{name}", f"azure.storage.filedatalake.{given}")
        for owner, name, given in (
            ("DataLakeServiceClient", "get_file_system_client", "FileSystemClient"),
            ("DataLakeServiceClient", "get_file_client", "DataLakeFileClient"),
            ("DataLakeServiceClient", "get_directory_client", "DataLakeDirectoryClient"),
            ("FileSystemClient", "get_file_client", "DataLakeFileClient"),
            ("FileSystemClient", "get_directory_client", "DataLakeDirectoryClient"),
            ("DataLakeDirectoryClient", "get_file_client", "DataLakeFileClient"),
        )
    ),
    (
        "azure.storage.fileshare.ShareDirectoryClient.get_file_client",
        "azure.storage.fileshare.ShareFileClient",
    ),
    (
        "azure.storage.fileshare.ShareDirectoryClient.get_subdirectory_client",
        "azure.storage.fileshare.ShareDirectoryClient",
    ),
    *(
        (f"azure.servicebus.ServiceBusClient.{name}", f"azure.servicebus.{given}")
        for name, given in (
            ("from_connection_string", "ServiceBusClient"),
            ("get_queue_sender", "ServiceBusSender"),
            ("get_topic_sender", "ServiceBusSender"),
            ("get_queue_receiver", "ServiceBusReceiver"),
            ("get_subscription_receiver", "ServiceBusReceiver"),
        )
    ),
    ("azure.cosmos.CosmosClient.from_connection_string", "azure.cosmos.CosmosClient"),
    ("azure.cosmos.CosmosClient.get_database_client", "azure.cosmos.DatabaseProxy"),
    ("azure.cosmos.DatabaseProxy.get_container_client", "azure.cosmos.ContainerProxy"),
    ("azure.storage.queue.QueueClient.from_connection_string", "azure.storage.queue.QueueClient"),
    (
        "azure.storage.queue.QueueServiceClient.from_connection_string",
        "azure.storage.queue.QueueServiceClient",
    ),
    ("azure.storage.queue.QueueServiceClient.get_queue_client", "azure.storage.queue.QueueClient"),
    *((name, name) for name in ("azure.cosmos.CosmosClient", "azure.servicebus.ServiceBusClient")),
    *((name, name) for name in ("azure.storage.queue.QueueClient", "azure.storage.queue.QueueServiceClient")),
)
_SPEECH = "azure.cognitiveservices.speech"
_SAYS = "speak_text speak_ssml"
_HEARS = "recognize_once"


def _returns() -> Iterator[tuple[str, str]]:
    for name, given in _MAKES:
        yield _awaited(name), _awaited(given)
        yield name, given
    for service in _SERVICES:
        sides = [(service.sibling, _AWAITED_POLLER)]
        if not service.only_awaited:
            sides.append((service.name, _POLLER))
            yield from ((f"{service.name}.{name}", _PAGES) for name in service.pages.split())
        for side, poller in sides:
            yield side, side
            yield from ((f"{side}.{name}", poller) for name in service.calls.split() if "begin_" in name)
    for name in ("SpeechSynthesizer", "SpeechRecognizer"):
        yield f"{_SPEECH}.{name}", f"{_SPEECH}.{name}"
    for name in _SAYS.split():
        yield f"{_SPEECH}.SpeechSynthesizer.{name}_async", f"{_SPEECH}.ResultFuture"
    yield f"{_SPEECH}.SpeechRecognizer.{_HEARS}_async", f"{_SPEECH}.ResultFuture"
    yield "azure.ai.projects.AIProjectClient.get_openai_client", "openai.OpenAI"
    yield "azure.ai.projects.aio.AIProjectClient.get_openai_client", "openai.AsyncOpenAI"


_both = [service for service in _SERVICES if not service.only_awaited]

LIBRARY = Library(
    blocking=(
        # It asks what regions the account has.
        Blocking("azure.cosmos.CosmosClient", Kind.NET, "`azure.cosmos.aio.CosmosClient`", construct=True),
        *(
            entry
            for service in _both
            for entry in each(Blocking("", Kind.NET, _ASYNC), service.name, service.calls)
        ),
        *each(Blocking("", Kind.NET, _ASYNC), _POLLER, "result wait"),
        Blocking(f"{_PAGES}.__iter__", Kind.NET, _ASYNC),
        *each(Blocking("", Kind.NET, "a `def` endpoint"), f"{_SPEECH}.SpeechSynthesizer", _SAYS),
        *each(Blocking("", Kind.NET, "a `def` endpoint"), f"{_SPEECH}.SpeechRecognizer", _HEARS),
        *each(Blocking("", Kind.NET, "a `def` endpoint"), f"{_SPEECH}.ResultFuture", "get"),
    ),
    external=(
        *(
            entry
            for service in _both
            for entry in each(External("", False, "sdk"), service.name, service.calls)
        ),
        *(
            entry
            for service in _SERVICES
            for entry in each(External("", True, "sdk"), service.sibling, service.calls)
        ),
        External("azure.search.documents.aio.SearchClient.search", True, "sdk"),
        *each(External("", False, "sdk"), _POLLER, "result wait"),
        *each(External("", True, "sdk"), _AWAITED_POLLER, "result wait"),
    ),
    clients=tuple(
        Client(f"{name}{way}", "close" if service.closes or is_async else "", "sdk", _COST, is_async=is_async)
        for service in _both
        if not service.held
        for name, is_async in ((service.name, False), (service.sibling, True))
        for way in ("", ".from_connection_string")
        if not way or f"{service.name}{way}" in dict(_MAKES)
    ),
    returns=dict(_returns()),
    aliases={
        "azure.cosmos.cosmos_client.CosmosClient": "azure.cosmos.CosmosClient",
        "azure.cosmos.aio._cosmos_client.CosmosClient": "azure.cosmos.aio.CosmosClient",
        "azure.mgmt.resource.ResourceManagementClient": "azure.mgmt.resource.resources.ResourceManagementClient",
    },
    former={"azure.mgmt.resource.ResourceManagementClient": "azure-mgmt-resource==25.0.0"},
)
