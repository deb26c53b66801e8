"""Machines and what runs on them: containers, sandboxes, clusters, shells, devices; how services find and call each other."""

from rules.libraries.model import (
    ANEW,
    PLAIN,
    Blocking,
    Client,
    External,
    Kind,
    Library,
    Sdk,
    Timeout,
    alike,
    each,
    leaving,
    made,
    waiting,
)

_DAPR = (
    "invoke_method invoke_binding publish_event get_state get_bulk_state query_state save_state save_bulk_state delete_state"
    " execute_state_transaction get_secret get_bulk_secret get_configuration try_lock unlock"
)
_WORKFLOWS = (
    "schedule_new_workflow get_workflow_state wait_for_workflow_start wait_for_workflow_completion raise_workflow_event"
    " terminate_workflow pause_workflow resume_workflow purge_workflow"
)
_SANDBOX = "commands.run files.write files.read files.list kill run_code"
_CONTAINER = "start stop restart remove logs exec_run wait kill reload stats put_archive get_archive commit pause unpause top diff"
_RUNNING = "aiodocker.containers.DockerContainer"
_STARTS = "create get list start stop delete"
_INSIDE = (
    "process.exec process.code_run process.create_session process.execute_session_command fs.upload_file fs.download_file"
    " fs.list_files fs.create_folder fs.delete_file git.clone git.status get_preview_link start stop delete"
)
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
_SDKS = (
    Sdk(("daytona.Daytona",), _STARTS, "`daytona.AsyncDaytona`", ("daytona.AsyncDaytona",)),
    Sdk(("daytona.Sandbox",), _INSIDE, "`daytona.AsyncDaytona`", ("daytona.AsyncSandbox",)),
    Sdk(
        ("serial.Serial",),
        "read read_until readline readlines",
        "`serial_asyncio.open_serial_connection`",
    ),
    Sdk(
        ("zeroconf.Zeroconf",),
        "register_service unregister_service update_service get_service_info",
        "`zeroconf.asyncio.AsyncZeroconf`",
        ("zeroconf.asyncio.AsyncZeroconf",),
        "async_register_service async_unregister_service async_update_service async_get_service_info",
    ),
    Sdk(
        ("argo_workflows.api.workflow_service_api.WorkflowServiceApi",),
        "create_workflow get_workflow list_workflows delete_workflow terminate_workflow retry_workflow resume_workflow"
        " submit_workflow stop_workflow",
        PLAIN,
    ),
    Sdk(("ansible_runner",), "run run_command", "a queue worker", waits=Kind.PROC),
    Sdk(("pexpect",), "run", "`asyncio.create_subprocess_exec`", waits=Kind.PROC),
    Sdk(("pexpect.spawn",), "expect expect_exact wait read", "`expect(…, async_=True)`", waits=Kind.PROC),
    Sdk(("kubernetes.watch.Watch",), "stream", "`kubernetes_asyncio.watch`"),
    Sdk(
        (),
        "",
        awaited=(_RUNNING,),
        awaited_calls="show stop start restart kill wait delete rename log stats commit put_archive get_archive",
    ),
    Sdk(
        (),
        "",
        awaited=("aiodocker.Docker",),
        awaited_calls="containers.list containers.create containers.create_or_replace containers.run containers.get"
        " images.list images.inspect images.pull images.push images.build images.delete networks.list networks.create"
        " networks.get volumes.list volumes.create volumes.get system.info version",
    ),
    Sdk((), "", awaited=("asyncssh",), awaited_calls="connect"),
    Sdk(
        (),
        "",
        awaited=("asyncssh.SSHClientConnection",),
        awaited_calls="run create_process start_sftp_client",
    ),
    Sdk(
        (),
        "",
        awaited=("asyncssh.SFTPClient",),
        awaited_calls="get put listdir stat remove mkdir exists glob",
    ),
    Sdk(("e2b.Sandbox",), _SANDBOX, "`AsyncSandbox`", ("e2b.AsyncSandbox",)),
    Sdk(("docker.models.containers.Container",), _CONTAINER, "`aiodocker`"),
    Sdk(
        ("docker.DockerClient",),
        "ping info version df login networks.create networks.list networks.get networks.prune volumes.create"
        " volumes.list volumes.get volumes.prune",
        "`aiodocker`",
    ),
    Sdk(("docker.models.networks.Network",), "connect disconnect remove reload", "`aiodocker`"),
    Sdk(("docker.models.volumes.Volume", "docker.models.images.Image"), "remove reload", "`aiodocker`"),
    Sdk(
        ("docker.APIClient",),
        "containers images pull build create_container start stop logs inspect_container exec_create exec_start",
        "`aiodocker`",
    ),
    Sdk(
        ("dapr.clients.DaprClient",),
        _DAPR,
        "`dapr.aio.clients.DaprClient`",
        ("dapr.aio.clients.DaprClient",),
        kind="queue",
    ),
    Sdk(
        ("dapr.ext.workflow.DaprWorkflowClient",),
        _WORKFLOWS,
        "`dapr.ext.workflow.aio.DaprWorkflowClient`",
        ("dapr.ext.workflow.aio.DaprWorkflowClient",),
    ),
    Sdk(("consul.Consul",), "kv.get kv.put agent.service.register agent.services health.service"),
)

LIBRARY = Library(
    blocking=(
        *waiting(_SDKS),
        *each(Blocking("", Kind.NET, "`AsyncSandbox`"), "e2b.Sandbox", "create connect"),
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
    clients=(
        Client("aiodocker.Docker", "close", "sdk", "its session and connections anew", is_async=True),
        Client("daytona.AsyncDaytona", "close", "sdk", ANEW, is_async=True),
        Client("docker.from_env", "close", "sdk", "a connection to the daemon"),
    ),
    external=(
        *leaving(_SDKS),
        *(entry for api, calls in _KUBE.items() for entry in each(External("", False, "sdk"), api, calls)),
        *(
            entry
            for api, calls in _KUBE.items()
            for entry in each(
                External("", True, "sdk"), api.replace("kubernetes", "kubernetes_asyncio"), calls
            )
        ),
    ),
    returns={
        **made(_SDKS),
        **{
            name: name
            for name in (
                "paramiko.SSHClient",
                "fabric.Connection",
                *_KUBE,
                *(api.replace("kubernetes", "kubernetes_asyncio") for api in _KUBE),
            )
        },
        "daytona.Daytona.create": "daytona.Sandbox",
        "daytona.Daytona.get": "daytona.Sandbox",
        "daytona.AsyncDaytona.create": "daytona.AsyncSandbox",
        "daytona.AsyncDaytona.get": "daytona.AsyncSandbox",
        **{
            f"aiodocker.Docker.containers.{name}": _RUNNING
            for name in ("get", "create", "create_or_replace", "run", "container")
        },
        "aiodocker.Docker.containers.list": "aiodocker.containers.DockerContainers",
        "asyncssh.connect": "asyncssh.SSHClientConnection",
        "asyncssh.SSHClientConnection.start_sftp_client": "asyncssh.SFTPClient",
        "e2b.Sandbox.create": "e2b.Sandbox",
        "e2b.AsyncSandbox.create": "e2b.AsyncSandbox",
        **{
            f"docker.DockerClient.containers.{name}": "docker.models.containers.Container"
            for name in ("get", "create", "run")
        },
        **alike("get create", "docker.models.networks.Network", "docker.DockerClient.networks"),
        **alike("get create", "docker.models.volumes.Volume", "docker.DockerClient.volumes"),
        **alike("get pull", "docker.models.images.Image", "docker.DockerClient.images"),
        "docker.DockerClient.containers.list": "docker.models.containers.ContainerCollection",
        "psutil.Process": "psutil.Process",
        "netmiko.ConnectHandler": "netmiko.BaseConnection",
        "pysftp.Connection": "pysftp.Connection",
        "paramiko.SSHClient.open_sftp": "paramiko.SFTPClient",
        "paramiko.SFTPClient.from_transport": "paramiko.SFTPClient",
        "docker.from_env": "docker.DockerClient",
        "docker.DockerClient": "docker.DockerClient",
    },
    items={
        "aiodocker.containers.DockerContainers": _RUNNING,
        "docker.models.containers.ContainerCollection": "docker.models.containers.Container",
    },
    aliases={
        "aiodocker.docker.Docker": "aiodocker.Docker",
        "aiodocker.docker.DockerContainer": _RUNNING,
        "dapr.aio.clients.grpc.client.DaprGrpcClientAsync": "dapr.aio.clients.DaprClient",
        "dapr.clients.grpc.client.DaprGrpcClient": "dapr.clients.DaprClient",
        "dapr.ext.workflow.dapr_workflow_client.DaprWorkflowClient": "dapr.ext.workflow.DaprWorkflowClient",
        "e2b_code_interpreter.Sandbox": "e2b.Sandbox",
        "e2b_code_interpreter.AsyncSandbox": "e2b.AsyncSandbox",
        "docker.client.DockerClient": "docker.DockerClient",
        "docker.client.from_env": "docker.from_env",
        "paramiko.client.SSHClient": "paramiko.SSHClient",
    },
    timeouts=(Timeout("paramiko.SSHClient.exec_command", "timeout", 2, often_quick=True),),
)
